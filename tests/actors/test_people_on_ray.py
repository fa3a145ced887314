"""What people say to a goal reaches it on Ray too: answers to questions, and the step to go back to."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.places import Places
from swarm.actors.public_api import leave
from swarm.actors.working_api import Cast
from swarm.coordination.public_api import HumanCommand, RollBack, Say, SubmitGoal
from swarm.domain.events import StepRecorded
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId
from swarm.engines.public_api import Engine, GaveUp, StepTaken, Submission
from swarm.settings.public_api import Settings
from swarm.testing.crew import a_cast, a_goal, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.git import a_repository, git
from tests.actors.test_on_ray import GOAL, Stage
from tests.actors.test_questions import Asking

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1000)]


class Drafting(ScriptedEngine):
    """Notes what differs from the base, and writes three drafts. It submits if it had begun from one."""

    def __init__(self, found: Path) -> None:
        super().__init__([])
        self.found = found

    async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
        paths = (await sandbox.diff()).paths
        with self.found.open("a") as file:
            file.write(f"{b' '.join(paths).decode()}\n")
        for number in range(len(done) + 1, 4):
            text = f"draft {number}\n"
            await sandbox.write(sandbox.root / "one.py", text.encode())
            await sandbox.write(sandbox.root / f"note-{number}", b"")
            yield StepTaken(f"drafted {number}", b"", 5, 0.0, write("one.py", text))
        yield Submission(write("one.py", "draft 3\n"), "Draft", "") if paths else GaveUp("no")


def cast_with(engine: Callable[[Path], Engine], found: Path, _settings: Settings) -> Cast:
    return a_cast(("one.py",), (engine(found),))


@pytest.fixture
def places(tmp_path: Path, whole_walls: None) -> Places:
    a_repository(tmp_path / "repository", {"one.py": "broken = True\n"})
    places = Places(tmp_path / "home")
    places.make()
    goal = a_goal(tmp_path / "repository", GOAL, sandbox="isolated")
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    return places


def done_after(
    places: Places, found: Path, engine: Callable[[Path], Engine], then: HumanCommand
) -> Stage:
    """Play until the goal stands still; leave the command, and play until it is done."""
    stage = Stage(places, forever=True, cast=partial(cast_with, engine, found))
    try:
        stage.wait(lambda _: is_in(stage, GoalStatus.WAITING, GoalStatus.FAILED))
        leave(places.inbox, then)
        stage.wait(lambda _: is_in(stage, GoalStatus.DONE))
    finally:
        stage.troupe.dismiss()
    return stage


def is_in(stage: Stage, *wanted: GoalStatus) -> bool:
    known = any(event.type == "goal.submitted" for event in stage.events())
    return known and stage.state().status in wanted


def test_an_answer_reaches_whoever_asked_in_the_world_that_it_left(
    cluster: Any, places: Places, tmp_path: Path
) -> None:
    say = Say(command_id=CommandId("say"), goal_id=GOAL, text="the first")
    done_after(places, tmp_path / "found", Asking, say)
    assert "'notes', 'one.py'" in (tmp_path / "found").read_text()
    assert git(tmp_path / "repository", "show", f"swarm/{GOAL}:one.py") == "broken = False"


def test_a_goal_goes_back_to_a_step_with_what_was_there_then(
    cluster: Any, places: Places, tmp_path: Path
) -> None:
    back = RollBack(command_id=CommandId("back"), goal_id=GOAL, step=1)
    stage = done_after(places, tmp_path / "found", Drafting, back)
    assert (tmp_path / "found").read_text().splitlines() == ["", "note-1 one.py"]
    done = [event.step.action for event in stage.events() if isinstance(event, StepRecorded)]
    assert done == ["drafted 1", "drafted 2", "drafted 3", "drafted 2", "drafted 3"]
