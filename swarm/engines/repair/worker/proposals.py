"""Expressions over the variables in scope, up to two operations deep, by what kind is wanted.

Types keep the number down: arithmetic is proposed for numbers only, indices for sequences only, and
nothing that could change anything when it is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from swarm.engines.repair.worker.candidates import words_of
from swarm.engines.repair.worker.drafts import CONTAINERS, NUMBERS, SEQUENCES, Drafts
from swarm.engines.repair.worker.expressions import is_condition
from swarm.engines.repair.worker.snippets import (
    Snippet,
    binary,
    both,
    call,
    compare,
    either,
    item,
    literal,
    name,
    negation,
)

_COMPARED = ("==", "!=", "<", "<=", ">", ">=")
_COMPUTED = ("+", "-", "*", "//", "%")
_MOST = 900


@dataclass(frozen=True)
class Atom:
    snippet: Snippet
    kinds: frozenset[str]

    @property
    def is_number(self) -> bool:
        return bool(self.kinds & NUMBERS)


def proposals(drafts: Drafts, node: ast.expr) -> list[Snippet]:
    """What could stand in the expression's place, simplest first, each text once."""
    atoms = _atoms(drafts, node)
    kinds = drafts.types(node)
    if is_condition(drafts, node):
        found = list(_predicates(drafts, node, atoms))
    elif kinds & NUMBERS:
        found = [*(each.snippet for each in atoms if each.is_number), *_sums(atoms)]
        found += _around(drafts, node, atoms)
    else:
        found = [each.snippet for each in atoms if not kinds or each.kinds & kinds]
        found += _parts(atoms, kinds) if kinds & SEQUENCES else []
        found += _composed(drafts, node, atoms, kinds)
    here = drafts.pen.of(node).text
    texts = {each.text: each for each in found if each.text != here}
    return sorted(texts.values(), key=generality)[:_MOST]


def generality(proposal: Snippet) -> tuple[int, str]:
    """Short ones without numbers first: a number is more often a special case than a repair."""
    words = words_of(proposal.text)
    return len(words) + sum(each.isdigit() for each in words), proposal.text


def _atoms(drafts: Drafts, node: ast.expr) -> list[Atom]:
    """Variables, their lengths and attributes, and the constants that everybody needs."""
    found = [Atom(literal(each), frozenset({"int"})) for each in (0, 1, 2, -1)]
    for variable, kinds in drafts.variables(node):
        if not kinds:
            continue
        found.append(Atom(name(variable), kinds))
        if kinds & CONTAINERS:
            found.append(Atom(call("len", name(variable)), frozenset({"int"})))
        held = dict(drafts.attributes(kinds))
        attributes = held or dict.fromkeys(_attributes_of(drafts, variable), frozenset[str]())
        found += [Atom(name(f"{variable}.{each}"), seen) for each, seen in attributes.items()]
    function = drafts.source.function(node)
    for each in ast.walk(function) if function is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, (int, str)):
            kind = frozenset({type(each.value).__name__})
            found.append(Atom(literal(each.value), kind))
    return list({each.snippet.text: each for each in found}.values())


def _attributes_of(drafts: Drafts, variable: str) -> list[str]:
    """Attributes that the file reads of a variable of this name."""
    return sorted(
        {
            each.attr
            for each in ast.walk(drafts.source.tree)
            if isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id == variable
            and not _is_called(drafts, each)
        }
    )


def _is_called(drafts: Drafts, node: ast.expr) -> bool:
    return drafts.source.places[node].field == "func"


def _predicates(drafts: Drafts, node: ast.expr, atoms: list[Atom]) -> Iterator[Snippet]:
    here = drafts.pen.of(node)
    simple = list(_simple_predicates(atoms))
    yield from simple
    if not isinstance(node, ast.Constant):
        for each in simple:
            yield both(here, each)
            yield both(each, here)
            yield either(here, each)
            yield either(each, here)


