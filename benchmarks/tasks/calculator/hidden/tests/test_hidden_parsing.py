import pytest

from calculator.parsing import evaluate


@pytest.mark.parametrize(
    "text",
    [
        "1 - 2 + 3 - 4", "8 / 4 * 2", "2 * 3 - 4 * 5 - 6", "2 ** 2 ** 3 / 4 / 2", "7 % 4 * 2",
        "-(1 - 2 - 3)", "1 - (2 - (3 - 4))", "3 - -2 - 1", "2 * -3 ** 2", "(-2) ** 2 ** 1",
    ],
)
def test_as_python_does(text):
    assert evaluate(text) == eval(text)
