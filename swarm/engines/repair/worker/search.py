"""Trying candidates: the failing tests first, in forked children.

A child screens many candidates by the first failing test alone, one after the other; what passes is
run against everything in a child of its own. Screening shares a process, so a candidate could spoil
it for the next: after each batch the original code is run again, and when it no longer does what it
did, the batch counts for nothing and every candidate gets its own child from then on.

The first round gives a test little time, because most candidates that take long never end; those
that ran out of it are kept and get the full time in a round of their own.
"""

from __future__ import annotations

import copy
import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from swarm.engines.repair.worker.candidates import Candidate, stored
from swarm.engines.repair.worker.children import (
    Ended,
    Tell,
    in_child,
    limit_cpu,
    own_memory,
    patience,
)
from swarm.engines.repair.worker.patching import (
    LiveModule,
    Patch,
    Unpatchable,
    fingerprint,
    living_functions,
    patch_of,
)
from swarm.engines.repair.worker.shares import BLOCK, Bound, in_shares
from swarm.engines.repair.worker.sources import Source, read_all
from swarm.engines.repair.worker.suite import GREEN, HELD, Suite
from swarm.engines.repair.worker.tallies import Tally

_SECOND_CHANCES = 6
_REPEATED = 3
_SAY_SECONDS = 0.5
_CANARY = "canary "


@dataclass(frozen=True)
class Ready:
    """A candidate that compiles and is new."""

    turn: int
    """Where it stands among the indices of this round."""

    index: int
    candidate: Candidate
    statements: Patch

    print: str


