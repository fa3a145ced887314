"""How a writer carries out a lease: its engine's steps, each durable before the next is asked for.

After a crash, an answer or a refusal the same agent goes on behind its last step: its engine is given what
that step left, and its sandbox holds what it held then.
"""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

from swarm.actors.crew import base_run_of, voided_of
from swarm.actors.knowledge import Knowledge
from swarm.actors.metering import SECONDS_PER_HOUR
from swarm.actors.ports import Lease
from swarm.actors.reporting import Desk
from swarm.actors.workbench import HostWorkbench
from swarm.coordination.public_api import Ask, GiveUp, RecordStep, SplitTask, SubmitWork
from swarm.domain.bids import AgentCard
from swarm.domain.changes import Changes
from swarm.domain.names import Digest, TreeHash
from swarm.domain.tasks import Checkpoint, Step
from swarm.engines.public_api import (
    Assignment,
    Done,
    Engine,
    GaveUp,
    Item,
    Question,
    Split,
    StepTaken,
    Submission,
)
from swarm.sandbox.public_api import Sandbox

MOST_ASKED = 4_000
"""Characters of a question."""

MOST_ACTION = 500
"""Characters of what a step says it did."""


@dataclass(frozen=True, slots=True)
class WriterMember:
    hired: AgentCard
    engine: Engine
    knowledge: Knowledge
    cpu_hour: int

    @property
    def card(self) -> AgentCard:
        """With what its engine offers now."""
        return self.hired.model_copy(update={"curves": self.engine.curves()})

    async def carry_out(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> None:
        assignment = await self._assignment(lease, workbench, desk)
        done = [
            Done(number, step.action, await desk.coordinator.get(step.result))
            for number, step in enumerate(lease.done, start=1)
        ]
        ear = Ear(lease.heard, [*await self._recalled(lease, desk), *lease.said], len(lease.said))
        world = workbench.world(lease.base_tree, lease.left, self.engine.needs)
        async with world as sandbox:
            work = self.engine.work(assignment, sandbox, tuple(done), ear.take, lease.budget)
            course = _Course(self, lease, workbench, sandbox, desk, ear)
            async with aclosing(work) as items:  # type: ignore[type-var]
                async for item in items:
                    if not await course.took(item):
                        return

    async def _assignment(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> Assignment:
        refused = [await workbench.changes(lease.base_tree, tree) for tree in lease.refused]
        return Assignment(
            contract=lease.contract,
            environment=lease.goal.environment,
            base_run=await base_run_of(lease, desk.coordinator),
            findings=lease.findings,
            refused=tuple(refused),
            voided=frozenset(voided_of(lease)),
            cpu_price=self.cpu_hour // SECONDS_PER_HOUR,
        )

    async def _recalled(self, lease: Lease, desk: Desk) -> tuple[str, ...]:
        """Facts that were not known at the last step."""
        checkpoint = lease.left.checkpoint
        known = b""
        if checkpoint is not None and checkpoint.knowledge is not None:
            known = await desk.coordinator.get(checkpoint.knowledge)
        return await self.knowledge.recall(lease, frozenset(known.decode().split()))


@dataclass(slots=True)
class Ear:
    """What an engine is told, each thing once."""

    heard: int
    """So many of the goal's guiding texts its finished steps have heard."""

    waiting: list[str]
    """Facts first, then what humans said."""

    fresh: int
    """So many of the texts that wait come from humans; they are the last ones."""

    _taken: int = field(init=False)

    def __post_init__(self) -> None:
        self._taken = self.heard

    def take(self) -> tuple[str, ...]:
        """What has not been told yet."""
        texts = tuple(self.waiting)
        self._taken = self.held
        self.waiting.clear()
        self.fresh = 0
        return texts

    def hear(self, texts: tuple[str, ...]) -> None:
        self.waiting.extend(texts)
        self.fresh += len(texts)

    @property
    def taken(self) -> int:
        """So many guiding texts the engine has been told."""
        return self._taken

    @property
    def held(self) -> int:
        """So many guiding texts have come here."""
        return self._taken + self.fresh


@dataclass(slots=True)
class _Course:
    """One lease being carried out."""

    member: WriterMember
    lease: Lease
    workbench: HostWorkbench
    sandbox: Sandbox
    desk: Desk
    ear: Ear
    _number: int = field(init=False)
    _known: tuple[tuple[Digest, ...], Digest] | None = None

    def __post_init__(self) -> None:
        self._number = self.lease.own_steps

    async def took(self, item: Item) -> bool:
        """Make it durable. False when it was the end."""
        self._number += 1
        match item:
            case StepTaken():
                await self._record(item)
                return True
            case Submission():
                await self._submit(item)
            case Question():
                await self._ask(item)
            case Split():
                await self._split(item)
            case GaveUp():
                await self._give_up(item)
        return False

    async def _record(self, item: StepTaken) -> None:
        step = await self._step(item)
        lease = self.lease
        said = await self.desk.send(
            RecordStep(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                step=step,
                guided=self.ear.taken,
                held=self.ear.held,
            )
        )
        self.ear.hear(said)

    async def _step(self, item: StepTaken) -> Step:
        """What the record refers to is kept at the same time: none of it needs another."""
        try:
            async with asyncio.TaskGroup() as group:
                result = group.create_task(self.desk.coordinator.put(item.result))
                tree = group.create_task(self._kept(item.changes))
                checkpoint = group.create_task(self._checkpoint())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return Step(
            number=self._number,
            action=item.action[:MOST_ACTION],
            result=result.result(),
            cost=item.cost,
            seconds_ms=int(item.seconds * 1000),
            tree=tree.result(),
            checkpoint=checkpoint.result(),
        )

    async def _kept(self, changes: Changes | None) -> TreeHash | None:
        """The tree, as a commit in the mirror."""
        if changes is None:
            return None
        lease = self.lease
        return await self.desk.coordinator.keep_tree(
            lease.attempt_id, self._number, lease.base_tree, changes
        )

    async def _checkpoint(self) -> Checkpoint:
        """All else that is there now, before the step is on record: after a crash between the two, the
        step before stands with its own.
        """
        lease = self.lease
        kept = await self.workbench.keep(self.sandbox, f"{lease.attempt_id}-{self._number}")
        knowledge = await self._knowledge()
        if kept is None:
            return Checkpoint(knowledge=knowledge)
        return Checkpoint(sandbox=kept.id, hot=kept.hot, knowledge=knowledge)

    async def _knowledge(self) -> Digest:
        """The facts that are known now; kept anew only when they are others than at the last step."""
        facts = self.member.knowledge.known(self.lease.goal.repository)
        if self._known is None or self._known[0] != facts:
            digest = await self.desk.coordinator.put("\n".join(facts).encode())
            self._known = (facts, digest)
        return self._known[1]

    async def _submit(self, item: Submission) -> None:
        lease = self.lease
        tree = await self._kept(item.changes)
        assert tree is not None
        touched = tuple(path.decode("utf-8", "backslashreplace") for path in item.changes.paths)
        await self.desk.send(
            SubmitWork(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                tree=tree,
                title=item.title,
                why=item.why,
                alternatives=item.alternatives,
                touched=touched,
                spent=self.workbench.meter.spent,
            )
        )

    async def _ask(self, item: Question) -> None:
        """What was done since the last step waits for the answer too."""
        lease = self.lease
        await self.desk.send(
            Ask(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                text=item.text.strip()[:MOST_ASKED] or "how shall I go on?",
                spent=self.workbench.meter.spent,
                tree=await self._kept(item.changes),
                checkpoint=await self._checkpoint(),
            )
        )

    async def _split(self, item: Split) -> None:
        lease = self.lease
        await self.desk.send(
            SplitTask(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                reason=item.reason,
                parts=item.parts,
                spent=self.workbench.meter.spent,
            )
        )

    async def _give_up(self, item: GaveUp) -> None:
        lease, member = self.lease, self.member
        await member.knowledge.note_failure(lease, member.card.strategy, item.reason)
        await self.desk.send(
            GiveUp(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                reason=item.reason,
                spent=self.workbench.meter.spent,
            )
        )
