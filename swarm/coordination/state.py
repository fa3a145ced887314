"""What a goal, its tasks and their attempts are at one moment.

A task's phase is a union of small values, each with only the fields that exist in it. Everything is
immutable; `evolve` makes the next value from the last. Without slots, so that `replacing` can take all
fields over at once: of what a rebuild of 100,000 events costs, that is a third.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from swarm.domain.ballots import Ballot, Certificate, Policy, Subject
from swarm.domain.clearings import Clearing
from swarm.domain.events import (
    Cause,
    Piece,
    PublicationDone,
    PublicationIntended,
    PublicationWithdrawn,
)
from swarm.domain.evidence import CheckReport
from swarm.domain.goals import Goal, GoalStatus
from swarm.domain.names import (
    AgentId,
    AttemptId,
    CommandId,
    CommitHash,
    Digest,
    GoalId,
    HostId,
    Principal,
    TaskId,
    TestId,
    TreeHash,
)
from swarm.domain.purchases import Purchase
from swarm.domain.tasks import AttemptOutcome, Checkpoint, Contract, Finding, Step, TaskKind
from swarm.market.public_api import Failure

# Attempts ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What an attempt left behind, so that it can be gone on with."""

    tree: TreeHash | None
    """The working tree; None = as it was at the beginning."""

    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class Attempt:
    """One award carried out."""

    attempt_id: AttemptId
    task_id: TaskId
    agent_id: AgentId
    host: HostId
    strategy: str
    family: str
    principal: Principal
    epoch: int
    price: int
    seconds: int
    probability_used: int
    reserved: int
    duration_ms: int
    granted_at: int
    outcome: AttemptOutcome = "working"
    steps: tuple[Step, ...] = ()
    guided: int = 0
    """So many guiding texts had been heard when its last step was done."""

    left: World | None = None
    """As of its last step, or of its question."""

    spent: int = 0
    ended_at: int = 0
    tree: TreeHash | None = None
    title: str = ""
    why: str = ""
    alternatives: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    report: CheckReport | None = None
    reason: str = ""
    question: str = ""

    @property
    def is_live(self) -> bool:
        return self.outcome == "working"


# Tasks ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """Announced; waits for an award."""


@dataclass(frozen=True)
class Leased:
    attempt_id: AttemptId


@dataclass(frozen=True)
class SentBack:
    """The same agent is to go on with what was found, or said."""

    attempt_id: AttemptId


@dataclass(frozen=True)
class Asked:
    """A human is to answer; then the same agent is to go on."""

    attempt_id: AttemptId
    question: str


@dataclass(frozen=True)
class Submitted:
    """A tree waits for its checks."""

    attempt_id: AttemptId
    tree: TreeHash


@dataclass(frozen=True)
class Accepted:
    attempt_id: AttemptId
    tree: TreeHash


@dataclass(frozen=True)
class Answered:
    """A plan or a check that has its answer."""

    attempt_id: AttemptId


@dataclass(frozen=True)
class Dropped:
    reason: str
    parts: tuple[TaskId, ...] = ()
    """The tasks that stand in its place; then nothing of it is lost by this alone."""


Phase = Open | Leased | SentBack | Asked | Submitted | Accepted | Answered | Dropped


@dataclass(frozen=True)
class Task:
    contract: Contract
    phase: Phase = Open()
    attempts: tuple[AttemptId, ...] = ()
    failures: tuple[Failure, ...] = ()
    findings: tuple[Finding, ...] = ()
    refused: tuple[TreeHash, ...] = ()
    rounds: int = 0
    """How often the present agent's work was sent back."""

    base: TreeHash | None = None
    """The joined tree it is done on after a clash; None = the goal's base."""

    reopened: int = 0
    since: int = 0
    """So many attempts were made before it was last reopened; their steps are for another base."""

    clearing: Clearing | None = None
    """The last one that spoke of it."""

    purchase: Purchase | None = None
    """Of the first check of a submission: all that were bought of it."""

    @property
    def is_final(self) -> bool:
        return isinstance(self.phase, Accepted | Answered | Dropped)


# Goals ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Joined:
    pieces: tuple[Piece, ...]
    tree: TreeHash
    head: CommitHash


@dataclass(frozen=True)
class Publication:
    """What stands at the forge while a follow-up is worked on."""

    joined: Joined
    certificate: Certificate | None
    intended: PublicationIntended | None
    published: PublicationDone


