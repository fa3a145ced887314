"""A collection that is made empty and asked for its contents, but never filled: something has to be put in.

What a reader, or a linter, would stumble over; nothing of the tests is needed to see it.
"""

from __future__ import annotations

import ast

from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.sources import FUNCTIONS

_MAKERS = {"set": "add", "list": "append", "deque": "append"}
_FILLS = frozenset(
    {
        "add",
        "append",
        "appendleft",
        "extend",
        "insert",
        "update",
        "setdefault",
        "push",
        "__setitem__",
    }
)


_NEVER = "collection never filled"
_ANOTHER = "filled with what nobody looks for"


def fillings(drafts: Drafts, node: ast.stmt) -> None:
    """Put a value in scope into such a collection, before the statement or behind it."""
    if isinstance(node, FUNCTIONS) or drafts.source.function(node) is None:
        return
    names = [each for each, _ in drafts.variables(node)]
    for collection, fill in _empty(drafts, node).items():
        asked = _asked_for(drafts, node, collection)
        for other in names:
            if other != collection:
                label = _NEVER if other in asked or not asked else _ANOTHER
                text = f"{collection}.{fill}({other})"
                drafts.insert_before(node, text, 0.6, label)
                drafts.insert_after(node, text, 0.5, label)


def _asked_for(drafts: Drafts, node: ast.AST, collection: str) -> set[str]:
    """Variables that are looked for in the collection: most often these are what it should hold."""
    outer = [each for each in drafts.source.ancestors(node) if isinstance(each, FUNCTIONS)]
    return {
        each.left.id
        for each in (ast.walk(outer[-1]) if outer else ())
        if isinstance(each, ast.Compare)
        and isinstance(each.left, ast.Name)
        and isinstance(each.ops[0], (ast.In, ast.NotIn))
        and _is(each.comparators[0], collection)
    }


def _empty(drafts: Drafts, node: ast.AST) -> dict[str, str]:
    """Collections of the functions around the node that nothing is ever put into, and how to."""
    outer = [each for each in drafts.source.ancestors(node) if isinstance(each, FUNCTIONS)]
    if not outer:
        return {}
    made: dict[str, str] = {}
    for each in ast.walk(outer[-1]):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            maker = _maker(each.value)
            if maker:
                made[each.targets[0].id] = maker
    return {name: fill for name, fill in made.items() if not _is_filled(outer[-1], name)}


def _maker(value: ast.expr) -> str:
    if isinstance(value, ast.List) and not value.elts:
        return "append"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and not value.args:
        return _MAKERS.get(value.func.id, "")
    return ""


def _is_filled(function: ast.AST, name: str) -> bool:
    """It is filled, given another value, or handed on to somebody who may fill it."""
    stores = 0
    for each in ast.walk(function):
        if isinstance(each, ast.Name) and each.id == name and isinstance(each.ctx, ast.Store):
            stores += 1
        if isinstance(each, ast.Attribute) and each.attr in _FILLS and _is(each.value, name):
            return True
        stored = isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store)
        if stored and _is(getattr(each, "value", None), name):
            return True
        if isinstance(each, ast.Call) and any(_is(given, name) for given in each.args):
            return True
    return stores > 1


def _is(node: object, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
