"""What the text adds to how suspicious lines are: which conditions decide over them, and how much they say.

A wrong condition is run by passing tests as well, so what only failing tests reach behind it looks worse
than the condition itself. It is as good as the worst of what it decides over: its own blocks, and what
follows it where its block leaves (control dependence: Ferrante, Ottenstein, Warren, "The Program
Dependence Graph and Its Use in Optimization", 1987). Lines that are run by the same tests are told apart
by how much stands in them: a mistake falls on a long line oftener than on a short one; what leaves a
function counts for half a long line at least, for it is what others see; and what was left to be written
counts for a whole one.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from swarm.engines.repair.worker.drafts import below, header_end
from swarm.engines.repair.worker.holes import is_hole
from swarm.engines.repair.worker.sources import DEFINITIONS, Source

_SHARE = 0.95
"""For each condition that lies between."""

_LENGTH_COUNTS = 0.03
_LONG = 30
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_MAY_BE_EMPTY = (ast.ExceptHandler, *DEFINITIONS)
_DECIDING = (ast.If, ast.While, ast.For, ast.AsyncFor)


def informed(source: Source, suspicion: dict[int, float]) -> dict[int, float]:
    """The suspicions of one file's lines, none of them greater than the worst was."""
    found = dict(suspicion)
    for body in _bodies(source.tree):
        _raise(body, found)
    lengths = _lengths(source)
    return {
        line: value * (1 - _LENGTH_COUNTS + _LENGTH_COUNTS * lengths.get(line, 0.0))
        for line, value in found.items()
    }


def _bodies(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS):
            yield node.body


def _raise(block: Sequence[ast.stmt], found: dict[int, float]) -> float:
    """Raise the conditions of the block; the worst suspicion in it."""
    worst = 0.0
    for statement in reversed(block):
        if isinstance(statement, DEFINITIONS):
            continue
        inside = max((_raise(each, found) for each in _blocks(statement)), default=0.0)
        if isinstance(statement, _DECIDING) and statement.lineno in found:
            decided = max(inside, worst) if _leaves(statement) else inside
            found[statement.lineno] = max(found[statement.lineno], _SHARE * decided)
        worst = max(worst, inside, _own(statement, found))
    return worst


def _own(statement: ast.stmt, found: dict[int, float]) -> float:
    lines = range(statement.lineno, header_end(statement) + 1)
    return max((found.get(line, 0.0) for line in lines), default=0.0)


def _leaves(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and isinstance(statement.body[-1], _LEAVING)


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if isinstance(block, list) and block:
            yield block
    for each in [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]:
        yield each.body


def is_stub(source: Source, statement: ast.stmt) -> bool:
    """`pass` or `return None` where something could stand: a bare `return` only leaves, and a handler or a
    definition may well do nothing.
    """
    if isinstance(statement, ast.Return):
        return is_hole(statement) and statement.value is not None
    parent = source.places[statement].parent
    alone = isinstance(parent, _MAY_BE_EMPTY) and len(parent.body) == 1
    return is_hole(statement) and not alone


def _lengths(source: Source) -> dict[int, float]:
    """How much stands in each line's statement, from 0 to 1."""
    found: dict[int, float] = {}
    for statement in ast.walk(source.tree):
        if isinstance(statement, ast.stmt) and not isinstance(statement, DEFINITIONS):
            share = min(sum(1 for _ in below(statement)), _LONG) / _LONG
            share = max(share, 0.5) if isinstance(statement, ast.Return) else share
            share = 1.0 if is_stub(source, statement) else share
            for line in range(statement.lineno, header_end(statement) + 1):
                found[line] = max(found.get(line, 0.0), share)
    return found
