"""Candidates by synthesis: expressions built from what is in scope, chosen by their values.

While failing and passing tests run, every proposal for a suspicious expression is evaluated beside
it, on the same variables. Proposals with the same values everywhere are one candidate, those with
the values of the expression itself are none, and those that agree with it while passing tests run
come first: that is what a repair has to do as long as the passing tests are right.

A condition that turns a failing test green when it is forced to one value is an angelic one (Nopol:
Xuan et al., "Automatic Repair of Conditional Statement Bugs in Java Programs", 2017); candidates
for it come before others.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, in_order, packed
from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.drafts import NUMBERS, SEQUENCES, Drafts, fits
from swarm.engines.repair.worker.expressions import is_condition
from swarm.engines.repair.worker.instrumenting import (
    BEFORE,
    instrument,
    place_of,
    statements_at,
    take_notes,
)
from swarm.engines.repair.worker.patching import LiveModule
from swarm.engines.repair.worker.proposals import generality, proposals
from swarm.engines.repair.worker.snippets import Snippet
from swarm.engines.repair.worker.sources import DEFINITIONS
from swarm.engines.repair.worker.suite import GREEN, Suite

_SITES = 48
_NODES = 12
_VISITS = 6
_FAILING, _PASSING = 4, 6
_EACH_CLASS = 3
_KEPT_EACH = 120
_KEPT = 3000


@dataclass
class Site:
    """One suspicious expression, its proposals, and their values visit by visit."""

    drafts: Drafts
    node: ast.expr
    proposals: list[Snippet]
    codes: list[CodeType | None]
    angelic: bool = False

    @property
    def key(self) -> str:
        return f"{self.drafts.source.path}:{place_of(self.node)}"


class Synthesis:
    def __init__(
        self,
        suite: Suite,
        pool: list[Drafts],
        modules: dict[str, LiveModule],
        request: dict[str, Any],
    ) -> None:
        self._suite = suite
        self._pool = pool
        self._modules = modules
        self._request = request
        self._memory = own_memory() + request["memory_bytes"]
        self._sites = _sites(pool)
        self._by_key = {site.key: site for site in self._sites}

    def candidates(self) -> list[Candidate]:
        failing = [each for each in self._request["targets"] if each in self._suite.items]
        covering = [test for tests in self._request["covering"].values() for test in tests]
        passing = [each for each in dict.fromkeys(covering) if each in self._suite.items]
        self._find_angelic(failing[:1])
        visits: dict[str, list[tuple[bool, list[str]]]] = {}
        for test in failing[:_FAILING]:
            self._visit(test, False, visits)
        for test in passing[:_PASSING]:
            self._visit(test, True, visits)
        for site in self._sites:
            _choose(site, visits.get(site.key, []))
        for drafts in self._pool:
            missing_assignments(drafts)
        return in_order(each for drafts in self._pool for each in drafts.found)[:_KEPT]

    def _find_angelic(self, tests: list[str]) -> None:
        conditions = [site for site in self._sites if is_condition(site.drafts, site.node)]
        for site in conditions:
            site.angelic = any(
                self._passes_forced(site, test, value) for test in tests for value in (True, False)
            )

    def _passes_forced(self, site: Site, test: str, value: bool) -> bool:
        def work(tell: Tell) -> None:
            take_notes(lambda *_: value)
            self._instrument([site], before=False)
            limit_cpu(self._request["limit"])
            tell(self._suite.run(test))

        ended = in_child(work, patience(self._request["limit"]), self._memory)
        return ended.lines[:1] in ([each] for each in GREEN)

    def _instrument(self, sites: list[Site], *, before: bool) -> None:
        for drafts in {id(site.drafts): site.drafts for site in sites}.values():
            here = {place_of(each.node) for each in sites if each.drafts is drafts}
            lines = {each.node.lineno for each in sites if each.drafts is drafts}
            for statement in statements_at(drafts.source, lines):
                module = self._modules[drafts.source.path]
                wanted: Callable[[ast.expr], bool] = lambda node, here=here: place_of(node) in here  # type: ignore[misc]  # noqa: E731
                instrument(module, drafts.source, statement, wanted, before=before)

    def _visit(
        self,
        test: str,
        passing: bool,
        visits: dict[str, list[tuple[bool, list[str]]]],
    ) -> None:
        def work(tell: Tell) -> None:
            visitor = Visitor(self._by_key, {d.source.path for d in self._pool}, tell)
            take_notes(lambda place, before, value: value)
            setattr(builtins, BEFORE, visitor.before)
            self._instrument(self._sites, before=True)
            limit_cpu(3 * self._request["limit"])
            self._suite.run(test)

        for line in in_child(work, patience(3 * self._request["limit"]), self._memory).lines:
            key, values = json.loads(line)
            visits.setdefault(key, []).append((passing, values))


class Visitor:
    """Evaluates the proposals of a site each time its expression is about to be evaluated."""

    def __init__(self, sites: dict[str, Site], paths: set[str], tell: Tell) -> None:
        self._sites = sites
        self._paths = {os.path.realpath(path): path for path in paths}
        self._visits: dict[str, int] = {}
        self._tell = tell
        self._busy = False

    def before(self, place: str) -> None:
        frame = sys._getframe(1)  # noqa: SLF001 - there is no other way
        path = self._paths.get(os.path.realpath(frame.f_code.co_filename), "")
        key = f"{path}:{place}"
        site = self._sites.get(key)
        count = self._visits.get(key, 0)
        if site is None or count >= _VISITS or self._busy:
            return
        self._visits[key] = count + 1
        self._busy = True  # an evaluated property may run instrumented code itself
        names = dict(frame.f_locals)
        if frame.f_code.co_name.startswith("<") and frame.f_back is not None:
            names = {**frame.f_back.f_locals, **names}
        self._tell(json.dumps([key, [_value(code, frame.f_globals, names) for code in site.codes]]))
        self._busy = False


def _value(code: CodeType | None, outer: dict[str, Any], names: dict[str, Any]) -> str:
    """The value in a form that equal values share; `!` where there is none."""
    if code is None:
        return "!"
    try:
        if any(isinstance(each, CodeType) for each in code.co_consts):
            outer, names = (
                {**outer, **names},
                {},
            )  # a comprehension does not see the locals of `eval`
        return _form(eval(code, outer, names))  # noqa: S307 - our own expressions, in a child
    except Exception:  # noqa: BLE001 - whatever it raises, there is no value
        return "!"


def _form(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, str, bytes)):
        return f"{type(value).__name__}:{value!r:.80}"
    if isinstance(value, (list, tuple, set, dict)) and len(value) <= 50:
        return f"{type(value).__name__}{len(value)}:{value!r:.120}"
    return f"{type(value).__name__}@{id(value)}"


def _sites(pool: list[Drafts]) -> list[Site]:
    """Suspicious expressions that can be replaced, the most suspicious first."""
    found: list[tuple[float, str, int, Site]] = []
    for drafts in pool:
        for order, node in enumerate(drafts.suspicious()):
            if isinstance(node, ast.expr) and _replaceable(drafts, node):
                suspicion = drafts.suspicion(node) * (1.2 if is_condition(drafts, node) else 1.0)
                site = Site(drafts, node, [], [])
                found.append((-suspicion, drafts.source.path, order, site))
    chosen = [site for *_, site in sorted(found, key=lambda each: each[:3])[:_SITES]]
    for site in chosen:
        site.proposals = proposals(site.drafts, site.node)
        here = site.drafts.pen.of(site.node)
        site.codes = [_compiled(each.text) for each in (here, *site.proposals)]
    return chosen


def _replaceable(drafts: Drafts, node: ast.expr) -> bool:
    place = drafts.source.places[node]
    loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    outside = place.field in ("func", "targets", "target") or isinstance(place.parent, ast.Expr)
    special = isinstance(node, (ast.Starred, ast.Slice, ast.Lambda, ast.JoinedStr))
    small = sum(isinstance(each, ast.expr) for each in ast.walk(node)) <= _NODES
    return (
        loads and small and not outside and not special and drafts.source.function(node) is not None
    )


def _compiled(text: str) -> CodeType | None:
    """None for what is not free to evaluate: calls other than our own, and what does not parse."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr)):
            return None
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in _FREE
        ):
            return None
    return compile(tree, "<proposal>", "eval")


