"""Experiments with a failing test: it runs again with one small change of the code after the other.

Code that runs only while a file is imported has made its data before a live function could be changed: there
the whole changed file runs again in its module's own names. That is not what an import in a fresh process
does, so it is only learnt from where the file as it is, run again, leaves the failure as it was.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import CodeType, ModuleType
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, edited
from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.patching import LiveModule, Patch, Unpatchable, patch_of
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.suite import GREEN, Suite
from swarm.engines.repair.worker.tracing import Budget

_BATCH = 25
_ENOUGH = 5
"""A line that had no say in so many experiments waits until the others have had all of theirs."""

_MOST_TARGETS = 8
_MOST_COVERING = 20
_HANGING_SECONDS = 0.1
"""So long is a test waited for that never ends: with a change that mends it, it ends at once."""

_ADDRESS = re.compile(r"0x[0-9a-f]+")
_UNTRIED = "untried"
_HANGS = "timeout"
_SILENT = "silent"

Place = tuple[str, int]


class Say(IntEnum):
    """What an experiment came to."""

    NONE = 0
    """The failing test fails in the same words, over the same values."""

    OTHER = 1
    GREEN = 2
    """It passes, but others do not, or the change is one of those that pass by accident."""

    MENDED = 3
    """The failing tests pass, and passing ones stay so."""


@dataclass(frozen=True)
class Around:
    """What experiments are made with."""

    suite: Suite
    sources: Mapping[str, Source]
    modules: Mapping[str, LiveModule]
    request: Mapping[str, Any]


@dataclass(frozen=True)
class Probe:
    candidate: Candidate
    patch: Patch | None = None
    again: tuple[CodeType, CodeType] | None = None
    """The whole file before and after the change, where live functions show nothing."""

    @property
    def place(self) -> Place:
        return self.candidate.path, self.candidate.line


@dataclass(frozen=True)
class Told:
    """What the test said, or how it ended; and what its last functions held then, as far as that is plain."""

    words: str
    values: str


class Experiments:
    def __init__(self, around: Around, target: str) -> None:
        self._around = around
        self._target = target
        self._limit: float = around.request["limit"]
        self._memory = own_memory() + around.request["memory_bytes"]
        self._whole: dict[str, CodeType] = {}
        first, second = (self._ran([])[0] for _ in range(2))
        self._usual = first if first == second else Told(first.words, "")
        self._repeats = first.words == second.words
        """Where it says something else each time, only what turns it green tells."""

        self.fails = not {first.words, second.words} & {_SILENT, *GREEN}
        """The test fails alone as well."""

        if first.words == _HANGS:
            self._limit = min(self._limit, _HANGING_SECONDS)

    def can_run_again(self, paths: Iterable[str]) -> bool:
        """Running these files again as they are changes nothing about the failure."""
        whole = [self._again(Candidate(path, 1, (), "", 0.0, hot=False)) for path in paths]
        known = [each for each in whole if each is not None]
        told = self._ran(known)
        return self._repeats and len(known) == len(whole) and not any(map(self._differs, told))

    def told(
        self, chosen: Iterable[list[Candidate]], budget: Budget, *, again: bool = False
    ) -> dict[Place, list[Say]]:
        """By line what its experiments came to, as far as the budget goes. Lines take turns."""
        found: dict[Place, list[Say]] = {}
        waiting = deque(deque(each) for each in chosen)
        silent: list[deque[Candidate]] = []
        while (waiting or silent) and not budget.is_spent():
            if not waiting:
                waiting.extend(silent)
                silent.clear()
            batch = [waiting.popleft() for _ in range(min(_BATCH, len(waiting)))]
            tried = [(line, self._next(line, again=again)) for line in batch]
            ready = [(line, probe) for line, probe in tried if probe is not None]
            says = self._says([probe for _, probe in ready])
            for (_, probe), say in zip(ready, says):  # noqa: B905 - Python 3.9
                if say is not None:
                    found.setdefault(probe.place, []).append(say)
            for line, probe in ready[len(says) :]:
                line.appendleft(probe.candidate)
            for line in (each for each, _ in ready if each):
                (silent if _is_silent(line[0], found) else waiting).append(line)
        return found

    def _next(self, line: deque[Candidate], *, again: bool) -> Probe | None:
        """The line's next candidate that compiles."""
        while line:
            candidate = line.popleft()
            probe = self._again(candidate) if again else self._patched(candidate)
            if probe is not None:
                return probe
        return None

    def _patched(self, candidate: Candidate) -> Probe | None:
        path = candidate.path
        patch = patch_of(self._around.modules[path], self._around.sources[path], candidate.edits)
        return None if patch is None else Probe(candidate, patch)

    def _again(self, candidate: Candidate) -> Probe | None:
        path = candidate.path
        text = self._around.sources[path].text
        try:
            if path not in self._whole:
                self._whole[path] = compile(text, path, "exec", dont_inherit=True)
            after = compile(edited(text, candidate.edits), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return Probe(candidate, again=(self._whole[path], after))

    def _says(self, probes: list[Probe]) -> list[Say | None]:
        """For as many of them as one child could do; None for what could not be shown."""
        told = self._ran(probes) if probes else []
        return [self._say(probe, each) for probe, each in zip(probes, told)]  # noqa: B905

    def _say(self, probe: Probe, told: Told) -> Say | None:
        if told.words in GREEN:
            accidental = probe.candidate.label.split(" (")[0] in self._around.request["doubtful"]
            return Say.GREEN if accidental or not self._mends(probe) else Say.MENDED
        if told.words == _UNTRIED or not self._repeats:
            return None
        return Say.OTHER if self._differs(told) else Say.NONE

    def _differs(self, told: Told) -> bool:
        return told.words != self._usual.words or bool(
            self._usual.values and told.values != self._usual.values
        )

    def _mends(self, probe: Probe) -> bool:
        """With the change failing tests pass, and passing ones that run the file."""
        request, items = self._around.request, self._around.suite.items
        failing = [each for each in request["targets"] if each in items]
        passing = [each for each in request["covering"].get(probe.place[0], ()) if each in items]
        tests = [*failing[:_MOST_TARGETS], *passing[:_MOST_COVERING]]

        def work(tell: Tell) -> None:
            if self._put(probe):
                for test in tests:
                    limit_cpu(request["limit"])
                    tell(self._around.suite.run(test))

        ended = in_child(work, patience(request["limit"]), self._memory)
        return len(ended.lines) == len(tests) and set(ended.lines) <= set(GREEN)

    def _ran(self, probes: Sequence[Probe]) -> list[Told]:
        """What the test says with each; without any, what it says of the code as it is."""

        def work(tell: Tell) -> None:
            self._around.suite.be_terse()
            self._around.suite.be_exact()
            for probe in probes:
                tell(json.dumps(self._said() if self._put(probe) else (_UNTRIED, "")))
                self._put_back(probe)
            if not probes:
                tell(json.dumps(self._said()))

        ended = in_child(work, patience(self._limit), self._memory)
        told = [Told(*json.loads(line)) for line in ended.lines]
        enough = len(told) >= max(len(probes), 1)
        return told if enough else [*told, Told(_HANGS if ended.how == "timeout" else _SILENT, "")]

    def _said(self) -> tuple[str, str]:
        limit_cpu(self._limit)
        outcome = self._around.suite.run(self._target)
        limit_cpu(0)
        failure = self._around.suite.failure
        if failure is None:
            return outcome, ""
        return _ADDRESS.sub("0x", failure.error), _ADDRESS.sub("0x", failure.values)

    def _put(self, probe: Probe) -> bool:
        """False where the change cannot be shown."""
        if probe.again is not None:
            return self._run_again(probe.place[0], probe.again[1])
        module = self._around.modules[probe.place[0]]
        try:
            return all(module.put(statement, after) for statement, _, after in probe.patch or ())
        except Unpatchable:
            return False

    def _put_back(self, probe: Probe) -> None:
        if probe.again is not None:
            self._run_again(probe.place[0], probe.again[0])
        for statement, before, _ in probe.patch or ():
            self._around.modules[probe.place[0]].put(statement, before)

    def _run_again(self, path: str, code: CodeType) -> bool:
        module = _module_of(os.path.realpath(path))
        if module is None:
            return False
        limit_cpu(self._limit)
        try:
            exec(code, vars(module))  # noqa: S102 - code of the project, in a child that dies
        except Exception:  # noqa: BLE001 - whatever a changed module raises: it cannot be shown
            return False
        finally:
            limit_cpu(0)
        return True


def _is_silent(candidate: Candidate, found: Mapping[Place, Sequence[Say]]) -> bool:
    says = found.get((candidate.path, candidate.line), ())
    return len(says) >= _ENOUGH and not any(says)


def _module_of(real: str) -> ModuleType | None:
    loaded = [each for each in list(sys.modules.values()) if getattr(each, "__file__", None)]
    return next((each for each in loaded if os.path.realpath(str(each.__file__)) == real), None)
