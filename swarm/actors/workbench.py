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
        sandbox = await self._create(base)
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

    async def _create(self, base: TreeHash) -> Sandbox:
        spec = SandboxSpec(
            mount_point=Path(self.environment.mount_point),
            readonly=await readonly_paths(self.environment),
            limits=self.limits,
            require=mode_of(self.goal),
        )
        directory = await self.directory(base)
        created = await self.host.create(spec, BaseRef(directory, base))
        return MeteredSandbox(created, self.meter)

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
