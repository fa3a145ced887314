"""Expressions as text, with the precedence that tells when parentheses are needed.

Text is taken from the file as it stands, so that an edit changes no more than it says; only what
is composed anew is put together here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from swarm.engines.repair.worker.sources import Source

TUPLE, NAMED, TEST, OR, AND, NOT, COMPARE, BIT_OR, BIT_XOR, BIT_AND = range(10)
SHIFT, SUM, TERM, FACTOR, POWER, AWAIT, ATOM = range(10, 17)
ALWAYS = 99
"""Stronger than anything: a place where parentheses are needed whatever stands in it."""

OPERATORS: dict[type, tuple[str, int]] = {
    ast.Add: ("+", SUM),
    ast.Sub: ("-", SUM),
    ast.Mult: ("*", TERM),
    ast.Div: ("/", TERM),
    ast.FloorDiv: ("//", TERM),
    ast.Mod: ("%", TERM),
    ast.MatMult: ("@", TERM),
    ast.Pow: ("**", POWER),
    ast.LShift: ("<<", SHIFT),
    ast.RShift: (">>", SHIFT),
    ast.BitOr: ("|", BIT_OR),
    ast.BitXor: ("^", BIT_XOR),
    ast.BitAnd: ("&", BIT_AND),
}
COMPARISONS: dict[type, str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
LEVELS = dict(OPERATORS.values())


@dataclass(frozen=True)
class Snippet:
    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text for a place that needs this precedence."""
        loose = self.level < level or ("\n" in self.text and self.level < ATOM)
        return f"({self.text})" if loose else self.text


def strength(node: ast.AST) -> int:
    """How tightly the expression holds together by itself."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)][1]
    if isinstance(node, ast.BoolOp):
        return AND if isinstance(node.op, ast.And) else OR
    if isinstance(node, ast.UnaryOp):
        return NOT if isinstance(node.op, ast.Not) else FACTOR
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return AWAIT  # `1.real` is no attribute access
    return _STRENGTHS.get(type(node), ATOM)


_STRENGTHS: dict[type, int] = {
    ast.Compare: COMPARE,
    ast.IfExp: TEST,
    ast.Lambda: TEST,
    ast.NamedExpr: TUPLE,
    ast.Yield: TUPLE,
    ast.YieldFrom: TUPLE,
    ast.Starred: TUPLE,
    ast.Await: AWAIT,
}


def need(parent: ast.AST, field: str, node: ast.AST) -> int:
    """How tightly an expression must hold together to stand in the parent's field bare."""
    if isinstance(node, ast.GeneratorExp) and isinstance(parent, ast.Call):
        return ALWAYS  # the span of a sole argument includes the call's own parentheses
    if isinstance(parent, ast.BinOp):
        level = OPERATORS[type(parent.op)][1]
        if isinstance(parent.op, ast.Pow):
            return FACTOR if field == "right" else AWAIT
        return level + 1 if field == "right" else level
    if isinstance(parent, ast.UnaryOp):
        return NOT if isinstance(parent.op, ast.Not) else FACTOR
    if isinstance(parent, ast.BoolOp):
        return NOT if isinstance(parent.op, ast.And) else AND
    return _NEEDS.get((type(parent), field), TEST)


_NEEDS: dict[tuple[type, str], int] = {
    (ast.Compare, "left"): BIT_OR,
    (ast.Compare, "comparators"): BIT_OR,
    (ast.IfExp, "body"): OR,
    (ast.IfExp, "test"): OR,
    (ast.Call, "func"): ATOM,
    (ast.Attribute, "value"): ATOM,
    (ast.Subscript, "value"): ATOM,
    (ast.Subscript, "slice"): TUPLE,
    (ast.Await, "value"): ATOM,
    (ast.Starred, "value"): BIT_OR,
    (ast.comprehension, "iter"): OR,
    (ast.comprehension, "ifs"): OR,
    (ast.Return, "value"): TUPLE,
    (ast.Assign, "value"): TUPLE,
    (ast.AugAssign, "value"): TUPLE,
    (ast.Expr, "value"): TUPLE,
    (ast.For, "iter"): TUPLE,
}


class Pen:
    """Writes snippets about the nodes of one file."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def of(self, node: ast.AST) -> Snippet:
        """The node as it stands in the file."""
        text = self._source.segment(node)
        bare_tuple = isinstance(node, ast.Tuple) and not text.startswith("(")
        return Snippet(text, TUPLE if bare_tuple else strength(node))


def name(text: str) -> Snippet:
    return Snippet(text)


def literal(value: object) -> Snippet:
    text = repr(value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Snippet(text, FACTOR if text.startswith("-") else AWAIT if number else ATOM)


def binary(left: Snippet, operator: str, right: Snippet) -> Snippet:
    level = LEVELS[operator]
    if operator == "**":
        return Snippet(f"{left.at(AWAIT)} ** {right.at(FACTOR)}", POWER)
    return Snippet(f"{left.at(level)} {operator} {right.at(level + 1)}", level)


def compare(left: Snippet, operator: str, right: Snippet) -> Snippet:
    return Snippet(f"{left.at(BIT_OR)} {operator} {right.at(BIT_OR)}", COMPARE)


def both(left: Snippet, right: Snippet) -> Snippet:
    return Snippet(f"{left.at(AND)} and {right.at(NOT)}", AND)


def either(left: Snippet, right: Snippet) -> Snippet:
    return Snippet(f"{left.at(OR)} or {right.at(AND)}", OR)


def negation(operand: Snippet) -> Snippet:
    return Snippet(f"not {operand.at(NOT)}", NOT)


def minus(operand: Snippet) -> Snippet:
    return Snippet(f"-{operand.at(FACTOR)}", FACTOR)


def call(function: str, *arguments: Snippet) -> Snippet:
    return Snippet(f"{function}({', '.join(each.at(TEST) for each in arguments)})")


def method(receiver: Snippet, function: str, *arguments: Snippet) -> Snippet:
    return call(f"{receiver.at(ATOM)}.{function}", *arguments)


def item(receiver: Snippet, index: str) -> Snippet:
    return Snippet(f"{receiver.at(ATOM)}[{index}]")


def choice(test: Snippet, yes: Snippet, no: Snippet) -> Snippet:
    return Snippet(f"{yes.at(OR)} if {test.at(OR)} else {no.at(TEST)}", TEST)
