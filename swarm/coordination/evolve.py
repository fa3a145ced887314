"""The fold: event by event, the next state of a goal. Refuses nothing, uses no clock and no float."""

from collections.abc import Mapping
from typing import assert_never

from swarm.coordination.replacing import replace
from swarm.coordination.returning import marked, replayed, returned
from swarm.coordination.state import (
    Accepted,
    Answered,
    Asked,
    Attempt,
    Dropped,
    FollowUp,
    GoalState,
    Joined,
    Leased,
    Open,
    Publication,
    Round,
    SentBack,
    Submitted,
    Task,
    World,
)
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
from swarm.domain.names import AttemptId, GoalId, TaskId, TreeHash, task_of
from swarm.domain.tasks import Checkpoint, TaskKind
from swarm.market.public_api import Failure

Goals = Mapping[GoalId, GoalState]


def fold(goals: dict[GoalId, GoalState], event: Event) -> None:
    """Bring one event into a table of goals (the only place where a table is changed)."""
    if event.goal_id is None:
        return
    if isinstance(event, GoalSubmitted):
        goals.setdefault(event.goal_id, GoalState(event.goal, submitted_at=event.at))
    elif isinstance(event, GoalReplayed):
        _begin_replay(goals, event)
    elif (state := goals.get(event.goal_id)) is not None:
        goals[event.goal_id] = evolve(state, event)


def _begin_replay(goals: dict[GoalId, GoalState], event: GoalReplayed) -> None:
    """The other goal only remembers that it was asked for."""
    old = goals.get(event.of)
    if old is None or event.goal_id in goals:
        return
    goals[event.of] = replace(old, commands=old.commands | {event.command_id})
    new = _awake(replayed(old, event.goal_id, event.step, event.at))
    goals[event.goal_id] = replace(new, touched_at=event.at)


def evolve(state: GoalState, event: Event) -> GoalState:
    return replace(_evolved(state, event), touched_at=event.at)


def _evolved(state: GoalState, event: Event) -> GoalState:
    match event:
        case CoordinatorStarted() | GoalSubmitted() | GoalReplayed() | ExperienceGained():
            return state
        case GoalRolledBack():
            back = returned(state, event.step, event.at)
            return _at_rest(replace(back, commands=back.commands | {event.command_id}))
        case GoalGuided() | GoalPaused() | GoalPlayed() | GoalStopped() | GoalVetoed():
            return _human(state, event)
        case GoalEnded():
            return replace(
                _as_published(_all_stopped(state, event)),
                status=event.status,
                reason=event.reason,
                cause=event.cause,
                ended_at=event.at,
            )
        case TaskAnnounced():
            return _announced(state, event)
        case MarketCleared():
            return _cleared(state, event)
        case LeaseGranted():
            return _granted(state, event)
        case LeaseExpired() | WorkGivenUp() | AttemptFailed():
            return _fallen(state, event)
        case StepRecorded() | GuidanceDelivered():
            return _advanced(state, event)
        case PlanMade():
            return _planned(state, event)
        case WorkSubmitted():
            return _submitted(state, event)
        case QuestionAsked():
            return _asked(state, event)
        case CheckReported():
            return _checked(state, event)
        case TaskAccepted() | TaskSentBack() | TaskReopened() | TaskDropped():
            return _judged(state, event)
        case GoalJoined():
            return replace(state, joined=Joined(event.pieces, event.tree, event.head))
        case RoundOpened() | QuorumReached() | QuorumDenied():
            return _voted(state, event)
        case PublicationIntended():
            return replace(state, intended=event)
        case PublicationDone():
            return replace(state, published=event, before=None)
        case PublicationWithdrawn():
            return replace(state, withdrawn=event)
        case PullRequestMerged():
            return replace(state, landed="merged")
        case PullRequestClosed():
            return replace(state, landed="closed")
        case PullRequestReverted():
            return replace(state, landed="reverted")
        case FollowUpOpened():
            return _gone_on(state, event)
        case _:
            assert_never(event)


