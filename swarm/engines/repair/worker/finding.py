"""One round of search, from the request to the answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, in_order
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.search import Search
from swarm.engines.repair.worker.sources import Source, read_source
from swarm.engines.repair.worker.suite import Suite
from swarm.engines.repair.worker.templates import templates

STRATEGIES = {"templates": templates}


def find(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """Go on with the search where the request's cursor stands."""
    sources = _sources(request["suspicion"])
    candidates = _in_phase(_candidates(sources, request), request["phase"])
    search = Search(suite, sources, request)
    if request["phase"] == "slow":
        indices = request["slow"]
    else:
        indices = list(range(request["cursor"], len(candidates)))
    tally, behind = search.round(candidates, indices, request["seconds"], request["most"])
    return {**asdict(tally), "behind": behind, "total": len(candidates)}


def _in_phase(candidates: list[Candidate], phase: str) -> list[Candidate]:
    return [each for each in candidates if each.hot] if phase in ("first", "slow") else []


def _sources(paths: dict[str, Any]) -> dict[str, Source]:
    found = {path: read_source(path) for path in sorted(paths)}
    return {path: source for path, source in found.items() if source is not None}


def _candidates(sources: dict[str, Source], request: dict[str, Any]) -> list[Candidate]:
    make = STRATEGIES[request["strategy"]]
    found: list[Candidate] = []
    for path, source in sources.items():
        suspicion = {int(line): ppm / 1e6 for line, ppm in request["suspicion"][path].items()}
        found += make(Drafts(source, suspicion, Seen(**request["seen_types"].get(path, {}))))
    return in_order(found)
