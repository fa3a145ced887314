"""The agents of a host, each with its card, and how an agent of each role carries out a lease."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from swarm.actors.clock import Clock
from swarm.actors.knowledge import Knowledge
from swarm.actors.ports import CoordinatorPort, Lease
from swarm.actors.reporting import Desk
from swarm.actors.workbench import HostWorkbench
from swarm.agents.public_api import (
    CheckAssignment,
    Checked,
    Checker,
    Plan,
    ThinkingChecker,
    Workbench,
)
from swarm.coordination.public_api import (
    ReportCheck,
    ReportPlan,
)
from swarm.domain.ballots import Ballot, Choice, VoterRole
from swarm.domain.bids import AgentCard
from swarm.domain.canonical import canonical
from swarm.domain.errors import Rejected
from swarm.domain.evidence import CheckReport, Evidence, SuiteRun
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, TestId
from swarm.domain.tasks import Verdict
from swarm.engines.public_api import Engine
from swarm.identity.public_api import Signer, verify_event
from swarm.quorum.public_api import cast, read_ballot

_CHOICES: dict[Verdict, Choice] = {"yes": "yes", "no": "no", "unknown": "abstain"}


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
    critics: tuple[ThinkingChecker, ...] = ()
    """Reviewers that ask a model."""


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


def voided_of(lease: Lease) -> tuple[TestId, ...]:
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
                prompt=plan.prompt,
                spent=workbench.meter.spent + plan.cost,
            )
        )


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
        told = {"evidence": digest, "blocked": workbench.blocked}
        report = checked.report.model_copy(update=told)
        await desk.send(
            ReportCheck(
                attempt_id=lease.attempt_id,
                epoch=lease.epoch,
                report=report,
                ballot=self._ballot(lease, report),
                spent=workbench.meter.spent + checked.cost,
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
            voided=voided_of(lease),
            budget=lease.budget,
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
