"""Which suspicious lines have a say in the failure: each is changed a little, and the failure looked at.

Lines that the same tests run cannot be told apart by who runs them. But where every change of a line leaves
the first failing test failing in the same words, the line does not decide over what is wrong: a slice by
experiment instead of by data flow (mutation-based localisation: Papadakis, Le Traon, "Metallaxis-FL", 2015;
"Critical slicing": DeMillo, Pan, Spafford, 1996). What is changed is what a search would try first there.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate
from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.drafts import Drafts, Seen
from swarm.engines.repair.worker.patching import LiveModule, Patch, Unpatchable, patch_of
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.suite import GREEN, Suite
from swarm.engines.repair.worker.templates import templates

MOST_LINES = 150
_EACH = 5
_BATCH = 25
_MOST_SECONDS = 3.0
_FEWEST = 2
"""With fewer experiments on a line nothing is said about it."""

_SILENT = 0.75
"""How suspicious a line stays that has no say."""

_ADDRESS = re.compile(r"0x[0-9a-f]+")

Lines = dict[str, dict[int, float]]


@dataclass(frozen=True)
class Probe:
    path: str
    line: int
    patch: Patch


def probed(
    suite: Suite,
    sources: Mapping[str, Source],
    modules: Mapping[str, LiveModule],
    suspicion: Lines,
    seen: Mapping[str, Any],
    request: Mapping[str, Any],
) -> Lines:
    """The suspicions, less where changes were seen to change nothing."""
    target = next((each for each in request["targets"] if each in suite.items), None)
    if target is None:
        return suspicion
    runs = Runs(suite, target, modules, request)
    began = time.monotonic()
    words = {runs.words([])[0] for _ in range(2)}
    seconds = (time.monotonic() - began) / 2
    if len(words) > 1 or words & {"", "timeout", *GREEN}:
        return suspicion  # it never ends, passes alone, or says something else each time
    probes = list(_probes(sources, modules, suspicion, seen, request))
    affordable = probes[: max(int(_MOST_SECONDS / max(seconds, 0.002)), _BATCH)]
    changed = _changed(runs, affordable, words.pop())
    if not any(any(each) for each in changed.values()):
        return suspicion  # what is wrong was made before functions could be changed
    silent = {place for place, each in changed.items() if len(each) >= _FEWEST and not any(each)}
    return {
        path: {
            line: value * (_SILENT if (path, line) in silent else 1.0)
            for line, value in lines.items()
        }
        for path, lines in suspicion.items()
    }


def _changed(runs: Runs, probes: list[Probe], usual: str) -> dict[tuple[str, int], list[bool]]:
    """By line: which of its experiments changed what the failing test says."""
    found: dict[tuple[str, int], list[bool]] = {}
    position = 0
    while position < len(probes):
        told = runs.words(probes[position : position + _BATCH])
        for probe, words in zip(probes[position:], told):  # noqa: B905 - Python 3.9
            found.setdefault((probe.path, probe.line), []).append(words != usual)
        position += max(len(told), 1)
    return found


class Runs:
    """The failing test in children, with one change after the other."""

    def __init__(
        self,
        suite: Suite,
        target: str,
        modules: Mapping[str, LiveModule],
        request: Mapping[str, Any],
    ) -> None:
        self._suite = suite
        self._target = target
        self._modules = modules
        self._limit: float = request["limit"]
        self._memory = own_memory() + request["memory_bytes"]

    def words(self, probes: list[Probe]) -> list[str]:
        """What the test says with each; without any, what it says of the code as it is."""

        def work(tell: Tell) -> None:
            self._suite.be_terse()
            for probe in probes:
                tell(json.dumps(self._with(probe)))
            if not probes:
                tell(json.dumps(self._said()))

        ended = in_child(work, patience(self._limit), self._memory)
        told = [str(json.loads(line)) for line in ended.lines]
        return told if len(told) >= max(len(probes), 1) else [*told, "timeout"]

    def _with(self, probe: Probe) -> str:
        module = self._modules[probe.path]
        try:
            for statement, _, after in probe.patch:
                module.put(statement, after)
        except Unpatchable:
            return "unpatchable"
        said = self._said()
        for statement, before, _ in probe.patch:
            module.put(statement, before)
        return said

    def _said(self) -> str:
        limit_cpu(self._limit)
        outcome = self._suite.run(self._target)
        limit_cpu(0)
        failure = self._suite.failure
        return _ADDRESS.sub("0x", failure.error) if failure is not None else outcome


def _probes(
    sources: Mapping[str, Source],
    modules: Mapping[str, LiveModule],
    suspicion: Lines,
    seen: Mapping[str, Any],
    request: Mapping[str, Any],
) -> Iterator[Probe]:
    """The likeliest slips of the most suspicious lines: first one of each line, then another."""
    by_line: dict[tuple[str, int], list[Candidate]] = {}
    for path, lines in _worst(suspicion).items():
        drafts = Drafts(sources[path], lines, Seen(**seen.get(path, {})), request["error"])
        for each in sorted(templates(drafts), key=lambda one: -one.score):
            if each.hot:
                by_line.setdefault((path, each.line), []).append(each)
    order = sorted(by_line, key=lambda place: (-suspicion[place[0]].get(place[1], 0.0), place))
    chosen = [_different(by_line[place]) for place in order]
    for turn in range(_EACH):
        for slips in chosen:
            if turn < len(slips):
                each = slips[turn]
                patch = patch_of(modules[each.path], sources[each.path], each.edits)
                if patch is not None:
                    yield Probe(each.path, each.line, patch)


def _worst(suspicion: Lines) -> Lines:
    every = [(-ppm, path, line) for path, each in suspicion.items() for line, ppm in each.items()]
    kept: Lines = {}
    for value, path, line in sorted(every)[:MOST_LINES]:
        kept.setdefault(path, {})[line] = -value
    return kept


def _different(candidates: list[Candidate]) -> list[Candidate]:
    """One of each kind of slip, as far as there are kinds."""
    first: dict[str, Candidate] = {}
    for each in candidates:
        first.setdefault(each.label, each)
    return list(first.values())[:_EACH]
