"""One event as one line, for the live view, for plain output and for the log. Pure.

Events that only repeat what another says (an announcement of a check, its award) have no line.
"""

from dataclasses import dataclass
from typing import assert_never

from swarm.cli.words import count, lasted, legible, money, percent, short
from swarm.coordination.public_api import GoalState
from swarm.domain.events import (
    AttemptFailed,
    CheckReported,
    CoordinatorStarted,
    Event,
    ExperienceGained,
    FollowUpOpened,
    GoalEnded,
    GoalGuided,
    GoalJoined,
    GoalPaused,
    GoalPlayed,
    GoalReplayed,
    GoalRolledBack,
    GoalStopped,
    GoalSubmitted,
    GoalVetoed,
    GuidanceDelivered,
    LeaseExpired,
    LeaseGranted,
    MarketCleared,
    PlanMade,
    PublicationDone,
    PublicationIntended,
    PublicationWithdrawn,
    PullRequestClosed,
    PullRequestMerged,
    PullRequestReverted,
    QuestionAsked,
    QuorumDenied,
    QuorumReached,
    RoundOpened,
    StepRecorded,
    TaskAccepted,
    TaskAnnounced,
    TaskDropped,
    TaskReopened,
    TaskSentBack,
    WorkGivenUp,
    WorkSubmitted,
)
from swarm.domain.goals import GoalStatus
from swarm.domain.names import AttemptId, task_of
from swarm.domain.tasks import Finding, TaskKind


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    style: str = ""


def line(event: Event, state: GoalState | None) -> Line | None:
    """What the event says to a person; `state` is the goal's state after it."""
    if isinstance(event, CoordinatorStarted):
        return Line(f"swarm {legible(event.version)} takes up its work ({event.runtime})", "dim")
    if state is None:
        return None
    found = _said(event, state)
    return None if found is None else Line(legible(found.text, 300), found.style)


def _said(event: Event, state: GoalState) -> Line | None:
    match event:
        case GoalSubmitted() | GoalGuided() | GoalPaused() | GoalPlayed() | GoalStopped():
            return _human(event)
        case GoalRolledBack() | GoalReplayed():
            return _returned(event, state)
        case GoalVetoed():
            return Line(f"vetoed by a human: {event.reason}", "yellow")
        case TaskAnnounced() | MarketCleared() | LeaseGranted():
            return _market(event, state)
        case StepRecorded() | GuidanceDelivered() | PlanMade() | WorkSubmitted():
            return _work(event, state)
        case QuestionAsked():
            name = _name(event.attempt_id)
            how = f'answer: swarm say {event.goal_id} "..."'
            return Line(f"{name} asks: {event.text} ({how})", "bold yellow")
        case WorkGivenUp() | AttemptFailed() | LeaseExpired():
            return _fallen(event, state)
        case CheckReported():
            return _checked(event, state)
        case TaskAccepted() | TaskSentBack() | TaskReopened() | TaskDropped():
            return _judged(event)
        case GoalJoined() | RoundOpened() | QuorumReached() | QuorumDenied():
            return _voted(event)
        case PublicationIntended() | PublicationDone() | PublicationWithdrawn():
            return _published(event)
        case PullRequestMerged() | PullRequestClosed() | PullRequestReverted():
            return _decided(event)
        case FollowUpOpened():
            return Line(f"goes on: {', '.join(event.about)}; {_found(event.findings)}", "yellow")
        case GoalEnded():
            return Line(f"{event.status}: {event.reason}", _END_STYLES[event.status])
        case CoordinatorStarted() | ExperienceGained():
            return None
        case _:
            assert_never(event)


_END_STYLES = {
    **dict.fromkeys(GoalStatus, "yellow"),
    GoalStatus.DONE: "bold green",
    GoalStatus.FAILED: "bold red",
}


def _human(
    event: GoalSubmitted | GoalGuided | GoalPaused | GoalPlayed | GoalStopped,
) -> Line:
    match event:
        case GoalSubmitted():
            return Line(f"goal {event.goal_id}: {event.goal.text}", "bold")
        case GoalGuided():
            return Line(f"you said: {event.text}", "cyan")
        case GoalPaused():
            return Line(f"paused; to go on: swarm play {event.goal_id}", "yellow")
        case GoalPlayed():
            return Line("goes on", "cyan")
        case GoalStopped():
            return Line("stopped by a human", "yellow")


def _market(event: TaskAnnounced | MarketCleared | LeaseGranted, state: GoalState) -> Line | None:
    match event:
        case TaskAnnounced():
            if event.contract.kind is not TaskKind.WRITE:
                return None
            return Line(f"{short(event.contract.task_id)} announced: {event.contract.title}")
        case MarketCleared():
            return _awards(event, state)
        case LeaseGranted():
            task = state.tasks[task_of(event.attempt_id)]
            if task.contract.kind is not TaskKind.WRITE:
                return None
            again = len(task.attempts) > 1
            verb = f"tries again ({len(task.attempts)})" if again else "begins"
            return Line(f"{short(task.contract.task_id)} {event.agent_id} {verb}", "cyan")


