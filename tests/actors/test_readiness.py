"""A host makes a sandbox before anybody waits for it, and leaves none behind."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from swarm.actors.assembly import HostFolders, host_of
from swarm.actors.host import Host
from swarm.actors.ports import CoordinatorPort, Orders
from swarm.actors.registry import Registry
from swarm.domain.changes import Changes
from swarm.domain.goals import Goal
from swarm.domain.names import GoalId, TreeHash
from swarm.domain.services import ServiceSpec
from swarm.repository.public_api import Mirror
from swarm.sandbox.public_api import BaseRef, SandboxHost, SandboxSpec
from swarm.settings.public_api import Settings
from swarm.testing.clock import ManualClock
from swarm.testing.crew import a_cast, a_goal
from swarm.testing.git import a_repository


@dataclass(slots=True)
class Telling:
    """A coordinator that tells of one goal, and no more."""

    goal: Goal
    mirror: Mirror
    told: bool = False

    async def attend(self, *_: object) -> Orders:
        if self.told:
            await asyncio.Event().wait()
        self.told = True
        return Orders((), (), frozenset(), (self.goal,))

    async def archive(self, _goal_id: GoalId, tree: TreeHash) -> bytes:
        return self.mirror.archive(tree)

    async def changes(self, _goal_id: GoalId, base: TreeHash, tree: TreeHash) -> Changes:
        return self.mirror.changes(base, tree)


@dataclass(slots=True)
class Watched:
    """A host of sandboxes that says what was made ready."""

    inner: SandboxHost
    made: "asyncio.Queue[tuple[SandboxSpec, BaseRef]]"

    async def prepare(self, spec: SandboxSpec, base: BaseRef) -> None:
        await self.inner.prepare(spec, base)
        self.made.put_nowait((spec, base))


@pytest.fixture
def goal(tmp_path: Path, whole_walls: None) -> Iterator[Goal]:
    a_repository(tmp_path / "repository", {"one.py": "broken = True\n"})
    yield a_goal(tmp_path / "repository", sandbox="isolated")
    assert not list(tmp_path.glob("work/*/boxes/*"))


def host_for(goal: Goal) -> Host:
    folder, repository = Path(goal.repository).parent, Path(goal.repository)
    mirror, clock = Mirror.open(folder / "mirror", repository), ManualClock()
    mirror.fetch(goal.base)
    return host_of(
        "writing",
        "here",
        HostFolders(folder / "keys", folder / "work"),
        Settings(home=folder),
        cast(CoordinatorPort, Telling(goal, mirror)),
        Registry(clock),
        clock,
        a_cast((), ()),
    )


@pytest.mark.thorough
def test_who_can_work_on_a_goal_has_a_sandbox_before_there_is_a_lease(goal: Goal) -> None:
    async def main() -> None:
        host, made = host_for(goal), asyncio.Queue[tuple[SandboxSpec, BaseRef]]()
        bench = host.workbench(goal)
        watched = replace(bench, host=cast(SandboxHost, Watched(bench.host, made)))
        running = replace(host, workbench=lambda _: watched)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(running.run())
            spec, base = await asyncio.wait_for(made.get(), 240)
            assert base.tree == goal.base_tree
            async with bench.sandbox(goal.base_tree) as sandbox:
                assert sandbox.spec == spec
                assert sandbox.id.endswith("-1")
                assert (await sandbox.exec(("cat", "one.py"))).stdout == b"broken = True\n"
                await bench.make_ready(goal.base_tree)
            task.cancel()

    asyncio.run(main())


def test_a_sandbox_that_has_ended_keeps_nobody_from_pausing(goal: Goal) -> None:
    async def main() -> None:
        host = host_for(goal)
        bench = host.workbench(goal)
        async with bench.sandbox(goal.base_tree) as sandbox:
            await sandbox.destroy()
            await bench.freeze()
            assert bench.is_frozen
            await bench.thaw()
            assert not bench.is_frozen
        await host.close()

    asyncio.run(main())


def test_nothing_is_made_ready_that_services_or_a_copy_would_have_to_be_made_for(
    goal: Goal,
) -> None:
    with_database = goal.environment.model_copy(update={"services": (ServiceSpec(kind="redis"),)})
    others = [
        goal.model_copy(update={"environment": with_database}),
        goal.model_copy(update={"sandbox": "unsafe-worktree"}),
    ]

    async def main() -> None:
        host, made = host_for(goal), asyncio.Queue[tuple[SandboxSpec, BaseRef]]()
        for each in others:
            bench = host.workbench(each)
            await replace(bench, host=cast(SandboxHost, Watched(bench.host, made))).make_ready(
                goal.base_tree
            )
        await host.close()
        assert made.empty()

    asyncio.run(main())
