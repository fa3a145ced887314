"""The catalogue of everything that can have happened. Tags are permanent: add, never rename.

An event is a fact in the past tense. Times (`at`, milliseconds since 1970) and ids are given to it.
The state of the system is the fold of these events and nothing else.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from swarm.domain.ballots import Ballot, Certificate, Policy, Subject
from swarm.domain.clearings import Clearing
from swarm.domain.evidence import CheckReport
from swarm.domain.experience import Experience
from swarm.domain.frozen import Frozen
from swarm.domain.goals import Goal, GoalStatus
from swarm.domain.money import MicroUsd, Ppm
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
from swarm.domain.tasks import Checkpoint, Contract, Finding, Step, TaskKind

Cause = Literal["", "budget", "time", "environment"]


class Recorded(Frozen):
    """What every event has."""

    at: int
    goal_id: GoalId | None = None


# The coordinator and its commands ---------------------------------------------------------------


class CoordinatorStarted(Recorded):
    type: Literal["coordinator.started"] = "coordinator.started"
    version: str
    runtime: str


class GoalSubmitted(Recorded):
    type: Literal["goal.submitted"] = "goal.submitted"
    goal_id: GoalId
    goal: Goal


class GoalGuided(Recorded):
    """A human said something to the agents that work on the goal."""

    type: Literal["goal.guided"] = "goal.guided"
    goal_id: GoalId
    command_id: CommandId
    text: str


class GoalPaused(Recorded):
    type: Literal["goal.paused"] = "goal.paused"
    goal_id: GoalId
    command_id: CommandId


class GoalPlayed(Recorded):
    type: Literal["goal.played"] = "goal.played"
    goal_id: GoalId
    command_id: CommandId


class GoalRolledBack(Recorded):
    """A human went back to one of its steps: all that came later is undone, and it goes on from there."""

    type: Literal["goal.rolled_back"] = "goal.rolled_back"
    goal_id: GoalId
    command_id: CommandId
    step: int


class GoalReplayed(Recorded):
    """A new goal begins with another one's record up to a step, as if it had been there itself."""

    type: Literal["goal.replayed"] = "goal.replayed"
    goal_id: GoalId
    command_id: CommandId
    of: GoalId
    step: int


class GoalStopped(Recorded):
    """A human wants no more work on it."""

    type: Literal["goal.stopped"] = "goal.stopped"
    goal_id: GoalId
    command_id: CommandId


class GoalVetoed(Recorded):
    """A human's no: no quorum can outvote it."""

    type: Literal["goal.vetoed"] = "goal.vetoed"
    goal_id: GoalId
    command_id: CommandId
    reason: str


class GoalEnded(Recorded):
    type: Literal["goal.ended"] = "goal.ended"
    goal_id: GoalId
    status: GoalStatus
    reason: str
    cause: Cause = ""


# Tasks, leases, work ----------------------------------------------------------------------------


class TaskAnnounced(Recorded):
    type: Literal["task.announced"] = "task.announced"
    goal_id: GoalId
    contract: Contract
    purchase: Purchase | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of the first check of a submission: which checks were bought of it, and why so many."""


class MarketCleared(Recorded):
    """The numbers that a decision was made with."""

    type: Literal["market.cleared"] = "market.cleared"
    goal_id: GoalId
    clearing: Clearing


class ExperienceGained(Recorded):
    """What is believed of an agent from now on, by the outcome of one task."""

    type: Literal["market.learned"] = "market.learned"
    task_id: TaskId
    agent_id: AgentId
    """`class:ENGINE` for what all agents of an engine have in common."""

    kind: TaskKind
    experience: Experience


class LeaseGranted(Recorded):
    """An award in force. `epoch` is the fencing token: it only grows within a goal."""

    type: Literal["lease.granted"] = "lease.granted"
    goal_id: GoalId
    attempt_id: AttemptId
    agent_id: AgentId
    host: HostId
    strategy: str
    family: str
    principal: Principal
    epoch: int
    price: MicroUsd
    seconds: int
    probability_used: Ppm
    reserved: MicroUsd
    duration_ms: int


class LeaseExpired(Recorded):
    type: Literal["lease.expired"] = "lease.expired"
    goal_id: GoalId
    attempt_id: AttemptId
    reason: str


class StepRecorded(Recorded):
    type: Literal["step.recorded"] = "step.recorded"
    goal_id: GoalId
    attempt_id: AttemptId
    step: Step


class GuidanceDelivered(Recorded):
    type: Literal["guidance.delivered"] = "guidance.delivered"
    goal_id: GoalId
    attempt_id: AttemptId
    upto: int
    """So many of the goal's guiding texts have reached this attempt."""


class QuestionAsked(Recorded):
    """An agent cannot go on without a human's word. What a human says next is the answer; until then
    nobody holds the task.
    """

    type: Literal["question.asked"] = "question.asked"
    goal_id: GoalId
    attempt_id: AttemptId
    text: str
    spent: MicroUsd
    tree: TreeHash | None = None
    """The working tree when it asked, where it changed since the last step."""

    checkpoint: Checkpoint | None = None


class PlanMade(Recorded):
    type: Literal["plan.made"] = "plan.made"
    goal_id: GoalId
    attempt_id: AttemptId
    contracts: tuple[Contract, ...]
    base_run: Digest
    """Blob: the suite's run on the base."""

    voided: tuple[TestId, ...]
    refusal: str
    prompt: str = ""
    """Name and version of what a model was told; empty where none was asked."""

    spent: MicroUsd


class WorkSubmitted(Recorded):
    type: Literal["work.submitted"] = "work.submitted"
    goal_id: GoalId
    attempt_id: AttemptId
    tree: TreeHash
    title: str
    why: str
    alternatives: tuple[str, ...]
    touched: tuple[str, ...]
    spent: MicroUsd