@dataclass(frozen=True)
class FollowUp:
    """What came after the pull request, and the task that it became."""

    task_id: TaskId
    head: CommitHash
    about: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """A vote over one tree."""

    subject: Subject
    policy: Policy
    authors: tuple[Principal, ...]
    ballots: tuple[Ballot, ...] = ()
    denied: str = ""


@dataclass(frozen=True)
class Mark:
    """One step of a goal, by its number the place to go back to."""

    attempt_id: AttemptId
    step: Step
    before: int
    """Number of the step that was done before it; 0 for the first."""

    at: int
    then: "GoalState"
    """When it was done, without its marks."""


@dataclass(frozen=True)
class GoalState:
    goal: Goal
    submitted_at: int
    status: GoalStatus = GoalStatus.QUEUED
    reason: str = ""
    cause: Cause = ""
    ended_at: int = 0
    touched_at: int = 0
    """Time of the last event."""

    paused: bool = False
    stopped: bool = False
    vetoed: str = ""
    commands: frozenset[CommandId] = frozenset()
    guidance: tuple[str, ...] = ()
    tasks: Mapping[TaskId, Task] = field(default_factory=dict)
    """In plan order."""

    attempts: Mapping[AttemptId, Attempt] = field(default_factory=dict)
    epoch: int = 0
    base_run: Digest | None = None
    voided: tuple[TestId, ...] = ()
    refusal: str = ""
    joined: Joined | None = None
    rounds: tuple[Round, ...] = ()
    certificate: Certificate | None = None
    intended: PublicationIntended | None = None
    published: PublicationDone | None = None
    withdrawn: PublicationWithdrawn | None = None
    landed: str = ""
    """`merged` or `closed`, once a human has decided; `reverted`, when it was taken back since."""

    before: Publication | None = None
    """Set while a follow-up is worked on."""

    follow_ups: tuple[FollowUp, ...] = ()

    marks: tuple[Mark, ...] = ()
    """Its steps by number, from 1."""

    now_at: int = 0
    """Number of the step it stands at."""

    timed_from: int = 0
    """Its time counts from here, where a human went back; 0: from its beginning."""

    gaps: tuple[tuple[int, int], ...] = ()
    """From the step that was gone back to until then: what was learned between is not known here."""

    of: GoalId | None = None
    """The goal whose record it began with."""

    @property
    def round(self) -> Round | None:
        return self.rounds[-1] if self.rounds else None

    @property
    def questions(self) -> tuple[tuple[TaskId, str], ...]:
        """What agents wait for an answer to, with the task that waits."""
        return tuple(
            (task.contract.task_id, task.phase.question)
            for task in self.tasks.values()
            if isinstance(task.phase, Asked)
        )

    @property
    def only_waits(self) -> bool:
        """Nothing goes on before a human plays it or answers."""
        if self.status.is_final:
            return False
        return self.paused or (bool(self.questions) and not any(self.live()))

    @property
    def is_refused(self) -> bool:
        """A human said no to all of it."""
        return self.stopped or bool(self.vetoed)

    @property
    def opened(self) -> PublicationDone | None:
        """The pull request as it stands at the forge."""
        return self.published or (self.before.published if self.before else None)

    @property
    def is_undecided(self) -> bool:
        """The pull request is open, and no human has merged or closed it."""
        return self.published is not None and not self.landed

    @property
    def spent(self) -> int:
        return sum(attempt.spent for attempt in self.attempts.values())

    @property
    def reserved(self) -> int:
        """What live attempts may still spend."""
        return sum(max(a.reserved - a.spent, 0) for a in self.attempts.values() if a.is_live)

    @property
    def free(self) -> int:
        return self.goal.budget - self.spent - self.reserved

    def of_kind(self, kind: TaskKind) -> Iterator[Task]:
        return (task for task in self.tasks.values() if task.contract.kind is kind)

    def live(self) -> Iterator[Attempt]:
        return (attempt for attempt in self.attempts.values() if attempt.is_live)

    def checks_of(self, task_id: TaskId | None, tree: TreeHash, round_: int) -> tuple[Task, ...]:
        """The test and review tasks about one tree; `None` = about the goal's joined tree."""
        return tuple(
            task
            for task in self.tasks.values()
            if (subject := task.contract.subject) is not None
            and subject.of == task_id
            and subject.tree == tree
            and subject.round == round_
        )
