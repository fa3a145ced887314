import pytest

from calculator.tokens import tokenize


def test_tokens():
    assert [token.text for token in tokenize("12*(3.5 - .5)**2 ")] == [
        "12", "*", "(", "3.5", "-", ".5", ")", "**", "2",
    ]


def test_foreign_signs_are_refused():
    with pytest.raises(SyntaxError, match="'x' at 2"):
        tokenize("1+x")
