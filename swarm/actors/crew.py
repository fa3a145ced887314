"""The agents of a host, each with its card, and how an agent of each role carries out a lease."""

from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from swarm.actors.clock import Clock
from swarm.actors.knowledge import Knowledge
from swarm.actors.ports import CoordinatorPort, Lease
from swarm.actors.reporting import Desk
from swarm.actors.workbench import HostWorkbench
from swarm.agents.public_api import CheckAssignment, Checked, Checker, Plan, Workbench
from swarm.coordination.public_api import (
    Ask,
    DeliverGuidance,
    GiveUp,
    RecordStep,
    ReportCheck,
    ReportPlan,
    SubmitWork,
)
from swarm.domain.ballots import Ballot, Choice, VoterRole
from swarm.domain.bids import AgentCard
from swarm.domain.canonical import canonical
from swarm.domain.changes import Changes
from swarm.domain.errors import Rejected
from swarm.domain.evidence import CheckReport, Evidence, SuiteRun
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, TestId
from swarm.domain.tasks import Step, Verdict
from swarm.engines.public_api import (
    Assignment,
    Done,
    Engine,
    GaveUp,
    Question,
    StepTaken,
    Submission,
)
from swarm.identity.public_api import Signer, verify_event
from swarm.quorum.public_api import cast, read_ballot

_CHOICES: dict[Verdict, Choice] = {"yes": "yes", "no": "no", "unknown": "abstain"}
SECONDS_PER_HOUR = 3600
MOST_ASKED = 4_000
"""Characters of a question."""


