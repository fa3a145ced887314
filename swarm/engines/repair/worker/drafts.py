"""The drawing board of the three strategies: a file, how suspicious its lines are, what was seen in
its variables and expressions, and the candidates drawn so far.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, Edit, scored
from swarm.engines.repair.worker.scopes import local_names
from swarm.engines.repair.worker.snippets import Pen, Snippet, need
from swarm.engines.repair.worker.sources import DEFINITIONS, Source

NUMBERS = frozenset({"int", "float"})
SEQUENCES = frozenset({"list", "str", "tuple", "bytes"})
CONTAINERS = frozenset({"list", "str", "tuple", "set", "dict", "frozenset", "deque", "defaultdict"})
NOTHING: frozenset[str] = frozenset()
_SKIPPED = ("annotation", "returns", "decorator_list", "bases", "type_comment", "type_params")


@dataclass
class Seen:
    """What was observed in one file: types by the expression's place, types by variable."""

    expressions: dict[str, list[str]] = field(default_factory=dict)
    """Key `line:column-line:column` as syntax trees count them."""

    variables: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By the line of the function's `def`, by name."""


class Drafts:
    def __init__(self, source: Source, suspicion: dict[int, float], seen: Seen) -> None:
        self.source = source
        self.pen = Pen(source)
        self.found: list[Candidate] = []
        self._suspicion = suspicion
        self._seen = seen
        self._names: dict[ast.AST, list[str]] = {}

    def suspicious(self) -> Iterator[ast.AST]:
        """Every node below a suspicious statement, in the order of the text."""
        for statement in ast.walk(self.source.tree):
            if isinstance(statement, ast.stmt) and self.suspicion(statement) > 0:
                yield statement
                if not isinstance(statement, DEFINITIONS):
                    yield from _below(statement)

    def suspicion(self, node: ast.AST) -> float:
        """Of the node's statement: of its first line for a compound one, else its worst line."""
        statement = self.source.statement(node)
        if isinstance(statement, DEFINITIONS):
            return self._suspicion.get(statement.lineno, 0.0)
        last = _header_end(statement)
        lines = range(statement.lineno, last + 1)
        return max((self._suspicion.get(line, 0.0) for line in lines), default=0.0)

    def types(self, node: Any) -> frozenset[str]:
        """Names of the types that the expression was seen to have; empty when it is not known."""
        known = _evident(node)
        if known:
            return known
        place = f"{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"
        return frozenset(self._seen.expressions.get(place, ()))

    def variables(
        self, node: ast.AST, fitting: frozenset[str] = NOTHING
    ) -> list[tuple[str, frozenset[str]]]:
        """Local names that can be used at the node and whose types may fit, with their types."""
        function = self.source.function(node)
        if function is None:
            return []
        if node not in self._names:
            self._names[node] = local_names(self.source, node)
        types = self._seen.variables.get(str(function.lineno), {})
        found = [(each, frozenset(types.get(each, ()))) for each in self._names[node]]
        return [(each, kinds) for each, kinds in found if fits(fitting, kinds)]

    def replace(self, node: ast.AST, new: Snippet, weight: float, label: str) -> None:
        """Put the snippet in the expression's place, in parentheses where it needs them."""
        place = self.source.places[node]
        start, end = self.source.span(node)
        level = need(place.parent, place.field, node)
        text = new.text if self._in_parentheses(start, end) and level <= 16 else new.at(level)
        self.draw(node, (Edit(start, end, text),), weight, label)

    def draw(self, node: ast.AST, edits: tuple[Edit, ...], weight: float, label: str) -> None:
        suspicion = self.suspicion(node)
        if suspicion <= 0 or all(self._is_idle(edit) for edit in edits):
            return
        hot = self.source.function(node) is not None
        line = self.source.statement(node).lineno if not hasattr(node, "lineno") else node.lineno
        score = scored(suspicion, weight)
        self.found.append(Candidate(self.source.path, line, edits, label, score, hot))

    def _is_idle(self, edit: Edit) -> bool:
        return self.source.text[edit.start : edit.end] == edit.text

    def _in_parentheses(self, start: int, end: int) -> bool:
        text = self.source.text
        return text[:start].endswith("(") and text[end : end + 1] == ")"


def fits(wanted: frozenset[str], kinds: frozenset[str]) -> bool:
    if not wanted or not kinds or wanted & kinds:
        return True
    numeric = NUMBERS | {"bool"}
    return bool(wanted & numeric and kinds & numeric)


def _below(statement: ast.stmt) -> Iterator[ast.AST]:
    """Nodes that belong to the statement itself and not to one inside it."""
    for name, value in ast.iter_fields(statement):
        if name in _SKIPPED:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.stmt):
                yield from _expressions(child)


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.JoinedStr, ast.stmt, ast.ExceptHandler)):
        # Before 3.12 the parts of an f-string have wrong positions.
        if isinstance(node, ast.ExceptHandler):
            yield node
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _expressions(child)


def _header_end(statement: ast.stmt) -> int:
    """The last line of the statement without its blocks."""
    last = statement.end_lineno or statement.lineno
    for block in ("body", "orelse", "handlers", "finalbody", "cases"):
        inner = getattr(statement, block, None)
        if isinstance(inner, list) and inner:
            first = inner[0].pattern.lineno if block == "cases" else inner[0].lineno
            last = min(last, max(statement.lineno, first - 1))
    return last


def _evident(node: ast.AST) -> frozenset[str]:
    """What the syntax alone says."""
    if isinstance(node, ast.Constant):
        return frozenset({type(node.value).__name__})
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return frozenset({"bool"})
    return _DISPLAYS.get(type(node), NOTHING)


_DISPLAYS: dict[type, frozenset[str]] = {
    ast.List: frozenset({"list"}),
    ast.ListComp: frozenset({"list"}),
    ast.Set: frozenset({"set"}),
    ast.SetComp: frozenset({"set"}),
    ast.Dict: frozenset({"dict"}),
    ast.DictComp: frozenset({"dict"}),
    ast.Tuple: frozenset({"tuple"}),
    ast.Compare: frozenset({"bool"}),
    ast.JoinedStr: frozenset({"str"}),
}
