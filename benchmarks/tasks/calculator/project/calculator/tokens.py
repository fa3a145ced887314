"""Text to tokens."""

import re
from typing import NamedTuple

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?|\.\d+)|(\*\*|[-+*/()%]))")


class Token(NamedTuple):
    kind: str
    text: str


def tokenize(text):
    """Numbers and operators. Raises SyntaxError with the place of what is neither."""
    tokens, place = [], 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise SyntaxError(f"cannot read {text[place:].strip()[0]!r} at {place}")
        number, operator = match.groups()
        tokens.append(Token("number", number) if number else Token("operator", operator))
        place = match.end()
    return tokens
