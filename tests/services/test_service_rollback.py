"""People take a goal back to one of its steps: its databases hold what they held then, as its tree does."""

import sys
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
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import GaveUp, StepTaken, Submission
from swarm.sandbox.public_api import Sandbox
from swarm.testing.crew import a_cast, a_goal, go_on, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.git import a_repository, git
from tests.services.conftest import BOTH, FILES, lacking, redis, sql

GOAL, NEW = GoalId("g-000001"), GoalId("g-000002")
LAST = 3

Held = tuple[str, str, str]


class Counting(ScriptedEngine):
    """Each step writes its number into the tree, a table and a queue. It submits when it was told to
    go on; else it gives up.
    """

    def __init__(self) -> None:
        super().__init__([])
        self.found: list[Held] = []
        """By file, table and queue, at each beginning."""

    async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
        self.found.append(await held(sandbox))
        told = guidance()
        for number in range(len(done) + 1, LAST + 1):
            text = f"x = {number}\n"
            await sandbox.write(sandbox.root / "app.py", text.encode())
            await sql(sandbox, f"UPDATE t SET v = 'step {number}'; DROP TABLE IF EXISTS other")
            await redis(sandbox, "SET", "counter", str(number))
            yield StepTaken(f"step {number}", text.encode(), 5, 0.0, write("app.py", text))
        whole = write("app.py", f"x = {LAST}\n")
        yield Submission(whole, "Count", "It was.") if told else GaveUp("no")


async def held(sandbox: Sandbox) -> Held:
    file = (await sandbox.read(sandbox.root / "app.py")).decode().strip()
    return (
        file,
        await sql(sandbox, "SELECT DISTINCT v FROM t"),
        await redis(sandbox, "GET", "counter"),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if lacking():
        pytest.skip(f"no namespaces here: {lacking()}")
    a_repository(tmp_path / "repository", dict(FILES))
    goal = a_goal(tmp_path / "repository", GOAL, sandbox="isolated")
    environment = goal.environment.model_copy(update={"services": BOTH, "python": sys.executable})
    places = Places(tmp_path / "home")
    places.make()
    served = goal.model_copy(update={"environment": environment})
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=served))
    return tmp_path


def run(folder: Path, engine: Counting, *commands: HumanCommand) -> dict[GoalId, GoalState]:
    return go_on(Places(folder / "home"), a_cast(("app.py",), (engine,)), *commands)


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_a_goal_goes_on_from_a_step_with_the_databases_of_then(folder: Path) -> None:
    engine = Counting()
    assert run(folder, engine)[GOAL].status is GoalStatus.FAILED
    assert engine.found[0] == ("x = 1", "seeded", "41")
    back = RollBack(command_id=CommandId("back"), goal_id=GOAL, step=1)
    say = Say(command_id=CommandId("say"), goal_id=GOAL, text="go on")
    state = run(folder, engine, back, say)[GOAL]
    assert state.status is GoalStatus.DONE, state.reason
    assert engine.found[-1] == ("x = 1", "step 1", "1")
    assert git(folder / "repository", "show", f"swarm/{GOAL}:app.py") == "x = 3"


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_another_goal_begins_with_the_databases_of_a_step(folder: Path) -> None:
    engine = Counting()
    run(folder, engine)
    replay = Replay(command_id=CommandId("replay"), goal_id=GOAL, step=2, new=NEW)
    run(folder, engine, replay)
    assert engine.found[-1] == ("x = 2", "step 2", "2")
