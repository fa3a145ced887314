"""One lease's worlds on one host: sandboxes over trees, metered, frozen while the goal is paused."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.actors.metering import Meter, MeteredSandbox
from swarm.actors.trees import Trees
from swarm.coordination.public_api import World
from swarm.domain.changes import Changes
from swarm.domain.errors import Rejected
from swarm.domain.evidence import BlockedConnection, joined
from swarm.domain.goals import Environment, Goal, Runner
from swarm.domain.names import GoalId, TreeHash
from swarm.domain.tasks import Checkpoint
from swarm.engines.public_api import NOTHING_MORE, Needs, readers
from swarm.sandbox.public_api import (
    SPARSELY,
    BaseRef,
    CheckpointRef,
    Limits,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
    guarantees,
)
from swarm.services.public_api import Services
from swarm.tools.public_api import meant_by, readonly_paths

Compare = Callable[[GoalId, TreeHash, TreeHash], Awaitable[Changes]]
"""What differs between two trees of a goal."""


_TEXT = 300


def legible(text: str) -> str:
    """What a sandbox told, fit to be kept: bounded, and of characters that can be seen."""
    return "".join(each if each.isprintable() else "?" for each in text[:_TEXT])


def mode_of(goal: Goal) -> SandboxMode:
    return "namespaces" if goal.sandbox == "isolated" else goal.sandbox


async def plain_spec(goal: Goal, limits: Limits) -> SandboxSpec:
    """What sandboxes for the goal are like, without its services and what single agents need."""
    environment = goal.environment
    shown = await readonly_paths(environment)
    return SandboxSpec(
        mount_point=Path(environment.mount_point),
        readonly=tuple(dict.fromkeys((*shown, *unseen(readers(), shown)))),
        limits=for_runner(limits, environment.runner),
        require=mode_of(goal),
    )


def for_runner(limits: Limits, runner: Runner) -> Limits:
    """A command of the project's own may be of any language; what it uses is watched all the same."""
    return replace(limits, reserved=SPARSELY) if runner == "command" else limits


def unseen(wanted: Iterable[Path], shown: Sequence[Path]) -> Iterator[Path]:
    """Of these paths what does not lie in what is shown anyway."""
    return (each for each in wanted if not any(each.is_relative_to(other) for other in shown))


def with_needs(plain: SandboxSpec, needs: Needs) -> SandboxSpec:
    return replace(
        plain,
        readonly=tuple(dict.fromkeys((*plain.readonly, *needs.readonly))),
        limits=replace(plain.limits, reserved=max(plain.limits.reserved, needs.reserved)),
        network=needs.network,
        profile=needs.profile,
    )


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
    _blocked: list[BlockedConnection] = field(default_factory=list)
    _frozen: bool = False

    @property
    def environment(self) -> Environment:
        return self.goal.environment

    @property
    def blocked(self) -> tuple[BlockedConnection, ...]:
        """What tried to reach the network in the sandboxes that were used to their end."""
        return joined(self._blocked)

    async def directory(self, tree: TreeHash) -> Path:
        return await self.trees.directory(self.goal.goal_id, tree)

    async def changes(self, base: TreeHash, tree: TreeHash) -> Changes:
        return await self.compare(self.goal.goal_id, base, tree)

    @asynccontextmanager
    async def sandbox(
        self, base: TreeHash, tree: TreeHash | None = None, *, needs: Needs = NOTHING_MORE
    ) -> AsyncIterator[Sandbox]:
        """Its services are seeded from the tree that is judged."""
        created = await self._create(base, base if tree is None else tree, needs=needs)
        async with self._opened(created, base, tree) as sandbox:
            yield sandbox

    @asynccontextmanager
    async def world(
        self, base: TreeHash, left: World, needs: Needs = NOTHING_MORE
    ) -> AsyncIterator[Sandbox]:
        """What an agent left behind when it last worked here; elsewhere its tree alone."""
        created, tree = await self._restored(base, left.checkpoint, needs), None
        if created is None:
            created, tree = await self._create(base, base, needs=needs), left.tree
        async with self._opened(created, base, tree) as sandbox:
            yield sandbox

    async def make_ready(self, base: TreeHash) -> None:
        """Have a sandbox over that tree before somebody waits for one: where that costs no copy, and
        where no services would have to be seeded and started first, which takes far longer.
        """
        if self.environment.services or not guarantees(mode_of(self.goal)).copy_on_write:
            return
        spec = with_needs(await plain_spec(self.goal, self.limits), NOTHING_MORE)
        await self.host.prepare(spec, BaseRef(await self.directory(base), base))

    async def keep(self, sandbox: Sandbox, label: str) -> CheckpointRef | None:
        """What the sandbox holds now. None where it is a full copy: its tree has to do."""
        if not sandbox.guarantees.copy_on_write:
            return None
        return await sandbox.checkpoint(label)

    @asynccontextmanager
    async def _opened(
        self, sandbox: Sandbox, base: TreeHash, tree: TreeHash | None
    ) -> AsyncIterator[Sandbox]:
        self._open[sandbox.id] = sandbox
        try:
            if tree is not None and tree != base:
                await sandbox.apply(await self.changes(base, tree))
            if self._frozen:
                await sandbox.freeze()
            yield sandbox
            await self._note(sandbox)
        finally:
            del self._open[sandbox.id]
            await sandbox.destroy()

    async def _note(self, sandbox: Sandbox) -> None:
        try:
            blocked = await sandbox.blocked()
        except Rejected:  # it died, as the work that was done in it knows
            return
        self._blocked += [
            BlockedConnection(
                host=legible(each.host),
                port=each.port,
                command=legible(meant_by(each.command, self.environment)),
                count=each.count,
            )
            for each in blocked
        ]

    async def _restored(
        self, base: TreeHash, at: Checkpoint | None, needs: Needs
    ) -> Sandbox | None:
        """None where the checkpoint is not: on another machine, after `swarm clean`."""
        if at is None or not at.sandbox:
            return None
        ref = CheckpointRef(id=at.sandbox, label="", mode=mode_of(self.goal), hot=at.hot)
        try:
            return await self._create(base, base, ref, needs)
        except Rejected:
            return None

    async def _create(
        self,
        base: TreeHash,
        tree: TreeHash,
        at: CheckpointRef | None = None,
        needs: Needs = NOTHING_MORE,
    ) -> Sandbox:
        """With its services running, seeded from `tree`, or as they were at a checkpoint."""
        environment = self.environment
        plain = await plain_spec(self.goal, self.limits)
        seeds = BaseRef(await self.directory(tree if environment.services else base), tree)
        prepared = await self.services.prepare(
            environment.services, Path(environment.python), plain, seeds
        )
        spec, over = (
            prepared.shown_in(with_needs(plain, needs)),
            BaseRef(await self.directory(base), base),
        )
        created = await (self.host.restore(at, spec, over) if at else self.host.create(spec, over))
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
            with suppress(
                Rejected
            ):  # it has ended meanwhile; who works in it knows, or hears of it
                await sandbox.freeze()

    async def thaw(self) -> None:
        self._frozen = False
        for sandbox in tuple(self._open.values()):
            with suppress(Rejected):
                await sandbox.thaw()

    @property
    def is_frozen(self) -> bool:
        return self._frozen
