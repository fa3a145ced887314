"""Templates for `None` taken for what is empty or zero, and the other way round.

`if x` asks both whether there is a value and whether it is any; of a number or a text that may be absent
mostly one of the two is meant (PEP 8, "beware of writing `if x` when you really mean `if x is not None`").
"""

from __future__ import annotations

import ast

from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.expressions import is_condition
from swarm.engines.repair.worker.snippets import OR, TEST, Snippet, compare, literal

_PLAIN = (ast.Name, ast.Attribute, ast.Subscript, ast.Call)
_NAMED = (ast.Name, ast.Attribute)


def asked(drafts: Drafts, node: ast.expr) -> None:
    """`x` and `not x`, where only absence is meant; `x is None`, where emptiness is."""
    if not _is_asked(drafts, node):
        return
    if isinstance(node, _PLAIN):
        _replace(drafts, node, "is not", node)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        if isinstance(node.operand, _PLAIN):
            _replace(drafts, node, "is", node.operand)
    elif isinstance(node, ast.Compare) and _is_nothing(node.comparators[-1]):
        here = drafts.pen.of(node.left)
        if isinstance(node.ops[0], ast.IsNot) and len(node.ops) == 1:
            drafts.replace(node, here, 0.4, "empty for none")


def _is_asked(drafts: Drafts, node: ast.expr) -> bool:
    """By itself, or as a part of an `and` or `or` that is."""
    parent = drafts.source.places[node].parent
    while isinstance(parent, ast.BoolOp) and not is_condition(drafts, node):
        node, parent = parent, drafts.source.places[parent].parent
    return is_condition(drafts, node)


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _replace(drafts: Drafts, node: ast.expr, operator: str, value: ast.expr) -> None:
    kinds = drafts.types(value)
    if "bool" not in kinds:
        new = compare(drafts.pen.of(value), operator, literal(None))
        drafts.replace(node, new, 0.8 if "NoneType" in kinds else 0.3, "none for empty")


def instead(drafts: Drafts, node: ast.BoolOp) -> None:
    """`x or y`, where y stands in only for a value that is absent."""
    if isinstance(node.op, ast.Or) and len(node.values) == 2 and not _is_asked(drafts, node):
        first, second = node.values
        if isinstance(first, _NAMED):
            here, other = drafts.pen.of(first), drafts.pen.of(second)
            there = compare(here, "is not", literal(None))
            text = f"{here.at(OR)} if {there.at(OR)} else {other.at(TEST)}"
            drafts.replace(node, Snippet(text, TEST), 0.5, "none for empty")


def thrown_away(drafts: Drafts, node: ast.Expr) -> None:
    """A value that is worked out and neither kept nor returned; calls may be meant for what they do."""
    if not isinstance(node.value, (ast.Call, ast.Constant, ast.Yield, ast.YieldFrom, ast.Await)):
        drafts.insert_text(node, "return ", 0.9, "missing return")