class Planner(Protocol):
    """Turns a goal into contracts, or says why there are none. `at`: seconds since 1970."""

    async def plan(self, goal: Goal, workbench: Workbench, *, at: int) -> Plan: ...


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays which role, before anybody has a card."""

    planner: Planner
    engines: tuple[Engine, ...]
    testers: tuple[Checker, ...]
    reviewers: tuple[Checker, ...]


class Member(Protocol):
    @property
    def card(self) -> AgentCard: ...
    async def carry_out(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> None: ...


@dataclass(frozen=True, slots=True)
class Crew:
    members: tuple[Member, ...]

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def member(self, agent_id: AgentId) -> Member:
        for member in self.members:
            if member.card.agent_id == agent_id:
                return member
        raise Rejected(f"there is no agent {agent_id} on this host")


async def base_run_of(lease: Lease, coordinator: CoordinatorPort) -> SuiteRun:
    if lease.base_run is None:
        raise Rejected("the goal has no plan yet")
    return SuiteRun.model_validate_json(await coordinator.get(lease.base_run))


def _voided(lease: Lease) -> tuple[TestId, ...]:
    return tuple(TestId(test) for test in lease.voided)


# Planners ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlannerMember:
    card: AgentCard
    planner: Planner
    knowledge: Knowledge

    async def carry_out(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> None:
        at = self.knowledge.clock.now() // 1000
        plan = await self.planner.plan(lease.goal, workbench, at=at)
        await self.knowledge.share(lease.goal.repository, plan.facts)
        base_run = await desk.coordinator.put(plan.base_run.model_dump_json().encode())
        await desk.send(
            ReportPlan(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                contracts=plan.contracts,
                base_run=base_run,
                voided=plan.voided,
                refusal=plan.refusal,
                spent=workbench.meter.spent,
            )
        )


# Writers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WriterMember:
    card: AgentCard
    engine: Engine
    knowledge: Knowledge
    cpu_hour: int

    async def carry_out(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> None:
        assignment = await self._assignment(lease, workbench, desk.coordinator)
        done = [
            Done(number, step.action, await desk.coordinator.get(step.result))
            for number, step in enumerate(lease.done, start=1)
        ]
        said = [*await self.knowledge.recall(lease), *await _heard(lease, desk)]
        async with workbench.sandbox(lease.base_tree) as sandbox:
            work = self.engine.work(
                assignment, sandbox, tuple(done), lambda: _taken(said), lease.budget
            )
            async with aclosing(work) as items:  # type: ignore[type-var]
                number = lease.own_steps
                async for item in items:
                    number += 1
                    if isinstance(item, StepTaken):
                        said.extend(await self._record(lease, number, item, desk))
                        continue
                    await self._finish(lease, number, item, workbench, desk)
                    return

    async def _assignment(
        self, lease: Lease, workbench: HostWorkbench, coordinator: CoordinatorPort
    ) -> Assignment:
        return Assignment(
            contract=lease.contract,
            environment=lease.goal.environment,
            base_run=await base_run_of(lease, coordinator),
            findings=lease.findings,
            refused=await _refused(lease, workbench),
            voided=frozenset(_voided(lease)),
            cpu_price=self.cpu_hour // SECONDS_PER_HOUR,
        )

    async def _record(
        self, lease: Lease, number: int, item: StepTaken, desk: Desk
    ) -> tuple[str, ...]:
        tree = None
        if item.changes:
            tree = await desk.coordinator.keep_tree(
                lease.attempt_id, number, lease.base_tree, item.changes
            )
        step = Step(
            number=number,
            action=item.action[:500],
            result=await desk.coordinator.put(item.result),
            cost=item.cost,
            seconds_ms=int(item.seconds * 1000),
            tree=tree,
        )
        return await desk.send(
            RecordStep(attempt_id=lease.attempt_id, epoch=lease.epoch, step=step)
        )

    async def _finish(
        self,
        lease: Lease,
        number: int,
        item: Submission | Question | GaveUp,
        workbench: HostWorkbench,
        desk: Desk,
    ) -> None:
        spent = workbench.meter.spent
        if isinstance(item, Submission):
            await self._submit(lease, number, item, spent, desk)
            return
        attempt_id, epoch = lease.attempt_id, lease.epoch
        if isinstance(item, Question):
            text = item.text.strip()[:MOST_ASKED] or "how shall I go on?"
            await desk.send(Ask(attempt_id=attempt_id, epoch=epoch, text=text, spent=spent))
            return
        await self.knowledge.note_failure(lease, self.card.strategy, item.reason)
        await desk.send(GiveUp(attempt_id=attempt_id, epoch=epoch, reason=item.reason, spent=spent))

    async def _submit(
        self, lease: Lease, number: int, item: Submission, spent: int, desk: Desk
    ) -> None:
        tree = await desk.coordinator.keep_tree(
            lease.attempt_id, number, lease.base_tree, item.changes
        )
        touched = tuple(path.decode("utf-8", "backslashreplace") for path in item.changes.paths)
        await desk.send(
            SubmitWork(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                tree=tree,
                title=item.title,
                why=item.why,
                alternatives=item.alternatives,
                touched=touched,
                spent=spent,
            )
        )


async def _refused(lease: Lease, workbench: HostWorkbench) -> tuple[Changes, ...]:
    return tuple([await workbench.changes(lease.base_tree, tree) for tree in lease.refused])


async def _heard(lease: Lease, desk: Desk) -> tuple[str, ...]:
    """What was said before the work began, and noted as delivered."""
    if not lease.said:
        return ()
    upto = len(lease.said)
    deliver = DeliverGuidance(attempt_id=lease.attempt_id, epoch=lease.epoch, upto=upto)
    return (*lease.said, *await desk.send(deliver))


def _taken(said: list[str]) -> tuple[str, ...]:
    """What was said since the last call."""
    lines = tuple(said)
    said.clear()
    return lines


# Testers and reviewers --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckerMember:
    card: AgentCard
    checker: Checker
    signer: Signer
    clock: Clock

    async def carry_out(self, lease: Lease, workbench: HostWorkbench, desk: Desk) -> None:
        assert lease.contract.subject is not None
        checked = await self._checked(lease, workbench, desk.coordinator)
        digest = await desk.coordinator.put(canonical(checked.evidence))
        report = checked.report.model_copy(update={"evidence": digest})
        await desk.send(
            ReportCheck(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                report=report,
                ballot=self._ballot(lease, report),
                spent=workbench.meter.spent,
            )
        )

    async def _checked(
        self, lease: Lease, workbench: HostWorkbench, coordinator: CoordinatorPort
    ) -> Checked:
        assert lease.contract.subject is not None
        if lease.evidence is not None:
            return _known(Evidence.model_validate_json(await coordinator.get(lease.evidence)))
        assignment = CheckAssignment(
            subject=lease.contract.subject,
            contract=lease.contract,
            base_run=await base_run_of(lease, coordinator),
            voided=_voided(lease),
        )
        return await self.checker.check(assignment, workbench)

    def _ballot(self, lease: Lease, report: CheckReport) -> Ballot | None:
        """The vote, signed, over exactly the subject that the round was opened for."""
        subject = lease.contract.subject
        if subject is None or subject.ballot_subject is None:
            return None
        role: VoterRole = "tester" if self.card.role == "tester" else "reviewer"
        draft = cast(
            self.card.agent_id,
            role,
            subject.ballot_subject,
            _CHOICES[report.verdict],
            report.evidence,
        )
        tags = [list(tag) for tag in draft.tags]
        event = self.signer.sign_event(draft.kind, draft.content, tags, self.clock.now() // 1000)
        return read_ballot(event, verify_event)


def _known(evidence: Evidence) -> Checked:
    """The same tree over the same base was executed before; its evidence stands."""
    report = CheckReport(
        verdict=evidence.verdict,
        findings=evidence.findings,
        evidence=evidence.hash,
        summary="executed before on exactly this tree",
    )
    return Checked(report, evidence)
