"""One round of search, from the request to the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from swarm.engines.repair.worker.candidates import (
    Candidate,
    in_order,
    joined,
    packed,
    unpacked,
)
from swarm.engines.repair.worker.cold import ColdSearch
from swarm.engines.repair.worker.donors import donors
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.module_level import import_time_lines, widened
from swarm.engines.repair.worker.search import Search, live_modules
from swarm.engines.repair.worker.shares import in_shares
from swarm.engines.repair.worker.sources import Source, read_source
from swarm.engines.repair.worker.suite import Suite
from swarm.engines.repair.worker.synthesis import synthesise
from swarm.engines.repair.worker.tallies import Tally
from swarm.engines.repair.worker.templates import templates

STRATEGIES: dict[str, Callable[[Drafts, list[Drafts]], list[Candidate]]] = {
    "templates": lambda drafts, pool: templates(drafts),
    "pairs": lambda drafts, pool: [*templates(drafts), *_later(donors(drafts, pool))],
    "donors": donors,
}
_DONORS_SHARE = -1.5
"""Logarithm of how usual it is that one of two mistakes is mended by what stands elsewhere."""

_FEW_LINES = 60
"""For more, donors are a hundred thousand, and to think of them takes longer than the rest of a stage."""

_MOST_COLD = 120
_MOST_PROJECT = 600
_MOST_COLD_SECONDS = 16.0
_MOST_PLANNED = 12_000
_MOST_LINES = 300
_PAIRED = 60
_MOST_PAIRS = 1500


Say = Callable[[dict[str, Any]], None]


def _later(candidates: list[Candidate]) -> list[Candidate]:
    return [replace(each, score=each.score + _DONORS_SHARE) for each in candidates]


def plan(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """The candidates of a strategy that has to watch the tests before it can propose any."""
    sources = _sources(request["suspicion"])
    pool = [_drafts(source, request) for source in sources.values()]
    return synthesise(suite, pool, live_modules(sources), request)


def find(suite: Suite, request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Go on with the search where the request's cursor stands."""
    sources = _sources(request["suspicion"])
    candidates = _candidates(sources, request)
    told: dict[str, Any] = {}
    if not request["planned"]:
        # Said at once, and kept: in a large project to think of them takes longer than to try some.
        told = {"planned": packed(candidates)}
        say({**asdict(Tally()), "behind": 0, "total": len(candidates), **told})
    if request["phase"] == "pairs":
        candidates = _pairs(candidates, sources, request)
    search = Search(suite, sources, request)
    slow = request["phase"] == "slow"
    indices = request["slow"] if slow else list(range(request["cursor"], len(candidates)))

    def answer(tally: Tally, behind: int) -> dict[str, Any]:
        return {**asdict(tally), "behind": behind, "total": len(candidates), **told}

    seconds, most = request["seconds"], request["most"]
    return answer(*search.round(candidates, indices, seconds, most, lambda *so: say(answer(*so))))


def find_cold(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """The same for candidates outside of functions, before anything was collected.

    What a stage takes to begin is repaid: it searches at least twice as long.
    """
    began = time.monotonic()
    sources = _sources(request["suspicion"])
    pool = [_drafts(source, request, wide=True) for source in sources.values()]
    every = request["broken"] or request["elsewhere"] or request["strategy"] == "project"
    search = ColdSearch(sources, request)
    importing = search.importing()
    early = {
        path: import_time_lines(source, importing.get(path, ())) for path, source in sources.items()
    }
    found = in_order(
        each
        for d in pool
        for each in templates(d)
        if every or not each.hot or each.line in early[each.path]
    )
    first = [each for each in found if not each.hot or each.line in early[each.path]]
    rest = [each for each in found if each.hot and each.line not in early[each.path]]
    alone = request["strategy"] == "project"
    candidates = [*first, *rest][:_MOST_PROJECT] if alone else found[:_MOST_COLD]
    ready = time.monotonic()
    deadline = ready + max(request["seconds"], min(2 * (ready - began), _MOST_COLD_SECONDS))

    def answer(tally: Tally, behind: int) -> dict[str, Any]:
        return {**asdict(tally), "behind": behind, "total": len(candidates)}

    def work(share: list[int], tell: Callable[[Tally, int], None]) -> tuple[Tally, int]:
        tally = Tally()
        for behind, index in enumerate(share):
            if time.monotonic() >= deadline:
                return tally, behind
            search.attempt(candidates[index], index, tally)
            tell(tally, behind + 1)
        return tally, len(share)

    indices = list(range(request["cursor"], len(candidates)))
    cores = 1 if request["elsewhere"] else request["cores"]  # there is one tree to write in
    return answer(*in_shares(cores, indices, work, lambda *so: say(answer(*so)), 1))


def _sources(paths: dict[str, Any]) -> dict[str, Source]:
    found = {path: read_source(path) for path in sorted(paths)}
    return {path: source for path, source in found.items() if source is not None}


def _candidates(sources: dict[str, Source], request: dict[str, Any]) -> list[Candidate]:
    """What lives in functions, best first."""
    if request["planned"]:
        return unpacked(request["planned"])
    if request["strategy"] == "synthesis":
        return []
    nearest = {**request, "suspicion": _worst(request["suspicion"])}
    pool = [_drafts(source, nearest) for source in sources.values()]
    many = sum(len(lines) for lines in request["suspicion"].values()) > _FEW_LINES
    make = STRATEGIES[
        "templates" if many and request["strategy"] == "pairs" else request["strategy"]
    ]
    found = in_order(each for drafts in pool for each in make(drafts, pool) if each.hot)
    return found[:_MOST_PLANNED]


def _worst(suspicion: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """The most suspicious lines; candidates for others would not be reached in an attempt's time."""
    every = [
        (-ppm, path, int(line)) for path, lines in suspicion.items() for line, ppm in lines.items()
    ]
    kept: dict[str, dict[str, int]] = {path: {} for path in suspicion}
    for ppm, path, line in sorted(every)[:_MOST_LINES]:
        kept[path][str(line)] = -ppm
    return kept


def _drafts(source: Source, request: dict[str, Any], *, wide: bool = False) -> Drafts:
    lines = request["suspicion"][source.path]
    suspicion = {int(line): ppm / 1e6 for line, ppm in lines.items()}
    if wide:
        suspicion = widened(source, suspicion)
    return Drafts(
        source, suspicion, Seen(**request["seen_types"].get(source.path, {})), request["error"]
    )


def _pairs(
    candidates: list[Candidate], sources: dict[str, Source], request: dict[str, Any]
) -> list[Candidate]:
    """Two changes at once: those that helped some tests first, then the best with the best."""
    pool = [_drafts(source, request) for source in sources.values()]
    slips = in_order(each for drafts in pool for each in templates(drafts) if each.hot)
    helped = sorted(request["partial"], key=lambda each: (-each[1], each[0]))
    first = [candidates[index] for index, _ in helped[:_PAIRED]] or candidates[:_PAIRED]
    second = [*candidates[:_PAIRED], *slips[:_PAIRED]]
    found: list[Candidate] = []
    for total in range(len(first) + len(second)):
        for a in range(min(total + 1, len(first))):
            b = total - a
            pair = joined(first[a], second[b]) if b < len(second) else None
            if pair is not None:
                found.append(pair)
    return found[:_MOST_PAIRS]