def _human(
    state: GoalState, event: GoalGuided | GoalPaused | GoalPlayed | GoalStopped | GoalVetoed
) -> GoalState:
    state = replace(state, commands=state.commands | {event.command_id})
    match event:
        case GoalGuided():
            return _heard(replace(state, guidance=(*state.guidance, event.text)))
        case GoalPaused():
            return replace(state, paused=True, status=GoalStatus.PAUSED)
        case GoalPlayed():
            return replace(state, paused=False, status=_working_status(state))
        case GoalStopped():
            return replace(state, stopped=True)
        case GoalVetoed():
            return replace(state, vetoed=event.reason or "vetoed")


def _working_status(state: GoalState) -> GoalStatus:
    if not state.tasks:
        return GoalStatus.QUEUED
    if state.questions:
        return GoalStatus.WAITING
    return GoalStatus.RUNNING if state.base_run else GoalStatus.PLANNING


def _all_stopped(state: GoalState, event: GoalEnded) -> GoalState:
    """However a goal ends, nobody works on it any longer and nothing is reserved."""
    for attempt in tuple(state.live()):
        stopped = replace(attempt, outcome="stopped", reason="the goal ended", ended_at=event.at)
        task = replace(state.tasks[attempt.task_id], phase=Open())
        state = _with_both(state, task, stopped)
    return state


def _as_published(state: GoalState) -> GoalState:
    """A follow-up that came to nothing leaves what was published before."""
    then = state.before
    if then is None:
        return state
    return replace(
        state,
        joined=then.joined,
        certificate=then.certificate,
        intended=then.intended,
        published=then.published,
        before=None,
    )


def _gone_on(state: GoalState, event: FollowUpOpened) -> GoalState:
    """Awake again, with one task more, on top of what was published. Its time begins anew."""
    if state.joined is None or state.published is None:
        return state
    task = Task(event.contract, base=state.joined.tree, findings=event.findings)
    task_id = event.contract.task_id
    stands = Publication(state.joined, state.certificate, state.intended, state.published)
    follow_up = FollowUp(task_id, event.head, event.about)
    state = replace(
        _with_task(state, task_id, task),
        before=stands,
        follow_ups=(*state.follow_ups, follow_up),
        joined=None,
        certificate=None,
        intended=None,
        published=None,
        reason="",
        cause="",
        ended_at=0,
        timed_from=event.at,
    )
    return _at_rest(state)


def _announced(state: GoalState, event: TaskAnnounced) -> GoalState:
    contract = event.contract
    state = _with_task(state, contract.task_id, Task(contract, purchase=event.purchase))
    if contract.kind is TaskKind.PLAN and not state.paused:
        return replace(state, status=GoalStatus.PLANNING)
    return state


def _cleared(state: GoalState, event: MarketCleared) -> GoalState:
    clearing = event.clearing
    bids, silent = clearing.scores, clearing.declined
    for task_id in {e.task_id for e in bids} | {e.task_id for e in silent}:
        if task_id in state.tasks:
            task = replace(state.tasks[task_id], clearing=clearing)
            state = _with_task(state, task_id, task)
    return state


def _granted(state: GoalState, event: LeaseGranted) -> GoalState:
    task_id = task_of(event.attempt_id)
    task = state.tasks[task_id]
    attempt = Attempt(
        attempt_id=event.attempt_id,
        task_id=task_id,
        agent_id=event.agent_id,
        host=event.host,
        strategy=event.strategy,
        family=event.family,
        principal=event.principal,
        epoch=event.epoch,
        price=event.price,
        seconds=event.seconds,
        probability_used=event.probability_used,
        reserved=event.reserved,
        duration_ms=event.duration_ms,
        granted_at=event.at,
    )
    before = task.phase.attempt_id if isinstance(task.phase, SentBack) else None
    goes_on = before is not None and state.attempts[before].agent_id == event.agent_id
    task = replace(
        task,
        phase=Leased(event.attempt_id),
        attempts=(*task.attempts, event.attempt_id),
        rounds=task.rounds if goes_on else 0,
    )
    return replace(_with_both(state, task, attempt), epoch=event.epoch)


