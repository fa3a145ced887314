"""A journal that cannot be written ends the coordinator, never a goal; other full disks are waited for."""

import asyncio
import errno
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, SystemClock, leave
from swarm.actors.working_api import Cast, run_inline
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.errors import Exhausted, Transient
from swarm.domain.events import Event
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId
from swarm.engines.public_api import StepTaken, Submission
from swarm.journal.public_api import open_journal
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal, a_cast, a_goal, carry_out, goals_of, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.git import a_repository

MENDED = write("one.py", "broken = False\n")


@dataclass(slots=True)
class FullJournal(MortalJournal):
    """Has no room for one record, but for smaller ones again."""

    async def append_durably(self, events: Sequence[Event]) -> int:
        position = self.inner.head().position
        if position < self.dies_at <= position + len(events):
            self.dies_at = 0
            raise Exhausted("no space left")
        return self.inner.append(events)


@pytest.mark.parametrize(
    "record",
    [
        3,
        pytest.param(5, marks=pytest.mark.thorough),
        8,
        pytest.param(12, marks=pytest.mark.thorough),
    ],
)
def test_a_goal_survives_a_full_disk_and_goes_on_when_there_is_room(
    tmp_path: Path, record: int
) -> None:
    places = _submitted(tmp_path)
    settings, engine = (
        Settings(home=places.home),
        ScriptedEngine(lambda _: [Submission(MENDED, "Mend", "")]),
    )
    cast = a_cast(("one.py",), (engine,))
    full = FullJournal(open_journal(places.journal), record)
    with pytest.raises(ExceptionGroup) as ended:
        asyncio.run(run_inline(places, settings, full, SystemClock(), forever=False, cast=cast))
    assert ended.group_contains(Exhausted, match="no space left")
    full.close()

    state = _carried_out(places, cast)
    assert state.status is GoalStatus.DONE, state.reason


def _submitted(folder: Path) -> Places:
    a_repository(folder / "repository", {"one.py": "broken = True\n"})
    places = Places(folder / "home")
    places.make()
    goal = a_goal(folder / "repository")
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    return places


def _carried_out(places: Places, cast: Cast) -> GoalState:
    journal = open_journal(places.journal)
    carry_out(places, Settings(home=places.home, heartbeat_seconds=1), journal, cast)
    journal.close()
    (state,) = goals_of(places).values()
    return state


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Where mirrors lie; full, until its `filler` is removed."""
    disk = tmp_path / "home" / "mirrors"
    disk.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", disk], check=True)
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(4096)):
            pass
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.thorough
@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount")
def test_a_goal_waits_while_the_disk_of_the_mirrors_is_full(
    tmp_path: Path, small_disk: Path
) -> None:
    places = _submitted(tmp_path)
    engine = ScriptedEngine(lambda _: [Submission(MENDED, "Mend", "")])
    cleaning = threading.Timer(2.0, (small_disk / "filler").unlink)
    cleaning.start()
    state = _carried_out(places, a_cast(("one.py",), (engine,)))
    assert not cleaning.is_alive()
    assert state.status is GoalStatus.DONE, state.reason


@pytest.mark.thorough
@pytest.mark.parametrize(
    "error", [Transient("the disk is full"), OSError(errno.ENOSPC, "no space left")]
)
def test_an_attempt_that_meets_a_full_disk_goes_on_behind_its_last_step(
    tmp_path: Path, error: Exception
) -> None:
    places = _submitted(tmp_path)
    errors = [error]

    class Meeting(ScriptedEngine):
        async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
            if not done:
                yield StepTaken("looked", b"", cost=1, seconds=0.0)
            if errors:
                raise errors.pop()
            yield Submission(MENDED, "Mend", "")

    state = _carried_out(places, a_cast(("one.py",), (Meeting([]),)))
    assert state.status is GoalStatus.DONE, state.reason
    (attempt,) = (a for a in state.attempts.values() if a.tree)
    assert [step.action for step in attempt.steps] == ["looked"]
