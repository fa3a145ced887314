"""People go back to a step: files, what sandboxes held beside them, and what was known are those of then."""

from collections import Counter
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, leave
from swarm.coordination.public_api import (
    GoalState,
    HumanCommand,
    Replay,
    RollBack,
    Say,
    SubmitGoal,
)
from swarm.domain.events import Event, GoalSubmitted, StepRecorded
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import GaveUp, StepTaken, Submission
from swarm.journal.public_api import read_only
from swarm.testing.crew import a_cast, a_goal, go_on, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.git import a_repository, git

GOAL, NEW = GoalId("g-000001"), GoalId("g-000002")
LAST = 3


class Drafting(ScriptedEngine):
    """Each step writes a draft, and one file more that it tells nobody of. It submits when it was told
    to go on; else it gives up.
    """

    def __init__(self) -> None:
        super().__init__([])
        self.found: list[tuple[str, ...]] = []
        """Files that differ from the base, at each beginning."""

        self.told: list[str] = []

    async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
        held = await sandbox.diff()
        self.found.append(tuple(path.decode() for path in held.paths))
        for number in range(len(done) + 1, LAST + 1):
            text = f"draft {number}\n"
            await sandbox.write(sandbox.root / "one.py", text.encode())
            await sandbox.write(sandbox.root / f"note-{number}", b"")
            self.told += guidance()
            changes = write("one.py", text)
            yield StepTaken(f"drafted {number}", text.encode(), 5, 0.0, changes)
        self.told += guidance()
        whole = write("one.py", f"draft {LAST}\n")
        yield Submission(whole, "Mend", "It was.") if self.told else GaveUp("no")


@pytest.fixture(params=["unsafe-worktree", "isolated"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    a_repository(tmp_path / "repository", {"one.py": "broken = True\n"})
    places = Places(tmp_path / "home")
    places.make()
    goal = a_goal(tmp_path / "repository", GOAL, sandbox=request.param)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    return tmp_path


def run(folder: Path, engine: ScriptedEngine, *commands: HumanCommand) -> dict[GoalId, GoalState]:
    return go_on(Places(folder / "home"), a_cast(("one.py",), (engine,)), *commands)


def events(folder: Path) -> list[Event]:
    return [record.event for record in read_only(Places(folder / "home").journal).read()]


def held(folder: Path, *files: str) -> tuple[str, ...]:
    """All of the files; where sandboxes are full copies, those that the engine told of."""
    (submitted,) = (e for e in events(folder) if isinstance(e, GoalSubmitted))
    return files if submitted.goal.sandbox == "isolated" else ("one.py",)


@pytest.mark.thorough
def test_a_goal_that_failed_goes_on_from_a_step_with_what_was_there_then(folder: Path) -> None:
    engine = Drafting()
    assert run(folder, engine)[GOAL].status is GoalStatus.FAILED
    say = Say(command_id=CommandId("say"), goal_id=GOAL, text="go on")
    back = RollBack(command_id=CommandId("back"), goal_id=GOAL, step=1)
    state = run(folder, engine, back, say)[GOAL]
    assert (state.status, engine.told) == (GoalStatus.DONE, ["go on"])
    assert engine.found[-1] == held(folder, "note-1", "one.py")
    assert [mark.step.action for mark in state.marks] == [
        "drafted 1", "drafted 2", "drafted 3", "drafted 2", "drafted 3",
    ]  # fmt: skip
    assert git(folder / "repository", "show", f"swarm/{GOAL}:one.py") == "draft 3"


@pytest.mark.thorough
def test_another_goal_begins_at_a_step_of_one_that_is_over(folder: Path) -> None:
    engine = Drafting()
    engine.told.append("go on")
    assert run(folder, engine)[GOAL].status is GoalStatus.DONE
    replay = Replay(command_id=CommandId("replay"), goal_id=GOAL, step=2, new=NEW)
    goals = run(folder, engine, replay)
    assert [goals[each].status for each in (GOAL, NEW)] == [GoalStatus.DONE] * 2
    assert engine.found[-1] == held(folder, "note-1", "note-2", "one.py")
    done = Counter(e.goal_id for e in events(folder) if isinstance(e, StepRecorded))
    assert done == {GOAL: 3, NEW: 1}
    numbers = [state.published.number for state in goals.values() if state.published]
    assert sorted(numbers) == [1, 2]
    assert git(folder / "repository", "show", f"swarm/{NEW}:one.py") == "draft 3"
