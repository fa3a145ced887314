"""Trying candidates: one forked child each, the failing tests first.

The first round gives a test little time, because most candidates that take long never end; those
that ran out of it are kept and get the full time in a round of their own.
"""

from __future__ import annotations

import gc
import os
import time
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, edited, stored
from swarm.engines.repair.worker.children import Ended, Tell, in_child, limit_cpu, own_memory
from swarm.engines.repair.worker.patching import (
    LiveModule,
    Unpatchable,
    fingerprint,
    living_functions,
)
from swarm.engines.repair.worker.sources import Source
from swarm.engines.repair.worker.suite import GREEN, Suite


@dataclass
class Tally:
    """What a round found; indices count candidates in their fixed order."""

    tried: int = 0
    invalid: int = 0
    same: int = 0
    plausible: list[dict[str, Any]] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)
    partial: list[tuple[int, int]] = field(default_factory=list)
    """Index, and how many of the failing tests it turned green."""

    seen: list[str] = field(default_factory=list)


class Search:
    def __init__(self, suite: Suite, sources: dict[str, Source], request: dict[str, Any]) -> None:
        self._suite = suite
        self._sources = sources
        self._targets = [each for each in request["targets"] if each in suite.items]
        self._covering = {
            path: [each for each in tests if each in suite.items]
            for path, tests in request["covering"].items()
        }
        self._limits: dict[str, float] = request["limits"]
        self._limit: float = request["limit"]
        self._memory = own_memory() + request["memory_bytes"]
        living = living_functions()
        self._modules = {
            path: LiveModule(source, living.get(os.path.realpath(path), []))
            for path, source in sources.items()
        }
        self._seen = set(request["seen"])
        gc.collect()
        gc.freeze()  # children then leave these objects' pages shared

    def round(
        self, candidates: list[Candidate], indices: list[int], seconds: float, most: int
    ) -> tuple[Tally, int]:
        """Try the candidates at `indices` in turn; the tally, and how many indices are behind.

        Stops when the time is over or `most` plausible ones are found.
        """
        tally = Tally()
        deadline = time.monotonic() + seconds
        for turn, index in enumerate(indices):
            if time.monotonic() >= deadline or len(tally.plausible) >= most:
                return tally, turn
            self._try(candidates[index], index, tally)
        return tally, len(indices)

    def _try(self, candidate: Candidate, index: int, tally: Tally) -> None:
        code = self._fresh(candidate, tally)
        if code is None:
            return
        tally.tried += 1
        tests = self._targets + self._covering.get(candidate.path, [])
        ended = self._run(candidate, code, tests)
        green = sum(line in GREEN for line in ended.lines)
        if green == len(tests) and ended.how == "done":
            tally.plausible.append({**stored(candidate), "index": index})
        elif ended.how == "timeout":
            tally.slow.append(index)
        elif 0 < green < len(self._targets):
            tally.partial.append((index, green))

    def _fresh(self, candidate: Candidate, tally: Tally) -> CodeType | None:
        """The candidate's code; None when it does not compile or does what another one did."""
        module, source = self._modules[candidate.path], self._sources[candidate.path]
        statement = source.statement_at(candidate.edits[0].start)
        try:
            code = module.compiled(statement, candidate.edits)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            tally.invalid += 1
            return None
        print_ = fingerprint(code)
        if print_ in self._seen or print_ == module.original(statement):
            tally.same += 1
            return None
        self._seen.add(print_)
        tally.seen.append(print_)
        return code

    def _run(self, candidate: Candidate, code: CodeType, tests: list[str]) -> Ended:
        module, source = self._modules[candidate.path], self._sources[candidate.path]
        statement = source.statement_at(candidate.edits[0].start)

        def work(tell: Tell) -> None:
            try:
                if not module.put(statement, code):
                    return
            except Unpatchable:
                return
            self._run_tests(tests, tell)

        most = max(self._limit, *(self._limits.get(each, 0.0) for each in tests))
        return in_child(work, 3 * most + 0.5, self._memory)

    def _run_tests(self, tests: list[str], tell: Tell) -> None:
        for test, following in _with_following(tests):
            limit_cpu(max(self._limit, self._limits.get(test, 0.0)))
            outcome = self._suite.run(test, following)
            limit_cpu(0)
            tell(outcome)
            if outcome not in GREEN:
                return


def _with_following(tests: list[str]) -> list[tuple[str, str | None]]:
    return [(test, tests[k + 1] if k + 1 < len(tests) else None) for k, test in enumerate(tests)]


def compiles(source: Source, candidate: Candidate) -> bool:
    """The whole file with the change still is Python."""
    try:
        compile(edited(source.text, candidate.edits), source.path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
