"""Candidates from donors: what is missing or wrong here often stands, right, somewhere near.

Expressions, conditions and whole statements of the same function, the same file and the other
suspicious files are put at suspicious places; statements are taken away or moved. The nearer the
donor, the sooner it is tried (Barr et al., "The Plastic Surgery Hypothesis", 2014).
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, Edit
from swarm.engines.repair.worker.drafts import Drafts, fits
from swarm.engines.repair.worker.expressions import is_condition
from swarm.engines.repair.worker.scopes import local_names, module_names, used_names
from swarm.engines.repair.worker.snippets import Snippet, both, either, negation, strength
from swarm.engines.repair.worker.sources import DEFINITIONS, Source

_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Delete)
_COPIED = (ast.Assign, ast.AugAssign, ast.Expr)
_BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try)
_MOST_NODES = 14
_MOST_LINES = 4


@dataclass(frozen=True)
class Donor:
    """Code that can be put elsewhere, and the names that must be known there."""

    text: str
    node: ast.AST
    function: ast.AST | None
    names: frozenset[str]
    kinds: frozenset[str]
    level: int
    first: bool = False
    """A statement that opens its block."""


def donors(drafts: Drafts, pool: Iterable[Drafts]) -> list[Candidate]:
    near = Stock(drafts)
    far = [Stock(each) for each in pool if each is not drafts]
    for node in drafts.suspicious():
        if isinstance(node, ast.expr):
            _expressions(drafts, node, near, far)
        elif isinstance(node, ast.stmt) and not isinstance(node, DEFINITIONS):
            _statements(drafts, node, near, far)
            _without(drafts, node)
            _elsewhere(drafts, node)
    return drafts.found


class Stock:
    """What one file has to give."""

    def __init__(self, drafts: Drafts) -> None:
        self._drafts = drafts
        source = drafts.source
        self.module_names = frozenset(module_names(source))
        self.expressions = _distinct(self._expression(each) for each in _values(source))
        self.statements = _distinct(self._statement(each) for each in _small_statements(source))

    def _expression(self, node: ast.expr) -> Donor:
        text = ast.unparse(node) if "\n" in self._drafts.pen.of(node).text else None
        text = text or self._drafts.pen.of(node).text
        kinds = self._drafts.types(node)
        function = self._drafts.source.function(node)
        return Donor(text, node, function, frozenset(used_names(node)), kinds, strength(node))

    def _statement(self, node: ast.stmt) -> Donor:
        source = self._drafts.source
        start, end = source.span(node)
        lead = source.text[source.starts[node.lineno - 1] : start]
        lines = (lead + source.text[start:end]).splitlines()
        text = textwrap.dedent("\n".join(lines))
        names = frozenset(used_names(node))
        first = source.places[node].index == 0
        return Donor(text, node, source.function(node), names, frozenset(), 0, first)


def _distinct(donors_: Iterator[Donor]) -> list[Donor]:
    """One donor for each text and function."""
    found: dict[tuple[str, int], Donor] = {}
    for donor in donors_:
        found.setdefault((donor.text, id(donor.function)), donor)
    return list(found.values())


def _values(source: Source) -> Iterator[ast.expr]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.expr) or isinstance(
            node, (ast.Starred, ast.Slice, ast.Constant)
        ):
            continue
        place = source.places.get(node)
        if place is None or place.field in ("func", "annotation", "returns", "decorator_list"):
            continue
        inside = source.function(node) is not None and not _in_fstring(source, node)
        loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if inside and loads and sum(1 for _ in ast.walk(node)) <= _MOST_NODES:
            yield node


def _in_fstring(source: Source, node: ast.AST) -> bool:
    return any(isinstance(each, ast.JoinedStr) for each in [node, *source.ancestors(node)])


def _small_statements(source: Source) -> Iterator[ast.stmt]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.stmt) or source.function(node) is None:
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        small = isinstance(node, _SIMPLE) or (isinstance(node, _BLOCKS) and length <= _MOST_LINES)
        if small and not docstring and source.indent(node) is not None and length <= _MOST_LINES:
            yield node


def _expressions(drafts: Drafts, node: ast.expr, near: Stock, far: list[Stock]) -> None:
    place = drafts.source.places[node]
    loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    if place.field == "func" or isinstance(node, (ast.Starred, ast.Slice)):
        return
    if isinstance(place.parent, ast.Expr) or not drafts.source.function(node):
        return
    kinds = drafts.types(node) if loads else frozenset()
    known = _known(drafts, node)
    inside = {id(each) for each in ast.walk(node)}
    for donor, nearness in _offered(drafts, node, [near, *far], known):
        targets = isinstance(donor.node, (ast.Name, ast.Attribute, ast.Subscript))
        if id(donor.node) in inside or not fits(kinds, donor.kinds) or not (loads or targets):
            continue
        weight = nearness * (0.3 if kinds & donor.kinds else 0.1)
        drafts.replace(node, Snippet(donor.text, donor.level), weight, "expression from nearby")
        if loads and is_condition(drafts, node):
            _joined_conditions(drafts, node, donor, nearness)


def _joined_conditions(drafts: Drafts, node: ast.expr, donor: Donor, nearness: float) -> None:
    if not isinstance(donor.node, (ast.Compare, ast.BoolOp, ast.UnaryOp, ast.Call, ast.Name)):
        return
    if isinstance(donor.node, ast.Call) and _makes(donor.node):
        return
    here, there = drafts.pen.of(node), Snippet(donor.text, donor.level)
    if isinstance(node, ast.Constant):  # `True and x` is `x`
        for other, weight in ((there, 0.15), (negation(there), 0.12)):
            drafts.replace(node, other, nearness * weight, "condition from nearby")
        return
    for other, weight in ((there, 0.15), (negation(there), 0.12)):
        for joined in (both(here, other), either(here, other), both(other, here)):
            drafts.replace(node, joined, nearness * weight, "condition from nearby")


def _makes(node: ast.Call) -> bool:
    """It makes an object, by the name of a class: whether that is one is nothing to ask."""
    named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    called = node.func.id if isinstance(node.func, ast.Name) else named
    return called.lstrip("_")[:1].isupper()


def _known(drafts: Drafts, node: ast.AST) -> set[str]:
    return {*local_names(drafts.source, node), *module_names(drafts.source)}


def _offered(
    drafts: Drafts, node: ast.AST, stocks: list[Stock], known: set[str]
) -> Iterator[tuple[Donor, float]]:
    """Donors whose names are all known here, with their nearness."""
    here = drafts.source.function(node)
    for rank, stock in enumerate(stocks):
        for donor in stock.expressions:
            needed = donor.names - _BUILTINS
            if needed <= known:
                near = 1.0 if donor.function is here else 0.4
                yield donor, near if rank == 0 else 0.1


_BUILTINS = frozenset(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)


def _statements(drafts: Drafts, node: ast.stmt, near: Stock, far: list[Stock]) -> None:
    """Put a donor statement before or after this one, or in its place."""
    known = _known(drafts, node)
    here = drafts.source.function(node)
    for rank, stock in enumerate([near, *far]):
        for donor in stock.statements:
            if donor.node is node or not donor.names - _BUILTINS <= known:
                continue
            nearness = (1.0 if donor.function is here else 0.5) if rank == 0 else 0.1
            before = 1.0 if donor.first else 0.8
            weight = 0.3 * nearness
            drafts.insert_before(node, donor.text, weight * before, "statement from nearby")
            drafts.insert_after(node, donor.text, weight * (1.8 - before), "statement from nearby")
            if isinstance(node, _SIMPLE) and "\n" not in donor.text:
                label = "statement from nearby"
                drafts.replace_text(node, donor.text, 0.12 * nearness, label)
    for donor in near.statements:
        if donor.function is here and isinstance(donor.node, _COPIED):
            _imitations(drafts, node, donor)


def _imitations(drafts: Drafts, node: ast.stmt, donor: Donor) -> None:
    """A statement of the same function with one of its names changed into another."""
    if "\n" in donor.text or not isinstance(donor.node, ast.stmt):
        return
    known = dict(drafts.variables(node))
    for old in sorted(donor.names & set(known)):
        for new, kinds in known.items():
            if new not in donor.names and fits(known[old], kinds):
                copy = _renamed(drafts.source, donor.node, old, new)
                drafts.insert_after(node, copy, 0.08, "sibling of a statement")
                drafts.insert_before(node, copy, 0.08, "sibling of a statement")


def _renamed(source: Source, node: ast.stmt, old: str, new: str) -> str:
    begin, end = source.span(node)
    spans = [
        source.span(each)
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and each.id == old
    ]
    text, position = "", begin
    for a, b in sorted(spans):
        text += source.text[position:a] + new
        position = b
    return text + source.text[position:end]


def _without(drafts: Drafts, node: ast.stmt) -> None:
    """The statement taken away, or only what keeps its block from being run."""
    source = drafts.source
    if not source.stands_alone(node):
        return
    place = source.places[node]
    siblings = getattr(place.parent, place.field)
    if isinstance(siblings, list) and len(siblings) > 1:
        drafts.draw(node, (Edit(*source.lines_span(node), ""),), 0.3, "deleted statement")
    else:
        drafts.replace_text(node, "pass", 0.2, "deleted statement")
    if isinstance(node, (ast.If, ast.For, ast.While, ast.With)) and node.body:
        _unwrapped(drafts, node)


def _unwrapped(drafts: Drafts, node: Any) -> None:
    body = _block(drafts.source, node.body, len(drafts.source.indent(node) or ""))
    if body is not None:
        edit = Edit(*drafts.source.lines_span(node), body)
        drafts.draw(node, (edit,), 0.2, "deleted condition")


def _elsewhere(drafts: Drafts, node: ast.stmt) -> None:
    """The statement moved: behind the next one, out of its block, or into the one before."""
    source = drafts.source
    place = source.places[node]
    siblings = getattr(place.parent, place.field)
    if not isinstance(siblings, list) or place.index is None or not source.stands_alone(node):
        return
    for step in range(1, 4):
        if place.index + step < len(siblings):
            _exchange(drafts, node, siblings[place.index + 1 : place.index + 1 + step])
    if len(siblings) > 1 and isinstance(place.parent, _BLOCKS):
        _out(drafts, node, place.parent, last=place.index == len(siblings) - 1)
    if place.index > 0 and isinstance(siblings[place.index - 1], (ast.If, ast.For, ast.While)):
        _into(drafts, node, siblings[place.index - 1])


def _exchange(drafts: Drafts, node: ast.stmt, others: list[ast.stmt]) -> None:
    """The statement behind the others."""
    source = drafts.source
    if not all(source.stands_alone(each) for each in others):
        return
    start, end = source.lines_span(node)
    last = source.lines_span(others[-1])[1]
    if source.text[last - 1 : last] not in ("\n", "\r"):
        return
    text = source.text[end:last] + source.text[start:end]
    drafts.draw(node, (Edit(start, last, text),), 0.5 / len(others), "moved statement")


def _out(drafts: Drafts, node: ast.stmt, block: ast.stmt, *, last: bool) -> None:
    source = drafts.source
    indent = source.indent(block)
    if indent is None or not source.stands_alone(block):
        return
    text = _block(source, [node], len(indent))
    if text is None:
        return
    removed = Edit(*source.lines_span(node), "")
    end = source.lines_span(block)[1]
    if last and removed.end == end:
        drafts.draw(node, (Edit(removed.start, end, text),), 0.45, "moved out of its block")
    elif removed.end < end:
        drafts.draw(node, (removed, Edit(end, end, text)), 0.3, "moved out of its block")
    start = source.lines_span(block)[0]
    drafts.draw(node, (Edit(start, start, text), removed), 0.3, "moved out of its block")


def _into(drafts: Drafts, node: ast.stmt, block: Any) -> None:
    source = drafts.source
    inner = source.indent(block.body[-1])
    if inner is None or not source.stands_alone(block) or block.orelse:
        return
    text = _block(source, [node], len(inner), inner)
    if text is not None:
        edit = Edit(*source.lines_span(node), text)
        drafts.draw(node, (edit,), 0.35, "moved into a block")


def _block(source: Source, body: list[ast.stmt], width: int, indent: str = "") -> str | None:
    """The statements' lines at another indentation; None where a string spans lines."""
    if not all(source.stands_alone(each) for each in body):
        return None
    nodes = [each for statement in body for each in ast.walk(statement)]
    for node in nodes:
        text = isinstance(node, (ast.Constant, ast.JoinedStr))
        if text and getattr(node, "end_lineno", 0) != getattr(node, "lineno", 0):
            return None
    old = source.indent(body[0]) or ""
    start, end = source.lines_span(body[0])[0], source.lines_span(body[-1])[1]
    lead = indent or old[:width]
    lines = source.text[start:end].splitlines(keepends=True)
    moved = [lead + each[len(old) :] if each.startswith(old) else each for each in lines]
    return "".join(moved)