def _awards(event: MarketCleared, state: GoalState) -> Line | None:
    told = []
    for award in event.clearing.awards:
        if state.tasks[award.task_id].contract.kind is TaskKind.WRITE:
            bids = sum(score.task_id == award.task_id for score in event.clearing.scores)
            told.append(
                f"{short(award.task_id)} goes to {award.agent_id} ({award.strategy}) at"
                f" {money(award.price)}, chance {percent(award.probability_used)},"
                f" of {count(bids, 'bid')}"
            )
    return Line("; ".join(told), "magenta") if told else None


def _returned(event: GoalRolledBack | GoalReplayed, state: GoalState) -> Line:
    action = state.marks[event.step - 1].step.action
    match event:
        case GoalRolledBack():
            return Line(f"back at step {event.step}: {action}", "yellow")
        case GoalReplayed():
            begins = f"goal {event.goal_id} begins where {event.of} was at step {event.step}"
            return Line(f"{begins}: {action}", "bold")


def _work(
    event: StepRecorded | GuidanceDelivered | PlanMade | WorkSubmitted, state: GoalState
) -> Line:
    name = _name(event.attempt_id)
    match event:
        case StepRecorded():
            took = lasted(event.step.seconds_ms)
            return Line(f"{name} step {state.now_at}: {event.step.action} ({took})", "dim")
        case GuidanceDelivered():
            return Line(f"{name} has heard what you said", "cyan")
        case PlanMade():
            if event.refusal:
                return Line(f"no plan: {event.refusal}", "yellow")
            return Line(f"the plan has {count(len(event.contracts), 'task')}")
        case WorkSubmitted():
            paths = ", ".join(event.touched[:4])
            return Line(f"{name} submitted: {event.title} ({paths})")


def _fallen(event: WorkGivenUp | AttemptFailed | LeaseExpired, state: GoalState) -> Line | None:
    name, agent = _name(event.attempt_id), state.attempts[event.attempt_id].agent_id
    match event:
        case WorkGivenUp():
            return Line(f"{name} {agent} gives up: {event.reason}", "yellow")
        case AttemptFailed():
            return Line(f"{name} {agent} broke: {event.error}: {event.message}", "red")
        case LeaseExpired():
            return Line(f"{name} {agent} lost its lease: {event.reason}", "yellow")


_VERDICT_STYLES = {"yes": "green", "no": "red", "unknown": "yellow"}


def _checked(event: CheckReported, state: GoalState) -> Line:
    attempt = state.attempts[event.attempt_id]
    contract = state.tasks[attempt.task_id].contract
    of = contract.subject.of if contract.subject is not None else None
    about = short(of) if of else "the whole"
    verb = "votes" if event.ballot is not None else "says"
    what = event.ballot.choice if event.ballot is not None else event.report.verdict
    return Line(
        f"{about} {attempt.agent_id} {verb} {what}: {event.report.summary}",
        _VERDICT_STYLES[event.report.verdict],
    )


def _judged(event: TaskAccepted | TaskSentBack | TaskReopened | TaskDropped) -> Line:
    name = short(event.task_id)
    match event:
        case TaskAccepted():
            return Line(f"{name} accepted", "green")
        case TaskSentBack():
            return Line(f"{name} sent back: {_found(event.findings)}", "yellow")
        case TaskReopened():
            return Line(f"{name} to be done again on top of the others: {event.reason}", "yellow")
        case TaskDropped():
            return Line(f"{name} dropped: {event.reason}", "red")


def _found(findings: tuple[Finding, ...]) -> str:
    return "; ".join(finding.message for finding in findings) or "no reason was given"


def _voted(event: GoalJoined | RoundOpened | QuorumReached | QuorumDenied) -> Line:
    match event:
        case GoalJoined():
            return Line(f"{count(len(event.pieces), 'patch', 'patches')} joined into one tree")
        case RoundOpened():
            rule = event.policy
            return Line(
                f"vote {event.subject.round}: {rule.threshold} yes of different principals,"
                f" {rule.testers} with tests run"
            )
        case QuorumReached():
            yes = sum(ballot.choice == "yes" for ballot in event.certificate.ballots)
            return Line(f"quorum reached with {yes} yes", "green")
        case QuorumDenied():
            return Line(f"quorum denied: {event.reason}", "red")


def _published(
    event: PublicationIntended | PublicationDone | PublicationWithdrawn,
) -> Line | None:
    match event:
        case PublicationIntended():
            return None
        case PublicationDone():
            return Line(f"pull request #{event.number} opened on {event.branch}", "green")
        case PublicationWithdrawn(number=None):
            return Line("withdrawn before the pull request was opened", "yellow")
        case PublicationWithdrawn():
            return Line(f"withdrawn: pull request #{event.number} is closed", "yellow")


def _decided(event: PullRequestMerged | PullRequestClosed | PullRequestReverted) -> Line:
    match event:
        case PullRequestMerged():
            return Line(f"pull request #{event.number} was merged ({event.how})", "bold green")
        case PullRequestClosed():
            return Line(f"pull request #{event.number} was closed", "yellow")
        case PullRequestReverted():
            told = f"pull request #{event.number} was reverted by {event.commit[:12]}"
            return Line(told, "yellow")


def _name(attempt_id: AttemptId) -> str:
    return short(task_of(attempt_id))
