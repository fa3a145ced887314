import pytest

from roman import from_roman, to_roman


@pytest.mark.parametrize(
    ("number", "numeral"), [(1, "I"), (4, "IV"), (14, "XIV"), (99, "XCIX"), (2024, "MMXXIV")]
)
def test_both_ways(number, numeral):
    assert to_roman(number) == numeral
    assert from_roman(numeral) == number


@pytest.mark.parametrize("number", [0, 4000, -1])
def test_out_of_range(number):
    with pytest.raises(ValueError):
        to_roman(number)


@pytest.mark.parametrize("text", ["", "IIII", "VX", "A"])
def test_no_numeral(text):
    with pytest.raises(ValueError):
        from_roman(text)