def _fallen(state: GoalState, event: LeaseExpired | WorkGivenUp | AttemptFailed) -> GoalState:
    """The attempt ended without a result; its task is open again."""
    attempt = state.attempts[event.attempt_id]
    task = state.tasks[attempt.task_id]
    ended = replace(_ended(attempt, event), ended_at=event.at)
    if not isinstance(event, LeaseExpired):
        task = replace(task, failures=(*task.failures, _failure(attempt)))
    return _with_both(state, replace(task, phase=Open(), rounds=0), ended)


def _ended(attempt: Attempt, event: LeaseExpired | WorkGivenUp | AttemptFailed) -> Attempt:
    match event:
        case LeaseExpired():
            return replace(attempt, outcome="expired", reason=event.reason)
        case WorkGivenUp():
            return replace(attempt, outcome="gave-up", reason=event.reason, spent=event.spent)
        case AttemptFailed():
            return replace(attempt, outcome="failed", reason=event.message, spent=event.spent)


def _advanced(state: GoalState, event: StepRecorded | GuidanceDelivered) -> GoalState:
    attempt = state.attempts[event.attempt_id]
    match event:
        case StepRecorded():
            step = event.step
            advanced = replace(
                attempt,
                steps=(*attempt.steps, step),
                spent=attempt.spent + step.cost,
                left=_left(attempt, step.tree, step.checkpoint),
            )
            return marked(_with_attempt(state, advanced), step, advanced, event.at)
        case GuidanceDelivered():
            return _with_attempt(state, replace(attempt, guided=event.upto))


def _left(attempt: Attempt, tree: TreeHash | None, checkpoint: Checkpoint | None) -> World:
    """A tree that did not change is the one from before."""
    before = attempt.left.tree if attempt.left else None
    return World(tree or before, checkpoint)


def _planned(state: GoalState, event: PlanMade) -> GoalState:
    state = _answered(state, event.attempt_id, event.spent, event.at)
    status = state.status if state.paused else GoalStatus.RUNNING
    return replace(
        state,
        base_run=event.base_run,
        voided=event.voided,
        refusal=event.refusal,
        status=status,
    )


def _submitted(state: GoalState, event: WorkSubmitted) -> GoalState:
    attempt = replace(
        state.attempts[event.attempt_id],
        outcome="submitted",
        tree=event.tree,
        title=event.title,
        why=event.why,
        alternatives=event.alternatives,
        touched=event.touched,
        spent=event.spent,
        ended_at=event.at,
    )
    task = replace(state.tasks[attempt.task_id], phase=Submitted(event.attempt_id, event.tree))
    return _with_both(state, task, attempt)


def _checked(state: GoalState, event: CheckReported) -> GoalState:
    state = _answered(state, event.attempt_id, event.spent, event.at)
    attempt = replace(state.attempts[event.attempt_id], report=event.report)
    state = _with_attempt(state, attempt)
    current = state.round
    if event.ballot is None or current is None:
        return state
    voted = replace(current, ballots=(*current.ballots, event.ballot))
    return replace(state, rounds=(*state.rounds[:-1], voted))


def _asked(state: GoalState, event: QuestionAsked) -> GoalState:
    before = state.attempts[event.attempt_id]
    attempt = replace(
        before,
        outcome="asked",
        question=event.text,
        reason=f"asked: {event.text}",
        left=_left(before, event.tree, event.checkpoint),
        spent=event.spent,
        ended_at=event.at,
    )
    task = replace(state.tasks[attempt.task_id], phase=Asked(event.attempt_id, event.text))
    return _awake(_with_both(state, task, attempt))


