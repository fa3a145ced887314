"""A host of agents: hears of leases, lets its agents work on them, reports, and stops what is lost.

It keeps nothing that is needed after a crash. Each lease is carried out by a task of its own; what
breaks in one is reported as that attempt's failure and touches no other.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from swarm.actors.crew import Crew, Member
from swarm.actors.hourglass import Hourglass
from swarm.actors.ports import CoordinatorPort, Entry, FactsPort, Lease, Orders, RegistryPort
from swarm.actors.replicas import Circle
from swarm.actors.reporting import Desk
from swarm.actors.room import is_lack_of_room
from swarm.actors.workbench import HostWorkbench
from swarm.coordination.public_api import Fail, GiveUp
from swarm.domain.errors import Exhausted, Rejected, SwarmError, Transient
from swarm.domain.goals import Goal
from swarm.domain.names import AttemptId, GoalId, HostId, TreeHash

HEARTBEATS_A_LEASE = 4
MOST_TRACE = 4_000


@dataclass(slots=True)
class _Work:
    """A lease being carried out."""

    lease: Lease
    workbench: HostWorkbench
    hourglass: Hourglass
    task: "asyncio.Task[None]"


@dataclass(slots=True)
class Host:
    host: HostId
    name: str
    node: str
    crew: Crew
    coordinator: CoordinatorPort
    registry: RegistryPort
    workbench: Callable[[Goal], HostWorkbench]
    probe: Callable[[Goal], Awaitable[str]]
    """Why the host cannot work on a goal; empty = it can."""

    close: Callable[[], Awaitable[None]]
    """Destroys what sandboxes are left."""

    desk: Desk
    circle: Circle
    facts: FactsPort
    """How others reach this host's replicas."""

    heartbeat_seconds: float
    _able: dict[GoalId, str] = field(default_factory=dict)
    _work: dict[tuple[AttemptId, int], _Work] = field(default_factory=dict)

    async def run(self) -> None:
        """Attend until cancelled, and leave nothing running."""
        try:
            await self._attend()
        finally:
            await self.close()

    async def _attend(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self.circle.attend())
            while True:
                try:
                    orders = await self.coordinator.attend(
                        self.host, self._holding(), dict(self._able)
                    )
                except Transient:
                    await asyncio.sleep(self.heartbeat_seconds / HEARTBEATS_A_LEASE)
                    continue
                await self._obey(orders, group)

    def _holding(self) -> tuple[tuple[AttemptId, int], ...]:
        return tuple(key for key in self._work if key not in self.desk.ended)

    async def _beat(self) -> None:
        while True:
            cards = tuple(member.card for member in self.crew)
            entry = Entry(self.host, self.name, self.node, cards, self.facts)
            with suppress(Transient):  # the next beat says it again
                await self.registry.announce(entry)
            await asyncio.sleep(self.heartbeat_seconds / HEARTBEATS_A_LEASE)

    async def _obey(self, orders: Orders, group: asyncio.TaskGroup) -> None:
        for goal in orders.probe:
            self._able[goal.goal_id] = await self.probe(goal)
            if not self._able[goal.goal_id]:
                group.create_task(self._make_ready(goal, goal.base_tree))
        for key in self._holding():
            if key[0] in orders.cease:
                self.desk.ended.add(key)
                self._work[key].task.cancel()
        await self._hold(orders.paused)
        for lease in orders.begin:
            self._begin(lease, group)

    async def _hold(self, paused: frozenset[GoalId]) -> None:
        for work in tuple(self._work.values()):
            wanted = work.lease.goal.goal_id in paused
            if wanted and not work.workbench.is_frozen:
                work.hourglass.stop()
                await work.workbench.freeze()
            elif not wanted and work.workbench.is_frozen:
                await work.workbench.thaw()
                work.hourglass.go_on()

    def _begin(self, lease: Lease, group: asyncio.TaskGroup) -> None:
        key = (lease.attempt_id, lease.epoch)
        if key in self._work:
            return
        member = self.crew.member(lease.agent_id)
        workbench, hourglass = self.workbench(lease.goal), Hourglass(lease.contract.seconds)
        task = group.create_task(self._see_to(lease, member, workbench, hourglass))
        self._work[key] = _Work(lease, workbench, hourglass, task)

    async def _make_ready(self, goal: Goal, base: TreeHash) -> None:
        """Have a sandbox for whoever works on the goal next. The last ones are never asked for."""
        with suppress(SwarmError, OSError):  # who asks for one will hear why there is none
            await self.workbench(goal).make_ready(base)

    async def _see_to(
        self, lease: Lease, member: Member, workbench: HostWorkbench, hourglass: Hourglass
    ) -> None:
        await self._supervise(lease, member, workbench, hourglass)
        await self._make_ready(lease.goal, lease.base_tree)

    async def _supervise(
        self, lease: Lease, member: Member, workbench: HostWorkbench, hourglass: Hourglass
    ) -> None:
        try:
            async with hourglass.running():
                await member.carry_out(lease, workbench, self.desk)
        except TimeoutError:
            spent = workbench.meter.spent
            await self._tell(
                lease,
                GiveUp(
                    attempt_id=lease.attempt_id,
                    epoch=lease.epoch,
                    reason=f"not finished within {lease.contract.seconds} s",
                    spent=spent,
                ),
            )
        except Exhausted as error:
            spent = workbench.meter.spent
            await self._tell(
                lease,
                GiveUp(
                    attempt_id=lease.attempt_id, epoch=lease.epoch, reason=str(error), spent=spent
                ),
            )
        except Exception as error:  # noqa: BLE001 - the supervisor: one attempt's bug is its own
            if isinstance(error, Transient) or is_lack_of_room(error):
                # Held until then; no longer held, the lease is handed out once more, with what is done.
                # The goal's time bounds how often.
                await asyncio.sleep(self.heartbeat_seconds)
            else:
                await self._tell(lease, _failure(lease, error, workbench.meter.spent))
        finally:
            key = (lease.attempt_id, lease.epoch)
            self._work.pop(key, None)
            self.desk.ended.discard(key)

    async def _tell(self, lease: Lease, command: Fail | GiveUp) -> None:
        """Report the end; if the lease was lost meanwhile, nobody wants to know."""
        try:
            await self.desk.send(command)
        except Rejected:
            return


def _failure(lease: Lease, error: Exception, spent: int) -> Fail:
    kind = type(error).__name__
    advice = f" {error.advice}" if isinstance(error, SwarmError) else ""
    trace = "".join(traceback.format_exception(error))[-MOST_TRACE:]
    return Fail(
        attempt_id=lease.attempt_id,
        epoch=lease.epoch,
        error=kind,
        message=f"{error}{advice}"[:MOST_TRACE] or kind,
        trace=trace,
        spent=spent,
    )
