"""Templates for calls that are missing around a value.

The class "wraps-with method call" of Sobreira, Durieux, Madeiral, Monperrus, de Almeida Maia,
"Dissection of a Bug Dataset: Anatomy of 395 Patches from Defects4J", 2018.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from swarm.engines.repair.worker.drafts import NUMBERS, Drafts
from swarm.engines.repair.worker.snippets import (
    Snippet,
    binary,
    call,
    compare,
    either,
    literal,
    method,
    name,
)
from swarm.engines.repair.worker.sources import FUNCTIONS, Source

_MOST_FUNCTIONS = 12
_MOST_PARTS = 4
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


def instead(drafts: Drafts, node: ast.expr) -> None:
    """A function of the project in the place of what was computed without it, of the same parts."""
    source = drafts.source
    here = source.function(node)
    if here is None or source.places[node].field == "func":
        return
    parts = list(_parts(node))
    for function, fewest, most in _functions(source):
        if function == here.name or len(parts) > _MOST_PARTS:
            continue
        if not _calls(node, function):
            for count in range(max(fewest, 1), min(most, 2) + 1):
                for chosen in itertools.permutations(parts, count):
                    new = call(function, *(Snippet(each) for each in chosen))
                    drafts.replace(node, new, 0.3 / count, "call of a function instead")


def _parts(node: ast.AST) -> Iterator[str]:
    """Names and constants of an expression, without the functions that it calls; each once."""
    seen = set()
    for each in ast.walk(node):
        called = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
        plain = isinstance(each, (ast.Name, ast.Constant)) and id(each) not in called
        text = ast.unparse(each) if plain else ""
        if text and text not in seen:
            seen.add(text)
            yield text


def prefixes(drafts: Drafts, node: ast.Call) -> None:
    """`x == p or x.startswith(p + "/")`: a name is inside another one only behind a separator.

    Known as partial path traversal (CodeQL's `java/partial-path-traversal`), and as common with names.
    """
    if not isinstance(node.func, ast.Attribute) or len(node.args) != 1:
        return
    if node.func.attr not in ("startswith", "endswith") or isinstance(node.args[0], ast.Constant):
        return
    whole, part = drafts.pen.of(node.func.value), drafts.pen.of(node.args[0])
    for sign in _SEPARATORS:
        sides = (part, literal(sign)) if node.func.attr == "startswith" else (literal(sign), part)
        inside = method(whole, node.func.attr, binary(sides[0], "+", sides[1]))
        equal = compare(whole, "==", part)
        drafts.replace(node, either(equal, inside), 0.4, "part of a name")
        drafts.replace(node, inside, 0.3, "part of a name")
    drafts.replace(node, compare(whole, "==", part), 0.3, "part of a name")


_SEPARATORS = ("/", ".", "-", "_", ":", " ")


def _functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """The file's own and imported functions with the fewest and most arguments they may take."""
    found: dict[str, tuple[int, int]] = {}
    for each in source.tree.body:
        if isinstance(each, FUNCTIONS):
            most = len(each.args.posonlyargs) + len(each.args.args)
            found[each.name] = (most - len(each.args.defaults), most)
        elif isinstance(each, ast.ImportFrom) and each.module != "typing":  # does nothing
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