def _heard(state: GoalState) -> GoalState:
    """Whatever a human says is the answer to all that was asked."""
    for task_id, _ in state.questions:
        task = state.tasks[task_id]
        assert isinstance(task.phase, Asked)
        state = _with_task(state, task_id, replace(task, phase=SentBack(task.phase.attempt_id)))
    return _awake(state)


def _at_rest(state: GoalState) -> GoalState:
    """As `_awake`, and paused if it is paused."""
    return replace(state, status=GoalStatus.PAUSED) if state.paused else _awake(state)


def _awake(state: GoalState) -> GoalState:
    """With the status that its tasks give it, unless it is paused."""
    return state if state.paused else replace(state, status=_working_status(state))


def _judged(
    state: GoalState, event: TaskAccepted | TaskSentBack | TaskReopened | TaskDropped
) -> GoalState:
    task = state.tasks[event.task_id]
    match event:
        case TaskAccepted():
            attempt = replace(state.attempts[event.attempt_id], outcome="accepted")
            task = replace(task, phase=Accepted(event.attempt_id, event.tree))
            return _with_both(state, task, attempt)
        case TaskSentBack():
            return _sent_back(state, task, event)
        case TaskReopened():
            task = replace(
                task,
                phase=Open(),
                base=event.onto,
                findings=event.findings,
                rounds=0,
                reopened=task.reopened + 1,
                since=len(task.attempts),
                failures=(),
            )
            return replace(_with_task(state, event.task_id, task), joined=None)
        case TaskDropped():
            task = replace(task, phase=Dropped(event.reason, event.parts))
            state = _awake(_with_task(state, event.task_id, task))
            writes = task.contract.kind is TaskKind.WRITE
            return replace(state, joined=None) if writes else state


def _sent_back(state: GoalState, task: Task, event: TaskSentBack) -> GoalState:
    attempt = replace(state.attempts[event.attempt_id], outcome="refused")
    assert attempt.tree is not None
    task = replace(
        task,
        phase=SentBack(event.attempt_id),
        rounds=event.round,
        findings=event.findings,
        refused=(*task.refused, attempt.tree),
        failures=(*task.failures, _failure(attempt)),
    )
    return _with_both(state, task, attempt)


def _voted(state: GoalState, event: RoundOpened | QuorumReached | QuorumDenied) -> GoalState:
    match event:
        case RoundOpened():
            opened = Round(event.subject, event.policy, event.authors)
            return replace(state, rounds=(*state.rounds, opened))
        case QuorumReached():
            return replace(state, certificate=event.certificate)
        case QuorumDenied():
            *before, last = state.rounds
            return replace(state, rounds=(*before, replace(last, denied=event.reason or "denied")))


def _answered(state: GoalState, attempt_id: AttemptId, spent: int, at: int) -> GoalState:
    attempt = replace(state.attempts[attempt_id], outcome="accepted", spent=spent, ended_at=at)
    task = replace(state.tasks[attempt.task_id], phase=Answered(attempt_id))
    return _with_both(state, task, attempt)


def _failure(attempt: Attempt) -> Failure:
    return Failure(
        agent_id=attempt.agent_id,
        strategy=attempt.strategy,
        family=attempt.family,
        probability_used=attempt.probability_used,
    )


def _with_task(state: GoalState, task_id: TaskId, task: Task) -> GoalState:
    return replace(state, tasks={**state.tasks, task_id: task})


def _with_attempt(state: GoalState, attempt: Attempt) -> GoalState:
    attempts = {**state.attempts, attempt.attempt_id: attempt}
    return replace(state, attempts=attempts)


def _with_both(state: GoalState, task: Task, attempt: Attempt) -> GoalState:
    return replace(
        state,
        tasks={**state.tasks, task.contract.task_id: task},
        attempts={**state.attempts, attempt.attempt_id: attempt},
    )
