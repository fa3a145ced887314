"""Tokens to values, by precedence climbing."""

import operator

from calculator.tokens import tokenize

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "%": 2, "**": 4}
UNARY = 3
RIGHT = {"**"}
FUNCTIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
}


def evaluate(text):
    """The value of an expression. Raises SyntaxError when it is none."""
    tokens = tokenize(text)
    value, place = _expression(tokens, 0, 1)
    if place != len(tokens):
        raise SyntaxError(f"unexpected {tokens[place].text!r}")
    return value


def _expression(tokens, place, lowest):
    value, place = _operand(tokens, place)
    while place < len(tokens):
        sign = tokens[place].text
        level = PRECEDENCE.get(sign)
        if level is None or level < lowest:
            break
        following = level + 1 if sign in RIGHT else level
        right, place = _expression(tokens, place + 1, following)
        value = FUNCTIONS[sign](value, right)
    return value, place


def _operand(tokens, place):
    if place >= len(tokens):
        raise SyntaxError("unexpected end")
    kind, text = tokens[place]
    if kind == "number":
        return (float(text) if "." in text else int(text)), place + 1
    if text == "-":
        value, place = _expression(tokens, place + 1, UNARY)
        return -value, place
    if text == "(":
        value, place = _expression(tokens, place + 1, 1)
        if place >= len(tokens) or tokens[place].text != ")":
            raise SyntaxError("missing )")
        return value, place + 1
    raise SyntaxError(f"unexpected {text!r}")
