"""The drawing board of the strategies: a file, how suspicious its lines are, what was seen in
its variables and expressions, and the candidates drawn so far.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, Edit, scored
from swarm.engines.repair.worker.scopes import local_names
from swarm.engines.repair.worker.snippets import Pen, Snippet, need
from swarm.engines.repair.worker.sources import DEFINITIONS, FUNCTIONS, Source, first_line

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

    attributes: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What objects hold: by the name of their type, by attribute."""


class Drafts:
    def __init__(
        self, source: Source, suspicion: dict[int, float], seen: Seen, error: str = ""
    ) -> None:
        self.source = source
        self.error = error
        """What the first failing test said."""

        self.pen = Pen(source)
        self.found: list[Candidate] = []
        self._suspicion = suspicion
        self._seen = seen
        self._worst: dict[ast.stmt, float] = {}
        self._names: dict[ast.AST, list[str]] = {}
        self._own: dict[ast.ClassDef, list[str]] = {}
        self._spans: list[tuple[int, int, ast.stmt]] | None = None

    def suspicious(self) -> Iterator[ast.AST]:
        """Every node below a suspicious statement, in the order of the text."""
        for statement in ast.walk(self.source.tree):
            if isinstance(statement, ast.stmt) and self.suspicion(statement) > 0:
                yield statement
                if isinstance(statement, FUNCTIONS):
                    for default in (*statement.args.defaults, *statement.args.kw_defaults):
                        if default is not None:
                            yield from _expressions(default)
                elif not isinstance(statement, ast.ClassDef):
                    yield from below(statement)

    def suspicion(self, node: ast.AST) -> float:
        """Of the node's statement: of its first line for a compound one, else its worst line."""
        statement = self.source.statement(node)
        if statement not in self._worst:
            one = isinstance(statement, DEFINITIONS)
            last = statement.lineno if one else header_end(statement)
            lines = range(statement.lineno, last + 1)
            self._worst[statement] = max(self._suspicion.get(line, 0.0) for line in lines)
        return self._worst[statement]

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
        types = self._seen.variables.get(str(first_line(function)), {})
        found = [(each, frozenset(types.get(each, ()))) for each in self._names[node]]
        return [(each, kinds) for each, kinds in found if fits(fitting, kinds)]

    def attributes(self, kinds: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
        """What objects of these types were seen to hold, with its types."""
        held = [self._seen.attributes.get(kind, {}) for kind in sorted(kinds)]
        return [(name, frozenset(types)) for each in held for name, types in sorted(each.items())]

    def replace(self, node: ast.AST, new: Snippet, weight: float, label: str) -> None:
        """Put the snippet in the expression's place, in parentheses where it needs them."""
        place = self.source.places[node]
        start, end = self.source.span(node)
        level = need(place.parent, place.field, node)
        text = new.text if self._in_parentheses(start, end) and level <= 16 else new.at(level)
        self.draw(node, (Edit(start, end, text),), weight, label)

    def replace_text(self, node: ast.AST, text: str, weight: float, label: str) -> None:
        self.draw(node, (Edit(*self.source.span(node), text),), weight, label)

    def replace_operator(
        self,
        node: ast.AST,
        operands: Sequence[ast.expr],
        words: tuple[str, str],
        weight: float,
        label: str,
    ) -> None:
        """Change the first of `words` between the two operands into the second."""
        begin, end = self.source.span(operands[0])[1], self.source.span(operands[1])[0]
        old, new = words
        at = self.source.text.find(old, begin, end)
        if at >= 0:
            self.draw(node, (Edit(at, at + len(old), new),), weight, label)

    def swap(self, first: ast.expr, second: ast.expr, weight: float, label: str) -> None:
        (a, b), (c, d) = self.source.span(first), self.source.span(second)
        if b <= c and self.source.text[a:b] != self.source.text[c:d]:
            edits = (Edit(a, b, self.source.text[c:d]), Edit(c, d, self.source.text[a:b]))
            self.draw(first, edits, weight, label)

    def remove_item(self, items: Sequence[ast.AST], index: int, weight: float, label: str) -> None:
        """Take one of the items of a list in brackets away, with a comma beside it."""
        spans = [self.source.span(each) for each in items]
        start, end = spans[index]
        if index + 1 < len(items):
            end = spans[index + 1][0]
        elif index > 0:
            start = spans[index - 1][1]
        self.draw(items[index], (Edit(start, end, ""),), weight, label)

    def insert_item(
        self,
        node: ast.AST,
        items: Sequence[ast.AST],
        index: int,
        text: str,
        weight: float,
        label: str,
    ) -> None:
        """Put an item among those of the bracketed node; at its end where there are none."""
        if items and index < len(items):
            at = self.source.span(items[index])[0]
            self.draw(node, (Edit(at, at, f"{text}, "),), weight, label)
        elif items:
            at = self.source.span(items[-1])[1]
            self.draw(node, (Edit(at, at, f", {text}"),), weight, label)
        else:
            at = self.source.span(node)[1] - 1
            self.draw(node, (Edit(at, at, text),), weight, label)

    def append_to(self, node: ast.AST, text: str, weight: float, label: str) -> None:
        end = self.source.span(node)[1]
        self.draw(node, (Edit(end, end, text),), weight, label)

    def insert_text(self, node: ast.AST, text: str, weight: float, label: str) -> None:
        start = self.source.span(node)[0]
        self.draw(node, (Edit(start, start, text),), weight, label)

    def line_before(self, statement: ast.stmt, text: str) -> Edit | None:
        """Lines of their own before the statement, at its indentation; None when it shares one."""
        indent = self.source.indent(statement)
        if indent is None:
            return None
        start = self.source.starts[first_line(statement) - 1]
        newline = self.source.newline
        lines = "".join(f"{indent}{line}{newline}" for line in text.split("\n"))
        return Edit(start, start, lines)

    def insert_before(self, statement: ast.stmt, text: str, weight: float, label: str) -> None:
        edit = self.line_before(statement, text)
        if edit is not None:
            self.draw(statement, (edit,), weight, label)

    def insert_after(self, statement: ast.stmt, text: str, weight: float, label: str) -> None:
        indent = self.source.indent(statement)
        if indent is None or not self.source.stands_alone(statement):
            return
        end = self.source.lines_span(statement)[1]
        newline = self.source.newline
        lines = "".join(f"{indent}{line}{newline}" for line in text.split("\n"))
        last = self.source.text[end - 1 : end]
        lead = "" if last in ("\n", "\r") else newline
        self.draw(statement, (Edit(end, end, lead + lines),), weight, label)

    @property
    def unit(self) -> str:
        return self.source.indent_unit

    @functools.cached_property
    def attribute_names(self) -> list[str]:
        """Every attribute that the file uses."""
        nodes = ast.walk(self.source.tree)
        return sorted({each.attr for each in nodes if isinstance(each, ast.Attribute)})

    @functools.cached_property
    def texts(self) -> list[str]:
        """Every string that stands in the file."""
        nodes = ast.walk(self.source.tree)
        return sorted(
            {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        )

    def own_attributes(self, node: ast.AST) -> list[str]:
        """Attributes of `self` that the class around the node uses."""
        classes = [each for each in self.source.ancestors(node) if isinstance(each, ast.ClassDef)]
        if not classes:
            return []
        if classes[0] not in self._own:
            self._own[classes[0]] = sorted(
                {
                    each.attr
                    for each in ast.walk(classes[0])
                    if isinstance(each, ast.Attribute)
                    and isinstance(each.value, ast.Name)
                    and each.value.id == "self"
                }
            )
        return self._own[classes[0]]

    def header_names(self, statement: ast.stmt) -> set[str]:
        """Names that the statement itself uses, not those of the blocks inside it."""
        return {each.id for each in below(statement) if isinstance(each, ast.Name)}

    def innermost(self, offset: int) -> ast.stmt:
        """The statement that an offset lies in, the smallest where they lie in one another."""
        if self._spans is None:
            statements = [each for each in ast.walk(self.source.tree) if isinstance(each, ast.stmt)]
            self._spans = sorted(
                ((*self.source.span(each), each) for each in statements),
                key=lambda span: span[1] - span[0],
            )
        return next(each for start, end, each in self._spans if start <= offset < end)

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


def below(statement: ast.stmt) -> Iterator[ast.AST]:
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
        if not isinstance(node, ast.stmt):
            yield node
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _expressions(child)


def header_end(statement: ast.stmt) -> int:
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
