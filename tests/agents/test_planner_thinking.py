"""Where only a model can plan, it is asked while the suite runs."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from swarm.agents.planning.request import names_nothing
from swarm.agents.public_api import Plan, Planner, Thinker
from swarm.domain.errors import Transient
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, TreeHash
from swarm.engines.public_api import NOTHING_MORE, Needs
from swarm.models.conversation import Answer, Ask, Usage
from swarm.sandbox.public_api import Sandbox, open_host
from swarm.testing.crew import a_goal
from swarm.testing.git import a_repository
from swarm.testing.workbench import LocalWorkbench, tree_of
from swarm.tools.public_api import detect_environment

FILES = {"app.py": "x = 1\n", "test_app.py": "from app import x\ndef test_x(): assert x\n"}


@dataclass
class Meeting:
    """Models and worlds that wait for each other: who is asked first waits for ever."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False

    async def ask(self, ask: Ask) -> Answer:
        self.asked.set()
        await self.running.wait()
        if self.fails:
            raise Transient("not now")
        return Answer(blocks=(), stop="end", usage=Usage(), model="m", cost=7)


class Waiting(LocalWorkbench):
    meeting: Meeting

    @asynccontextmanager
    async def sandbox(
        self, base: TreeHash, tree: TreeHash | None = None, *, needs: Needs = NOTHING_MORE
    ) -> AsyncIterator[Sandbox]:
        self.meeting.running.set()
        await self.meeting.asked.wait()
        async with super().sandbox(base, tree, needs=needs) as sandbox:
            yield sandbox


async def planned(folder: Path, meeting: Meeting, **given: object) -> Plan:
    project = folder / "project"
    a_repository(project, FILES)
    environment = await detect_environment(
        project, project, python=None, test_command=None, own_python=Path(sys.executable)
    )
    tree = tree_of(project)
    goal: Goal = a_goal(project, text="Say hello.").model_copy(
        update={"environment": environment, "base_tree": tree, "fix_failing": False, **given}
    )
    host = open_host(folder / "scratch", "unsafe-worktree")
    bench = Waiting(environment, {tree: project}, host)
    bench.meeting = meeting
    try:
        async with asyncio.timeout(240):
            thinker = Thinker(meeting, "claude", limit=1_000)
            return await Planner(AgentId("p"), thinker=thinker).plan(goal, bench, at=1)
    finally:
        await host.close()


def run(folder: Path, make: Callable[[], Meeting] = Meeting) -> Plan:
    return asyncio.run(planned(folder, make()))


@pytest.mark.thorough
def test_the_model_is_asked_while_the_suite_runs(tmp_path: Path) -> None:
    plan = run(tmp_path)
    assert [contract.description for contract in plan.contracts] == ["Say hello."]
    assert plan.cost == 7
    assert plan.prompt == "plan.2"


@pytest.mark.thorough
def test_a_model_that_may_answer_later_puts_the_plan_off(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="not now"):
        run(tmp_path, lambda: Meeting(fails=True))


@pytest.mark.parametrize(
    "text",
    [
        "Fix test_x",
        "Fix app.py",
        "There is a KeyError somewhere",
        "Make the failing tests pass",
        "Fix tests/test_app.py::test_x",
        "Something is wrong in pkg.app",
    ],
)
def test_what_the_suite_may_decide_waits_for_it(text: str) -> None:
    assert not names_nothing(text, frozenset({"app.py", "pkg/app.py"}))


@pytest.mark.parametrize("text", ["Say hello.", "Document how it is set up", ""])
def test_what_names_nothing_need_not_wait(text: str) -> None:
    assert names_nothing(text, frozenset({"app.py"}))