class WorkGivenUp(Recorded):
    type: Literal["work.given_up"] = "work.given_up"
    goal_id: GoalId
    attempt_id: AttemptId
    reason: str
    spent: MicroUsd


class AttemptFailed(Recorded):
    """Something broke in the agent or its host: a bug, or an error it could not go on from."""

    type: Literal["attempt.failed"] = "attempt.failed"
    goal_id: GoalId
    attempt_id: AttemptId
    error: str
    message: str
    trace: str
    spent: MicroUsd


class CheckReported(Recorded):
    type: Literal["check.reported"] = "check.reported"
    goal_id: GoalId
    attempt_id: AttemptId
    report: CheckReport
    ballot: Ballot | None
    spent: MicroUsd


class TaskAccepted(Recorded):
    type: Literal["task.accepted"] = "task.accepted"
    goal_id: GoalId
    task_id: TaskId
    attempt_id: AttemptId
    tree: TreeHash


class TaskSentBack(Recorded):
    """A check said no, with evidence. `round` counts from 1; within the limit the same agent goes on."""

    type: Literal["task.sent_back"] = "task.sent_back"
    goal_id: GoalId
    task_id: TaskId
    attempt_id: AttemptId
    round: int
    findings: tuple[Finding, ...]


class TaskReopened(Recorded):
    """Joined with the others the patch conflicts or is red: it is done again on top of them."""

    type: Literal["task.reopened"] = "task.reopened"
    goal_id: GoalId
    task_id: TaskId
    onto: TreeHash
    reason: str
    findings: tuple[Finding, ...]


class TaskDropped(Recorded):
    type: Literal["task.dropped"] = "task.dropped"
    goal_id: GoalId
    task_id: TaskId
    reason: str
    parts: tuple[TaskId, ...] = ()
    """The tasks that it was split into, which stand in its place."""


# Joining, voting, publishing --------------------------------------------------------------------


class Piece(Frozen):
    """One accepted task in the joined tree."""

    task_id: TaskId
    attempt_id: AttemptId
    tree: TreeHash
    """The joined tree up to and including this task."""


class GoalJoined(Recorded):
    type: Literal["goal.joined"] = "goal.joined"
    goal_id: GoalId
    pieces: tuple[Piece, ...]
    tree: TreeHash
    head: CommitHash


class RoundOpened(Recorded):
    """A vote over exactly one tree begins. A new tree is a new round."""

    type: Literal["round.opened"] = "round.opened"
    goal_id: GoalId
    subject: Subject
    policy: Policy
    authors: tuple[Principal, ...]


class QuorumReached(Recorded):
    type: Literal["quorum.reached"] = "quorum.reached"
    goal_id: GoalId
    certificate: Certificate


class QuorumDenied(Recorded):
    type: Literal["quorum.denied"] = "quorum.denied"
    goal_id: GoalId
    round: int
    reason: str
    equivocators: tuple[Principal, ...] = ()
    """Who signed two choices."""


class PublicationIntended(Recorded):
    type: Literal["publication.intended"] = "publication.intended"
    goal_id: GoalId
    branch: str
    head: CommitHash
    tree: TreeHash
    title: str
    body: Digest
    partial: bool


class PublicationDone(Recorded):
    type: Literal["publication.done"] = "publication.done"
    goal_id: GoalId
    number: int
    branch: str
    head: CommitHash


class PublicationWithdrawn(Recorded):
    """A human's no came after the intent and before the pull request was on record."""

    type: Literal["publication.withdrawn"] = "publication.withdrawn"
    goal_id: GoalId
    number: int | None
    """The pull request that had been opened already, and is closed now."""


class PullRequestMerged(Recorded):
    type: Literal["pull_request.merged"] = "pull_request.merged"
    goal_id: GoalId
    number: int
    how: str


class PullRequestClosed(Recorded):
    type: Literal["pull_request.closed"] = "pull_request.closed"
    goal_id: GoalId
    number: int


class PullRequestReverted(Recorded):
    """What was merged was taken back: the last word after the last."""

    type: Literal["pull_request.reverted"] = "pull_request.reverted"
    goal_id: GoalId
    number: int
    commit: str
    """The commit that says so."""


class FollowUpOpened(Recorded):
    """What came after the pull request (a red check, a review that asks for changes) became a task: the
    goal goes on, and what it published stands meanwhile.
    """

    type: Literal["follow_up.opened"] = "follow_up.opened"
    goal_id: GoalId
    contract: Contract
    findings: tuple[Finding, ...]
    head: CommitHash
    """What was checked and read."""

    about: tuple[str, ...]
    """Names of what was found (`ci:tests`): the same is not followed up twice for one commit."""


Event = Annotated[
    CoordinatorStarted
    | GoalSubmitted
    | GoalGuided
    | GoalPaused
    | GoalPlayed
    | GoalRolledBack
    | GoalReplayed
    | GoalStopped
    | GoalVetoed
    | GoalEnded
    | TaskAnnounced
    | MarketCleared
    | ExperienceGained
    | LeaseGranted
    | LeaseExpired
    | StepRecorded
    | GuidanceDelivered
    | QuestionAsked
    | PlanMade
    | WorkSubmitted
    | WorkGivenUp
    | AttemptFailed
    | CheckReported
    | TaskAccepted
    | TaskSentBack
    | TaskReopened
    | TaskDropped
    | GoalJoined
    | RoundOpened
    | QuorumReached
    | QuorumDenied
    | PublicationIntended
    | PublicationDone
    | PublicationWithdrawn
    | PullRequestMerged
    | PullRequestClosed
    | PullRequestReverted
    | FollowUpOpened,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
