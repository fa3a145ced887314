import pytest

from calculator.parsing import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("100 / 10 / 5", 2),
        ("2 ** 3 ** 2", 512),
        ("-2 ** 2", -4),
        ("2 ** -1", 0.5),
        ("17 % 5", 2),
        ("--3", 3),
        (".5 + 1.", 1.5),
    ],
)
def test_values(text, value):
    assert evaluate(text) == value


@pytest.mark.parametrize("text", ["", "1 +", "(1", "1 2", ")", "* 3"])
def test_what_is_no_expression(text):
    with pytest.raises(SyntaxError):
        evaluate(text)
