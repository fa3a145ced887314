"""Templates for calls that are missing around a value.

The class "wraps-with method call" of Sobreira, Durieux, Madeiral, Monperrus, de Almeida Maia,
"Dissection of a Bug Dataset: Anatomy of 395 Patches from Defects4J", 2018.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from swarm.engines.repair.worker.drafts import NUMBERS, Drafts
from swarm.engines.repair.worker.snippets import Snippet, call, name
from swarm.engines.repair.worker.sources import FUNCTIONS, Source

_MOST_FUNCTIONS = 12
_PLACES = (ast.Return, ast.Assign, ast.AugAssign, ast.Call, ast.BinOp, ast.Compare, ast.keyword)


def chosen_operand(drafts: Drafts, node: ast.BinOp) -> None:
    """The greater or the smaller of two numbers, where they are added or multiplied."""
    kinds = drafts.types(node.left) & drafts.types(node.right)
    if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult)) and kinds & NUMBERS:
        left, right = drafts.pen.of(node.left), drafts.pen.of(node.right)
        for function in ("max", "min"):
            drafts.replace(node, call(function, left, right), 0.25, f"missing {function}()")


def wrapped(drafts: Drafts, node: ast.expr) -> None:
    """A function of the project around a value; with a variable as its second argument too."""
    source = drafts.source
    here, parent = source.function(node), source.places[node].parent
    loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    if here is None or not loads or not isinstance(parent, _PLACES):
        return
    if source.places[node].field in ("func", "targets", "target") or isinstance(node, ast.Starred):
        return
    value = drafts.pen.of(node)
    for function, fewest, most in _functions(source):
        if function == here.name or _calls(parent, function) or _calls(node, function):
            continue
        if fewest <= 1 <= most:
            drafts.replace(node, call(function, value), 0.2, "missing call around")
        if fewest <= 2 <= most:
            for other, _ in drafts.variables(node):
                if other != value.text:
                    two: tuple[Snippet, ...] = (value, name(other))
                    drafts.replace(node, call(function, *two), 0.1, "missing call around")


def _functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """The file's own and imported functions with the fewest and most arguments they may take."""
    found: dict[str, tuple[int, int]] = {}
    for each in source.tree.body:
        if isinstance(each, FUNCTIONS):
            most = len(each.args.posonlyargs) + len(each.args.args)
            found[each.name] = (most - len(each.args.defaults), most)
        elif isinstance(each, ast.ImportFrom):
            for alias in each.names:
                known = alias.asname or alias.name
                if known.islower():  # a class, a constant or a module of constants is none
                    found[known] = (1, 2)
    for function in list(found)[:_MOST_FUNCTIONS]:
        yield (function, *found[function])


def _calls(node: ast.AST, function: str) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    )