_FREE = frozenset({"len", "min", "max", "abs", "sum", "sorted", "list", "str", "int", "range"})


def _choose(site: Site, visits: list[tuple[bool, list[str]]]) -> None:
    """One candidate for each way of behaving that differs from the expression's own."""
    classes: dict[tuple[str, ...], int] = {}
    own = tuple(values[0] for _, values in visits)
    chosen: list[tuple[float, Snippet]] = []
    for k, proposal in enumerate(site.proposals, start=1):
        vector = tuple(values[k] for _, values in visits)
        weight = 0.8 ** generality(proposal)[0]
        if site.codes[k] is None or not visits:
            chosen.append((0.1 * weight, proposal))
        elif vector != own and set(vector) != {"!"}:
            rank = classes[vector] = classes.get(vector, 0) + 1
            fit = (0.2 + _agreement(visits, own, vector)) / rank
            if rank <= _EACH_CLASS:  # few visits cannot tell all of a class apart
                chosen.append((fit * weight, proposal))
    chosen.sort(key=lambda each: -each[0])
    for weight, proposal in chosen[:_KEPT_EACH]:
        label = "expression built from values"
        site.drafts.replace(site.node, proposal, weight * (3 if site.angelic else 1), label)


def _agreement(
    visits: list[tuple[bool, list[str]]], own: tuple[str, ...], vector: tuple[str, ...]
) -> float:
    """The part of the visits by passing tests at which the values are the expression's own."""
    passing = [k for k, (passes, _) in enumerate(visits) if passes]
    if not passing or any(own[k] == "!" for k in passing):
        return 0.3
    return sum(own[k] == vector[k] for k in passing) / len(passing)