class Search:
    def __init__(self, suite: Suite, sources: dict[str, Source], request: dict[str, Any]) -> None:
        self._suite = suite
        self._sources = sources
        self._targets = [each for each in request["targets"] if each in suite.items]
        self._covering = {
            path: [each for each in suite.items if each in tests]
            for path, tests in ((path, set(tests)) for path, tests in request["covering"].items())
        }
        self._limits: dict[str, float] = request["limits"]
        self._limit: float = request["limit"]
        self._full: float = request["limit"]
        self._middle: float = min(request["limit"], request["middle"])
        self._promising = set(request["promising"])
        self._memory = own_memory() + request["memory_bytes"]
        self._modules = live_modules(sources)
        self._seen = set(request["seen"])
        self._again = request["phase"] == "slow"
        self._clear: dict[str, Any] = request["clear"]
        self._cores: int = request["cores"]
        self._bound = Bound(self._clear["enough_at"])
        self._alone = self._again
        self._tests_text = read_all(request["files"])
        suite.be_terse()
        gc.collect()
        gc.freeze()  # children then leave these objects' pages shared
        self._hangs = False
        """The first failing test never ends on the original code, so the canary leaves it out."""

        self._canary = self._sung()

    def round(
        self,
        candidates: list[Candidate],
        indices: list[int],
        seconds: float,
        most: int,
        say: Callable[[Tally, int], None],
    ) -> tuple[Tally, int]:
        """Try the candidates at `indices` in turn; the tally, and how many indices are behind.

        Stops when the time is over or `most` plausible ones are found. Says now and then how far
        it is, so that little is lost when all of it is killed.
        """
        if not self._targets:
            return Tally(enough_at=self._clear["enough_at"]), len(indices)
        deadline = time.monotonic() + seconds

        def work(share: list[int], tell: Callable[[Tally, int], None]) -> tuple[Tally, int]:
            return self._share(candidates, share, deadline, most, tell)

        return in_shares(self._cores, indices, work, say, 1 if self._again else BLOCK)

    def _share(
        self,
        candidates: list[Candidate],
        indices: list[int],
        deadline: float,
        most: int,
        say: Callable[[Tally, int], None],
    ) -> tuple[Tally, int]:
        tally = Tally(enough_at=self._clear["enough_at"])
        said = time.monotonic()
        turn = 0
        while turn < len(indices):
            if time.monotonic() >= deadline or len(tally.plausible) >= most:
                break
            if self._bound.index is not None and indices[turn] >= self._bound.index:
                break
            batch, behind = self._batch(candidates, indices, turn, tally)
            settled = self._settle(batch, tally, deadline)
            if settled < len(batch):
                return tally, batch[settled].turn
            turn = behind
            if time.monotonic() - said > _SAY_SECONDS:
                said = time.monotonic()
                say(tally, turn)
        return tally, turn

    def _batch(
        self, candidates: list[Candidate], indices: list[int], turn: int, tally: Tally
    ) -> tuple[list[Ready], int]:
        """The next new candidates, and the turn that follows them."""
        ready: list[Ready] = []
        prints: set[str] = set()
        while turn < len(indices) and len(ready) < (1 if self._alone else BLOCK):
            index = indices[turn]
            each = self._prepared(turn, index, candidates[index])
            if each is None:
                tally.invalid += 1
            elif each.print in self._seen or each.print in prints:
                tally.same += 1
            else:
                prints.add(each.print)
                ready.append(each)
            turn += 1
        return ready, turn

    def _prepared(self, turn: int, index: int, candidate: Candidate) -> Ready | None:
        """None when it does not compile; one that changes nothing has the original's print."""
        module, source = self._modules[candidate.path], self._sources[candidate.path]
        statements = patch_of(module, source, candidate.edits)
        if statements is None:
            return None
        prints = [fingerprint(after) for _, _, after in statements]
        if prints == [fingerprint(before) for _, before, _ in statements]:
            self._seen.update(prints)
        return Ready(turn, index, candidate, statements, "".join(prints))

    def _settle(self, batch: list[Ready], tally: Tally, deadline: float) -> int:
        """Decide about the candidates in turn until the time is over; how many are decided."""
        position = 0
        while position < len(batch) and (position == 0 or time.monotonic() < deadline):
            outcomes = ["passed"] if self._alone else self._screened(batch[position:])
            for outcome in outcomes:
                self._note(batch[position], outcome, tally)
                position += 1
        return position

    def _note(self, ready: Ready, outcome: str, tally: Tally) -> None:
        tally.tried += 1
        self._seen.add(ready.print)
        tally.seen.append(ready.print)
        if outcome == "timeout":
            tally.slow.append(ready.index)
        elif outcome in GREEN:
            self._try_alone(ready, tally)

    def _try_alone(self, ready: Ready, tally: Tally) -> None:
        if self._again:
            promising = ready.index in self._promising
            self._limit = self._full if promising else self._middle
        tests = self._targets + self._covering.get(ready.candidate.path, [])
        green, how = self._greens(ready, tests)
        if green == len(tests) and self._stays_green(ready):
            self._keep({**self._stored(ready.candidate), "index": ready.index}, tally)
        elif how == "timeout":
            tally.slow.append(ready.index)
            if green and not self._again:
                tally.promising.append(ready.index)
        elif 0 < green < len(self._targets):
            tally.partial.append((ready.index, green))

    def _stays_green(self, ready: Ready) -> bool:
        """A failing test that flickers passes with anything now and then, but hardly every time."""
        ended = (self._run_alone(ready, self._targets[:1]) for _ in range(_REPEATED))
        return all(each.how == "timeout" or set(each.lines) <= set(GREEN) for each in ended)

    def _keep(self, plausible: dict[str, Any], tally: Tally) -> None:
        tally.plausible.append(plausible)
        clear = self._clear
        doubtful = plausible["special"] or plausible["label"].split(" (")[0] in clear["doubtful"]
        if not (self._again or doubtful or plausible["size"] > clear["size"]):
            enough = clear["times"] * plausible["index"] + clear["more"]
            tally.enough_at = min(enough, enough if tally.enough_at is None else tally.enough_at)
            self._bound.lower(tally.enough_at)

    def _greens(self, ready: Ready, tests: list[str]) -> tuple[int, str]:
        """How many of the tests are green until the first that is not, and how the run ended.

        A test that is not green behind others is asked again alone: it may be the others, and not
        the candidate, that spoiled it, and alone is how it was seen to pass before.
        """
        green = 0
        for _ in range(_SECOND_CHANCES):
            ended = self._run_alone(ready, tests[green:])
            before = green
            green += sum(line in HELD for line in ended.lines)
            if green in (len(tests), before) or ended.how != "done":
                return green, ended.how
            alone = self._run_alone(ready, tests[green : green + 1])
            if alone.lines[:1] not in ([each] for each in HELD):
                return green, alone.how
            green += 1
        return green, "done"

    def _stored(self, candidate: Candidate) -> dict[str, Any]:
        return stored(candidate, self._sources[candidate.path].text, self._tests_text)

    def _run_alone(self, ready: Ready, tests: list[str]) -> Ended:
        def work(tell: Tell) -> None:
            if self._put(ready):
                for test, following in _with_following(tests):
                    outcome = self._run(test, following)
                    tell(outcome)
                    if outcome not in HELD:
                        return

        most = max(self._limit, *(self._limits.get(each, 0.0) for each in tests))
        return in_child(work, patience(most), self._memory)

    def _run(self, test: str, following: str | None = None) -> str:
        limit_cpu(max(self._limit, self._limits.get(test, 0.0)))
        outcome = self._suite.run(test, following)
        limit_cpu(0)
        return outcome

    def _screened(self, batch: list[Ready]) -> list[str]:
        """Outcomes of the first failing test for as many of the batch as one child could do."""
        test = self._targets[0]

        def work(tell: Tell) -> None:
            given = Parameters(self._suite.items[test])
            for ready in batch:
                given.renew()
                tell(self._run(test) if self._put(ready) else "failed")
                self._put_back(ready)
            given.renew()
            tell(_CANARY + self._song())

        ended = in_child(work, patience(self._limit), self._memory)
        outcomes = [line for line in ended.lines if not line.startswith(_CANARY)]
        if ended.how != "done" or len(ended.lines) <= len(outcomes):
            return [*outcomes, "timeout" if ended.how == "timeout" else "crashed"][: len(batch)]
        if ended.lines[-1] != _CANARY + self._canary:
            self._alone = True
            return ["passed"]
        return outcomes

    def _sung(self) -> str:
        """What the canary says before anything was tried."""
        if not self._targets:
            return ""
        for self._hangs in (False, True):
            ended = in_child(lambda tell: tell(self._song()), patience(self._limit), self._memory)
            if ended.lines:
                return ended.lines[0]
        return "silent"

    def _song(self) -> str:
        """What the original code does, in as much as later candidates could notice."""
        quickest = next((tests[0] for tests in self._covering.values() if tests), None)
        green = self._run(quickest) if quickest is not None else ""
        if self._hangs:
            return green
        red = self._run(self._targets[0])
        failure = self._suite.failure
        return f"{green} {red} {failure.error.split(':')[0] if failure else ''}"

    def _put(self, ready: Ready) -> bool:
        """False when the change cannot be shown by patching: nothing that lives has this code."""
        module = self._modules[ready.candidate.path]
        try:
            return all(module.put(each, after) for each, _, after in ready.statements)
        except Unpatchable:
            return False

    def _put_back(self, ready: Ready) -> None:
        module = self._modules[ready.candidate.path]
        for statement, before, _ in ready.statements:
            module.put(statement, before)


class Parameters:
    """The values a test was parametrised with, which code under test may have changed."""

    def __init__(self, item: Any) -> None:
        self._given = getattr(getattr(item, "callspec", None), "params", None)
        try:
            self._kept = copy.deepcopy(self._given)
        except Exception:  # noqa: BLE001 - whatever a foreign `__deepcopy__` raises: not copied
            self._given = None

    def renew(self) -> None:
        if self._given is not None:
            self._given.update(copy.deepcopy(self._kept))


def live_modules(sources: dict[str, Source]) -> dict[str, LiveModule]:
    living = living_functions()
    return {
        path: LiveModule(source, living.get(os.path.realpath(path), []))
        for path, source in sources.items()
    }


def _with_following(tests: list[str]) -> list[tuple[str, str | None]]:
    return [(test, tests[k + 1] if k + 1 < len(tests) else None) for k, test in enumerate(tests)]