def _simple_predicates(atoms: list[Atom]) -> Iterator[Snippet]:
    constants = [each for each in atoms if not each.snippet.text.isidentifier() and each.is_number]
    for a in atoms:
        if a in constants and not a.snippet.text.startswith("len("):
            continue
        yield a.snippet
        yield negation(a.snippet)
        if not a.kinds or "NoneType" in a.kinds or not a.kinds & (NUMBERS | CONTAINERS):
            yield compare(a.snippet, "is", name("None"))
            yield compare(a.snippet, "is not", name("None"))
        for b in atoms:
            if a is not b:
                yield from _comparisons(a, b)


def _comparisons(a: Atom, b: Atom) -> Iterator[Snippet]:
    if a.is_number and b.is_number:
        for operator in _COMPARED:
            yield compare(a.snippet, operator, b.snippet)
    elif a.kinds and a.kinds & b.kinds:
        yield compare(a.snippet, "==", b.snippet)
        yield compare(a.snippet, "!=", b.snippet)
    elif not a.kinds and not b.kinds:
        yield compare(a.snippet, "==", b.snippet)
        yield compare(a.snippet, "is", b.snippet)
    if b.kinds & CONTAINERS and not (a.is_number and "str" in b.kinds):
        yield compare(a.snippet, "in", b.snippet)
        yield compare(a.snippet, "not in", b.snippet)


def _sums(atoms: list[Atom]) -> Iterator[Snippet]:
    """Two numbers and an operation; items of sequences at numbers."""
    numbers = [each.snippet for each in atoms if each.is_number]
    for a in numbers:
        for b in numbers:
            for operator in _COMPUTED:
                if a != b and (operator in "-//%" or a.text < b.text):
                    yield binary(a, operator, b)
            if a.text < b.text:
                yield call("max", a, b)
                yield call("min", a, b)
    for a in (each.snippet for each in atoms if each.kinds & SEQUENCES):
        yield from (item(a, b.text) for b in numbers)


def _around(drafts: Drafts, node: ast.expr, atoms: list[Atom]) -> Iterator[Snippet]:
    """The expression as it is, and one more number."""
    here = drafts.pen.of(node)
    for b in (each.snippet for each in atoms if each.is_number):
        for operator in _COMPUTED:
            yield binary(here, operator, b)
        yield binary(b, "-", here)
        yield call("max", here, b)
        yield call("min", here, b)


def _parts(atoms: list[Atom], kinds: frozenset[str]) -> Iterator[Snippet]:
    """Parts and joins of sequences."""
    numbers = [each.snippet.text for each in atoms if each.is_number]
    sequences = [each.snippet for each in atoms if each.kinds & kinds & SEQUENCES]
    for a in sequences:
        yield from (item(a, f"{b}:") for b in numbers)
        yield from (item(a, f":{b}") for b in numbers)
        yield item(a, "::-1")
        yield from (binary(a, "+", b) for b in sequences)


def _composed(
    drafts: Drafts, node: ast.expr, atoms: list[Atom], kinds: frozenset[str]
) -> Iterator[Snippet]:
    """The expression as it is, joined with, or cut at, something in scope."""
    here = drafts.pen.of(node)
    if kinds & SEQUENCES:
        for each in atoms:
            if each.kinds & kinds:
                yield binary(here, "+", each.snippet)
                yield binary(each.snippet, "+", here)
            elif "list" in kinds:
                yield binary(here, "+", Snippet(f"[{each.snippet.text}]"))
                yield binary(Snippet(f"[{each.snippet.text}]"), "+", here)
            if each.is_number:
                yield item(here, f"{each.snippet.text}:")
                yield item(here, f":{each.snippet.text}")
    if "list" in kinds:
        yield from (Snippet(f"[{each.snippet.text}]") for each in atoms)
        yield Snippet(f"[{here.text}]")
    if not kinds & (SEQUENCES | NUMBERS):
        numbers = [each.snippet.text for each in atoms if each.is_number]
        for a in (each.snippet for each in atoms if each.kinds & SEQUENCES):
            yield from (item(a, number) for number in numbers)