def missing_assignments(drafts: Drafts) -> None:
    """A variable that should have been given the value of another, or counted up."""
    for node in drafts.suspicious():
        if not isinstance(node, ast.stmt) or isinstance(node, DEFINITIONS):
            continue
        known = [(each, kinds) for each, kinds in drafts.variables(node) if kinds]
        for variable, kinds in known:
            for text, weight in _updates(variable, kinds, known):
                drafts.insert_before(node, text, weight, "missing assignment")
                drafts.insert_after(node, text, weight, "missing assignment")


def _updates(
    variable: str, kinds: frozenset[str], known: list[tuple[str, frozenset[str]]]
) -> list[tuple[str, float]]:
    found = [(f"{variable} {operator}= 1", 0.1) for operator in "+-" if kinds & {"int", "float"}]
    for other, others in known:
        if other == variable:
            continue
        if fits(kinds - {"NoneType"}, others - {"NoneType"}):
            found.append((f"{variable} = {other}", 0.15))
            if kinds & (NUMBERS | SEQUENCES):
                found.append((f"{variable} += {other}", 0.12))
        if kinds & {"list", "deque"}:
            found.append((f"{variable}.append({other})", 0.12))
        if "set" in kinds:
            found.append((f"{variable}.add({other})", 0.12))
    return found


def synthesise(
    suite: Suite, pool: list[Drafts], modules: dict[str, LiveModule], request: dict[str, Any]
) -> dict[str, Any]:
    """The candidates in their order, as the answer to a request."""
    found = Synthesis(suite, pool, modules, request).candidates()
    return {"planned": packed(found), "count": len(found)}
