"""From where values came to the place of the failure, as far as names tell: a slice by the text.

Of the lines that a failing test ran, those count more from which something reached the failing comparison,
or the line that raised: what gave its names their values, what the functions it calls return, the
conditions over these, and so on backwards (Weiser, "Program Slicing", ICSE 1981). Names stand for objects,
so it is neither exact nor safe: it only tells lines apart that the same tests run.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from swarm.engines.repair.worker.drafts import below, header_end
from swarm.engines.repair.worker.sources import DEFINITIONS, FUNCTIONS, Source

_STEP = 0.85
"""How much nearer lines count more, for each step."""

_MOST_STEPS = 8
_FILLING = frozenset({"append", "add", "extend", "update", "insert", "setdefault", "pop", "remove"})
_LEAVING = (ast.Return, ast.Yield, ast.YieldFrom)

Place = tuple[str, int]


@dataclass
class Statement:
    """What a statement gives values to, and from what, by names."""

    place: Place
    owner: str
    """The function around it: local names mean something in there only."""

    stores: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    """Attributes that it stores."""

    uses: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    """Attributes that it reads, methods too."""

    leaves: str = ""
    """The name of the function that it ends with a value."""

    over: Place | None = None
    """The condition that decides whether it runs."""


def nearness(sources: Mapping[str, Source], starts: Iterable[Place]) -> dict[Place, float]:
    """By file and line, from 1 at the starts downwards; lines that nothing leads to are left out."""
    known = {each.place: each for source in sources.values() for each in _statements(source)}
    givers = _Givers(known.values())
    found: dict[Place, float] = {}
    waiting = deque((place, 0) for place in starts if place in known)
    while waiting:
        place, steps = waiting.popleft()
        if place in found or steps > _MOST_STEPS:
            continue
        found[place] = _STEP**steps
        waiting += [(each, steps + 1) for each in givers.of(known[place])]
    return found


class _Givers:
    """Statements by what they give."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._local: dict[tuple[str, str, str], list[Place]] = {}
        self._held: dict[str, list[Place]] = {}
        self._left: dict[str, list[Place]] = {}
        for each in statements:
            for name in each.stores:
                self._local.setdefault((each.place[0], each.owner, name), []).append(each.place)
            for name in each.held:
                self._held.setdefault(name, []).append(each.place)
            if each.leaves:
                self._left.setdefault(each.leaves, []).append(each.place)

    def of(self, statement: Statement) -> Iterator[Place]:
        path, owner = statement.place[0], statement.owner
        for name in sorted(statement.uses):
            yield from self._local.get((path, owner, name), ())
            yield from self._left.get(name, ())
        for name in sorted(statement.reads):
            yield from self._held.get(name, ())
            yield from self._left.get(name, ())
        if statement.over is not None:
            yield statement.over


def _statements(source: Source) -> Iterator[Statement]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and not isinstance(node, DEFINITIONS):
            yield from _told(source, node)


def _told(source: Source, node: ast.stmt) -> Iterator[Statement]:
    """The statement at each of its own lines, because tracebacks and traces name any of them."""
    function = source.function(node)
    name = function.name if function is not None else ""
    owner = f"{name}:{function.lineno}" if function is not None else ""
    over = next((each for each in source.ancestors(node) if isinstance(each, ast.stmt)), None)
    deciding = over is not None and not isinstance(over, DEFINITIONS)
    told = Statement((source.path, node.lineno), owner)
    told.over = (source.path, over.lineno) if over is not None and deciding else None
    for each in (node, *below(node)):
        _note(told, each)
        if isinstance(each, _LEAVING) and name:
            told.leaves = _called(source, function)
    for line in range(node.lineno, header_end(node) + 1):
        yield Statement(
            (source.path, line), owner, told.stores, told.held, told.uses, told.reads, told.leaves, told.over
        )  # fmt: skip


def _called(source: Source, function: ast.AST | None) -> str:
    """By what name callers speak of the function; `__call__` is called by that of its object."""
    assert isinstance(function, FUNCTIONS)
    if function.name in ("__call__", "__new__"):
        classes = [each for each in source.ancestors(function) if isinstance(each, ast.ClassDef)]
        return classes[0].name if classes else function.name
    return function.name


def _note(told: Statement, node: ast.AST) -> None:
    if isinstance(node, ast.Name):
        stores = isinstance(node.ctx, ast.Store)
        (told.stores if stores else told.uses).add(node.id)
    elif isinstance(node, ast.Attribute):
        stores = isinstance(node.ctx, ast.Store)
        (told.held if stores else told.reads).add(node.attr)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        _fill(told, node.value)
    if isinstance(node, ast.AugAssign):
        _fill(told, node.target)
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute) and called.attr in _FILLING:
        _fill(told, called.value)


def _fill(told: Statement, node: ast.AST) -> None:
    """What is changed in place has been given something, too."""
    if isinstance(node, ast.Name):
        told.stores.add(node.id)
        told.uses.add(node.id)
    if isinstance(node, ast.Attribute):
        told.held.add(node.attr)
