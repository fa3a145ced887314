"""How suspicious code is that runs when a module is imported.

No test runs it, so it has no spectrum of its own. What suspicious code uses is nearly as suspicious
as that code: constants by name, class attributes by attribute, default values by their function.
Functions that are called while the file is imported stand for what they make: half as suspicious as its
worst line.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from swarm.engines.repair.worker.sources import DEFINITIONS, FUNCTIONS, Source, first_line

_SHARE = 0.7


def widened(source: Source, suspicion: dict[int, float]) -> dict[int, float]:
    """The suspicions, with those of what is used from outside of functions."""
    used = _used(source, suspicion)
    wide = dict(suspicion)
    for name, statement in _outside(source):
        share = _SHARE * used.get(name, 0.0)
        if share > 0:
            wide[statement.lineno] = max(wide.get(statement.lineno, 0.0), share)
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTIONS):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            share = _SHARE * max((suspicion.get(line, 0.0) for line in lines), default=0.0)
            if share > 0:
                wide[node.lineno] = max(wide.get(node.lineno, 0.0), share)
    worst = max(suspicion.values(), default=0.0)
    for line in import_time_lines(source):
        wide[line] = max(wide.get(line, 0.0), _SHARE * worst / 2)
    return wide


def made_early(source: Source, suspicion: dict[int, float]) -> dict[int, float]:
    """The lines of functions that are called when the file is imported and that no failing test runs: as
    suspicious as what uses the module's data that they speak of, by and large.
    """
    early = import_time_lines(source)
    used = _used(source, suspicion)
    data = {name for name, _ in _outside(source)}
    found: dict[int, float] = {}
    for node in source.tree.body:
        lines = {n.lineno for n in ast.walk(node) if isinstance(n, (ast.stmt, ast.expr))} & early
        if isinstance(node, FUNCTIONS) and lines and not lines & set(suspicion):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            share = _SHARE * max((used.get(name, 0.0) for name in names & data), default=0.0)
            found.update(dict.fromkeys(lines, share) if share > 0 else {})
    return found


def import_time_lines(source: Source, seen: Iterable[int] = ()) -> frozenset[int]:
    """Lines in the bodies of the file's functions that are called, at any depth, when it is imported, and
    of those whose first lines were seen to run while other modules were.
    """
    functions = {each.name: each for each in source.tree.body if isinstance(each, FUNCTIONS)}
    waiting = [each for each in source.tree.body if not isinstance(each, DEFINITIONS)]
    reached: dict[str, ast.stmt] = {}
    while waiting:
        for name in _called(waiting.pop()):
            if name in functions and name not in reached:
                reached[name] = functions[name]
                waiting.append(functions[name])
    first = set(seen)
    also = [n for n in ast.walk(source.tree) if isinstance(n, FUNCTIONS) and first_line(n) in first]
    return frozenset(
        line
        for each in [*reached.values(), *also]
        for line in range(each.lineno + 1, (each.end_lineno or each.lineno) + 1)
    )


def _called(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
            yield each.func.id


def _used(source: Source, suspicion: dict[int, float]) -> dict[str, float]:
    """Names and attributes that suspicious lines use, each as suspicious as the worst of them."""
    used: dict[str, float] = {}
    for node in ast.walk(source.tree):
        name = node.id if isinstance(node, ast.Name) else None
        name = node.attr if isinstance(node, ast.Attribute) else name
        if name is not None and isinstance(node, ast.expr):
            used[name] = max(used.get(name, 0.0), suspicion.get(node.lineno, 0.0))
    return used


def _outside(source: Source) -> Iterator[tuple[str, ast.stmt]]:
    """Assignments of modules and classes, by the names they give."""
    bodies = [source.tree.body]
    bodies += [each.body for each in ast.walk(source.tree) if isinstance(each, ast.ClassDef)]
    for body in bodies:
        for statement in body:
            if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        yield node.id, statement
