"""One lease's worlds on one host: sandboxes over trees, metered, frozen while the goal is paused."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm.actors.metering import Meter, MeteredSandbox
from swarm.actors.trees import Trees
from swarm.domain.changes import Changes
from swarm.domain.goals import Environment, Goal
from swarm.domain.names import GoalId, TreeHash
from swarm.sandbox.public_api import BaseRef, Limits, Sandbox, SandboxHost, SandboxMode, SandboxSpec
from swarm.services.public_api import Services
from swarm.tools.public_api import readonly_paths

Compare = Callable[[GoalId, TreeHash, TreeHash], Awaitable[Changes]]
"""What differs between two trees of a goal."""


def mode_of(goal: Goal) -> SandboxMode:
    return "namespaces" if goal.sandbox == "isolated" else goal.sandbox


@dataclass(slots=True)
class HostWorkbench:
    """Implements `swarm.agents.public_api.Workbench`."""

    goal: Goal
    host: SandboxHost
    trees: Trees
    compare: Compare
    limits: Limits
    meter: Meter
    services: Services
    _open: dict[str, Sandbox] = field(default_factory=dict)
    _frozen: bool = False

    @property
    def environment(self) -> Environment:
        return self.goal.environment

    async def directory(self, tree: TreeHash) -> Path:
        return await self.trees.directory(self.goal.goal_id, tree)

    async def changes(self, base: TreeHash, tree: TreeHash) -> Changes:
        return await self.compare(self.goal.goal_id, base, tree)

    @asynccontextmanager
    async def sandbox(self, base: TreeHash, tree: TreeHash | None = None) -> AsyncIterator[Sandbox]:
        sandbox = await self._create(base, base if tree is None else tree)
        self._open[sandbox.id] = sandbox
        try:
            if tree is not None and tree != base:
                await sandbox.apply(await self.changes(base, tree))
            if self._frozen:
                await sandbox.freeze()
            yield sandbox
        finally:
            del self._open[sandbox.id]
            await sandbox.destroy()

    async def _create(self, base: TreeHash, tree: TreeHash) -> Sandbox:
        """With its services running, seeded from the tree that is worked on or judged."""
        environment = self.environment
        plain = SandboxSpec(
            mount_point=Path(environment.mount_point),
            readonly=await readonly_paths(environment),
            limits=self.limits,
            require=mode_of(self.goal),
        )
        seeds = BaseRef(await self.directory(tree if environment.services else base), tree)
        prepared = await self.services.prepare(
            environment.services, Path(environment.python), plain, seeds
        )
        created = await self.host.create(
            prepared.shown_in(plain), BaseRef(await self.directory(base), base)
        )
        metered = MeteredSandbox(created, self.meter)
        if not environment.services:
            return metered
        try:
            return await prepared.begin(metered)
        except BaseException:
            await created.destroy()
            raise

    async def freeze(self) -> None:
        """Stop everything where it is."""
        self._frozen = True
        for sandbox in tuple(self._open.values()):
            await sandbox.freeze()

    async def thaw(self) -> None:
        self._frozen = False
        for sandbox in tuple(self._open.values()):
            await sandbox.thaw()

    @property
    def is_frozen(self) -> bool:
        return self._frozen
