"""Which statements a change takes away or brings in, and which of them anything has executed. Pure.

What nothing executes is compared by nothing: that a change of it is right nobody knows, and so a person is
asked. Told of functions that are there on both sides, since a new one comes with its own tests or with none.
A statement counts by what its first lines say (a condition without its block), so that moving one changes nothing.
"""

import ast
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from swarm.agents.checks.lint import Source
from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SILENT = (*_FUNCTIONS, ast.ClassDef, ast.Pass, ast.Global, ast.Nonlocal, ast.Try)
"""What an interpreter does not stop at, or what is a world of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A statement's own lines, both inclusive."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Watched:
    """What the base alone holds, and what the change alone holds."""

    before: tuple[Place, ...]
    after: tuple[Place, ...]

    def __bool__(self) -> bool:
        return bool(self.before or self.after)


def watched(sources: Sequence[Source]) -> Watched:
    before: list[Place] = []
    after: list[Place] = []
    for source in sources:
        try:
            old, new = _statements(source.before), _statements(source.after)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for name in old.keys() & new.keys():
            before += _alone(source.path, old[name], new[name])
            after += _alone(source.path, new[name], old[name])
    return Watched(tuple(sorted(before, key=_order)), tuple(sorted(after, key=_order)))


def unreached(
    watched: Watched,
    before: Collection[tuple[str, int]],
    after: Collection[tuple[str, int]],
) -> tuple[Finding, ...]:
    """`before` and `after`: path and first line of what was executed on either side."""
    gone = [each for each in watched.before if (each.path, each.first) not in before]
    new = [each for each in watched.after if (each.path, each.first) not in after]
    return (*_said("gone", gone), *_said("new", new))


def _said(what: str, places: Sequence[Place]) -> Iterator[Finding]:
    """One for all: a person looks at the change as a whole."""
    if not places:
        return
    lines = ", ".join(str(each.first) for each in places[:5])
    side = "on the base" if what == "gone" else "here"
    yield Finding(
        rule="unsure.unexecuted",
        message=f"what is {what} in line {lines} {side} was executed by no test, and by no call next door",
        path=places[0].path,
        line=places[0].first if what == "new" else 0,
        blocks=False,
    )


def _order(place: Place) -> tuple[str, int]:
    return place.path, place.first


def _statements(data: bytes) -> dict[str, list[tuple[str, int, int]]]:
    """By function: what each statement says, and its lines."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    left: list[tuple[str, ast.AST]] = [("", tree_of(data))]
    while left:
        name, node = left.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
                inner = f"{name}.{child.name}"
                left.append((inner, child))
                if isinstance(child, _FUNCTIONS):
                    found[inner] = list(_inside(child))
            elif not isinstance(child, ast.expr):
                left.append((name, child))
    return found


def _inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, int, int]]:
    left: list[ast.stmt | ast.ExceptHandler | ast.match_case] = list(_after_docstring(function))
    while left:
        node = left.pop()
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            continue
        children = ast.iter_child_nodes(node)
        left += [
            e for e in children if isinstance(e, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]
        if isinstance(node, ast.stmt) and not isinstance(node, _SILENT):
            yield _head(node), node.lineno, _last(node)


def _after_docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return function.body[1:] if ast.get_docstring(function, clean=False) else function.body


def _head(node: ast.stmt) -> str:
    """What stands before the block."""
    parts = [
        ast.unparse(child)
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
    ]
    return (
        f"{type(node).__name__} {' '.join(parts)}" if hasattr(node, "body") else ast.unparse(node)
    )


def _last(node: ast.stmt) -> int:
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body:
        return node.end_lineno or node.lineno
    first = body[0]
    line = first.pattern.lineno if isinstance(first, ast.match_case) else first.lineno
    return max(node.lineno, line - 1)


def _alone(
    path: str, one: Sequence[tuple[str, int, int]], other: Sequence[tuple[str, int, int]]
) -> Iterator[Place]:
    known = Counter(text for text, _, _ in other)
    for text, first, last in one:
        if known[text] > 0:
            known[text] -= 1
        else:
            yield Place(path, first, last)
