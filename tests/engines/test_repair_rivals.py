"""A complete repair by two edits is held until edits that are about as likely as its first had their try."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from swarm.domain.changes import Changes
from swarm.engines.port import Assignment, GaveUp, Submission
from swarm.engines.repair.laying import Laid
from swarm.engines.repair.pairing import Known, PairedAttempt
from swarm.engines.repair.progress import Paired, Plausible, Progress, Spare, Spectrum
from swarm.testing.engine import an_assignment

NOWHERE: Any = None


def an_edit(line: int, size: int = 1) -> Plausible:
    return Plausible(
        path="a.py", line=line, label="constant", index=0, size=size, special=False, edits=()
    )


def a_spare(line: int, result: str) -> Spare:
    return Spare(edit=an_edit(line), greened=("a",), standing=line, rank=line, results=(result,))


@dataclass(frozen=True)
class Behind:
    """What follows an edit is known: another one completes it, or nothing does."""

    seconds: dict[int, Plausible]
    laid: Laid

    @property
    def _second(self) -> Plausible | None:
        return self.seconds.get(self.laid.edits[0].line)

    async def end(
        self, progress: Progress | None, *, last: bool = False
    ) -> Submission | GaveUp | None:
        if self._second is None:
            return GaveUp("nothing")
        first = self.laid.edits[0].line
        return Submission(Changes(()), title=f"{first} and {self._second.line}", why="")

    async def stage(self, progress: Progress | None, *, hurry: bool = False) -> Known:
        spectrum = Spectrum(suspicion={}, targets=("b",), covering={}, limits_ms={}, files=())
        found = (self._second,) if self._second is not None else ()
        confirmed = (0,) if found else ()
        known = Progress(spectrum=spectrum, plausible=found, confirmed=confirmed, phase="over")
        return "searched", known, 0.0

    async def greens(
        self, progress: Progress, tests: Sequence[str]
    ) -> tuple[list[list[str]], float]:
        raise AssertionError("first edits are known already")


def ended(seconds: dict[int, Plausible], *, last: bool = False) -> Submission | GaveUp | None:
    """The end behind a first edit of line 2, of which one of line 1 is a rival; `last`: at once."""

    def single(assignment: Assignment, laid: Laid) -> Behind:
        return Behind(seconds, laid)

    async def work() -> Submission | GaveUp | None:
        attempt = PairedAttempt(an_assignment(), NOWHERE, single)
        spares, calls = (a_spare(1, "x"),), (("f(1)", "x"),)
        first = a_spare(2, "y")
        paired = Paired(aims=("a",), first=first, spares=spares, whole=True, contested=calls)
        _, progress, _ = await Behind(seconds, Laid((first.edit,))).stage(None)
        progress = progress.model_copy(update={"paired": paired})
        for _ in range(9):
            end = await attempt.end(progress, last=last)
            if end is not None:
                return end
            _, progress, _ = await attempt.stage(
                Progress.model_validate_json(progress.model_dump_json())
            )
        return None

    return asyncio.run(work())


def test_the_rival_is_submitted_where_less_speaks_against_it_and_the_other_is_told() -> None:
    end = ended({1: an_edit(7), 2: an_edit(8)})
    assert isinstance(end, Submission)
    assert end.title == "1 and 7"
    assert "a.py:2" in end.alternatives[0]
    assert "`f(1)` is y with it, x with the chosen one" in end.alternatives[0]


def test_what_is_held_is_submitted_where_its_rival_is_worse_or_comes_to_nothing() -> None:
    for seconds in ({1: an_edit(7, size=20), 2: an_edit(8)}, {2: an_edit(8)}):
        end = ended(seconds)
        assert isinstance(end, Submission)
        assert end.title == "2 and 8"


def test_rivals_are_not_waited_for_in_a_hurry() -> None:
    end = ended({1: an_edit(7), 2: an_edit(8)}, last=True)
    assert isinstance(end, Submission)
    assert end.title == "2 and 8"


def test_where_nothing_completes_the_first_edit_the_rival_is_made() -> None:
    end = ended({1: an_edit(7)})
    assert isinstance(end, Submission)
    assert end.title == "1 and 7"
