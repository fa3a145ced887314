"""A journal that cannot be written ends the coordinator, never a goal."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, SystemClock, leave, run_inline
from swarm.coordination.public_api import GoalState, SubmitGoal, fold
from swarm.domain.errors import Exhausted
from swarm.domain.events import Event
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import Submission
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal, a_cast, a_goal, carry_out, write
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


@pytest.mark.parametrize("record", [3, 5, 8, 12])
def test_a_goal_survives_a_full_disk_and_goes_on_when_there_is_room(
    tmp_path: Path, record: int
) -> None:
    a_repository(tmp_path / "repository", {"one.py": "broken = True\n"})
    places = Places(tmp_path / "home")
    places.make()
    goal = a_goal(tmp_path / "repository")
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
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

    journal = open_journal(places.journal)
    carry_out(places, settings, journal, cast)
    journal.close()
    goals: dict[GoalId, GoalState] = {}
    for each in read_only(places.journal).read():
        fold(goals, each.event)
    assert goals[goal.goal_id].status is GoalStatus.DONE, goals[goal.goal_id].reason
