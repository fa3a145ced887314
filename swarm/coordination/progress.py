"""What follows by itself: announcing, checking, judging, voting, ending.

`follow` is asked again and again until nothing follows. Each rule looks at the state alone, so it does
not matter whether the process was killed in between: the same question has the same answer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from swarm.coordination.decide import Events
from swarm.coordination.purchasing import Stake, Trade, purchase, turned_down
from swarm.coordination.state import (
    Accepted,
    Answered,
    Asked,
    Attempt,
    Dropped,
    GoalState,
    Joined,
    Open,
    Round,
    SentBack,
    Submitted,
    Task,
)
from swarm.domain.ballots import Policy, Subject, Voter, is_model
from swarm.domain.canonical import canonical, digest
from swarm.domain.events import (
    Cause,
    Event,
    GoalEnded,
    LeaseExpired,
    QuorumDenied,
    QuorumReached,
    RoundOpened,
    TaskAccepted,
    TaskAnnounced,
    TaskDropped,
    TaskReopened,
    TaskSentBack,
)
from swarm.domain.evidence import Evidence
from swarm.domain.goals import GoalStatus
from swarm.domain.money import CERTAIN
from swarm.domain.names import Digest, Principal, TaskId, TestId, TreeHash, nth_task
from swarm.domain.tasks import CheckSubject, Contract, Finding, TaskKind, Verdict
from swarm.quorum.public_api import Tally, Verify, tally

CHECKS = (
    (TaskKind.TEST, "suite", "run the suite"),
    (TaskKind.REVIEW, "static", "read the change"),
    (TaskKind.REVIEW, "behaviour", "compare behaviour"),
)
MODEL_CHECKS = (
    (TaskKind.REVIEW, "opinion", "look for the mistake"),
    (TaskKind.REVIEW, "cases", "try cases at the edges"),
)
"""Where there are reviewers that ask a model."""

UNANSWERED = "nobody answered its question"
PLAN_SECONDS = 900
CHECK_SECONDS = 900
PLAN_SHARE = 10
"""Planning and each check may reserve a tenth of the goal's budget."""

MODEL_SHARE = 5
"""A check by a model a fifth."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The limits that progress keeps to."""

    rounds: int = 2
    """How often a writer's work is sent back before another strategy class tries."""

    attempts: int = 6
    """Attempts at one task."""

    reopenings: int = 2
    """How often a task is done again on top of the others."""

    follow_ups: int = 2
    """How often what came after the pull request is worked on."""

    threshold: int = 2
    testers: int = 1
    answer_ms: int = 72 * 3_600_000
    """How long a question waits for a human."""


NOBODY = Trade()


@dataclass(frozen=True, slots=True)
class Context:
    """What progress needs to know beside the state."""

    rules: Rules
    roster: tuple[Voter, ...]
    verify: Verify
    evidence: Mapping[Digest, Evidence] | None = None
    """What the ballots of the present round refer to; None trusts their hashes."""

    time_is_up: bool = False
    overtime_is_up: bool = False
    """So is the time for checks of what was accepted until then."""

    trade: Trade = NOBODY
    """Who could check, at which price and how well; without, every kind of check is asked for."""

    is_complete: bool = True
    """Everybody who is expected has come. Until then a roster that cannot meet the rule may grow."""


Rule = Callable[[GoalState, int, Context], Events]


def follow(state: GoalState, at: int, context: Context) -> Events:
    """The next events that follow from the state; empty when it waits for somebody."""
    if state.status.is_final or state.published:
        return _end_published(state, at)
    if state.intended and not state.withdrawn and not state.landed:
        return ()
    for rule in _RULES:
        if events := rule(state, at, context):
            ends = any(isinstance(event, GoalEnded) for event in events)
            return (*_expire_all(state, at, "the goal has ended"), *events) if ends else events
    return ()


# Ending -----------------------------------------------------------------------------------------


def _end_published(state: GoalState, at: int) -> Events:
    if state.status.is_final or state.published is None:
        return ()
    what = f"pull request #{state.published.number} is open"
    left = sum(isinstance(task.phase, Dropped) for task in planned(state))
    reason = f"{what}; partial, {left} task(s) open" if left else what
    ended = _ended(state, at, GoalStatus.DONE, reason)
    return (*_expire_all(state, at, "the goal has ended"), ended)


def planned(state: GoalState) -> tuple[Task, ...]:
    """The write tasks that the goal was split into, without what followed the pull request, and
    without those in whose place parts stand.
    """
    later = {each.task_id for each in state.follow_ups}
    return tuple(
        t
        for t in state.of_kind(TaskKind.WRITE)
        if t.contract.task_id not in later and not (isinstance(t.phase, Dropped) and t.phase.parts)
    )


def _end_landed(state: GoalState, at: int, _: Context) -> Events:
    """A human has decided while a follow-up was worked on."""
    if state.before is None or not state.landed:
        return ()
    what = f"pull request #{state.before.published.number} was {state.landed} meanwhile"
    return (_ended(state, at, GoalStatus.DONE, what),)


def _end_follow_up(state: GoalState, at: int, _: Context) -> Events:
    """What was published stands, also where nobody could do what was asked for afterwards."""
    if state.before is None:
        return ()
    phase = state.tasks[state.follow_ups[-1].task_id].phase
    if not isinstance(phase, Dropped):
        return ()
    what = f"pull request #{state.before.published.number} is open; what followed was left"
    return (_ended(state, at, GoalStatus.DONE, f"{what}: {phase.reason}"),)


def _stop(state: GoalState, at: int, _: Context) -> Events:
    if not state.stopped:
        return ()
    return (_ended(state, at, GoalStatus.CANCELLED, "stopped by a human"),)


def _heed_veto(state: GoalState, at: int, _: Context) -> Events:
    if not state.vetoed:
        return ()
    return (_ended(state, at, GoalStatus.BLOCKED, f"vetoed by a human: {state.vetoed}"),)


def _run_out_of_time(state: GoalState, at: int, context: Context) -> Events:
    """What is accepted by then is still joined, voted on and published; the rest is dropped. Checks
    have their own time behind that; whoever has not voted by then does not.
    """
    if not context.time_is_up or state.paused:
        return ()
    late = [
        task
        for task in state.tasks.values()
        if not task.is_final and (task.contract.subject is None or context.overtime_is_up)
    ]
    if not late:
        return ()
    dropped = (_dropped(state, at, task, _why_late(task)) for task in late)
    return (*_expire_all(state, at, "the time is up"), *dropped)


def _why_late(task: Task) -> str:
    if isinstance(task.phase, Asked):
        return f"the time is up, and its question was not answered: {task.phase.question}"
    return "the time is up"


def _stop_waiting(state: GoalState, at: int, context: Context) -> Events:
    """A question that nobody answers does not keep its goal for ever. By the clock of people: they are
    away for hours, not for seconds of work.
    """
    if state.paused:
        return ()
    return tuple(
        _dropped(state, at, task, f"{UNANSWERED}: {task.phase.question}")
        for task in state.tasks.values()
        if isinstance(task.phase, Asked)
        and at - state.attempts[task.phase.attempt_id].ended_at > context.rules.answer_ms
    )


def _end_without_plan(state: GoalState, at: int, _: Context) -> Events:
    for task in state.of_kind(TaskKind.PLAN):
        if isinstance(task.phase, Dropped):
            reason = f"no plan: {task.phase.reason}"
            return (
                GoalEnded(
                    at=at,
                    goal_id=state.goal.goal_id,
                    status=GoalStatus.FAILED,
                    reason=reason,
                    cause=_cause([reason]),
                ),
            )
    return (_ended(state, at, GoalStatus.BLOCKED, state.refusal),) if state.refusal else ()


def _end_empty(state: GoalState, at: int, _: Context) -> Events:
    """Every task was dropped: there is nothing to publish, and a report says why."""
    writes = tuple(state.of_kind(TaskKind.WRITE))
    reasons = [task.phase.reason for task in writes if isinstance(task.phase, Dropped)]
    if not writes or len(reasons) < len(writes):
        return ()
    waited = all(reason.startswith(UNANSWERED) for reason in reasons)
    return (
        GoalEnded(
            at=at,
            goal_id=state.goal.goal_id,
            status=GoalStatus.BLOCKED if waited else GoalStatus.FAILED,
            reason="; ".join(dict.fromkeys(reasons)),
            cause=_cause(reasons),
        ),
    )


def _cause(reasons: list[str]) -> Cause:
    if all("over budget:" in reason for reason in reasons):
        return "budget"
    return "time" if all("the time is up" in reason for reason in reasons) else ""


# Planning ---------------------------------------------------------------------------------------


def _announce_plan(state: GoalState, at: int, _: Context) -> Events:
    if state.tasks:
        return ()
    goal = state.goal
    contract = Contract(
        task_id=nth_task(goal.goal_id, 1),
        goal_id=goal.goal_id,
        kind=TaskKind.PLAN,
        title="Plan",
        description=goal.text,
        value=goal.value,
        budget=goal.budget // PLAN_SHARE,
        seconds=PLAN_SECONDS,
    )
    return (TaskAnnounced(at=at, goal_id=goal.goal_id, contract=contract),)


# Checking one task ------------------------------------------------------------------------------


def _announce_checks(state: GoalState, at: int, context: Context) -> Events:
    for task in state.of_kind(TaskKind.WRITE):
        phase = task.phase
        if isinstance(phase, Submitted) and not _checks(state, task, phase):
            subject = _subject_of(state, task, phase)
            return _announcements(state, at, context, task.contract.value, subject, task.contract)
    return ()


def _judge(state: GoalState, at: int, context: Context) -> Events:
    for task in state.of_kind(TaskKind.WRITE):
        phase = task.phase
        if not isinstance(phase, Submitted):
            continue
        checks = _checks(state, task, phase)
        if checks and all(check.is_final for check in checks):
            return _judged(state, at, task, phase, checks)
    return ()


def _judged(
    state: GoalState, at: int, task: Task, phase: Submitted, checks: tuple[Task, ...]
) -> Events:
    goal_id, task_id = state.goal.goal_id, task.contract.task_id
    verdicts = {check.contract.aspect: _verdict(state, check) for check in checks}
    if "no" in verdicts.values():
        return (
            TaskSentBack(
                at=at,
                goal_id=goal_id,
                task_id=task_id,
                attempt_id=phase.attempt_id,
                round=task.rounds + 1,
                findings=_findings(state, checks),
            ),
        )
    if verdicts.get("suite") == "yes":
        return (
            TaskAccepted(
                at=at,
                goal_id=goal_id,
                task_id=task_id,
                attempt_id=phase.attempt_id,
                tree=phase.tree,
            ),
        )
    reason = "the checks could not tell: " + "; ".join(_summaries(state, checks))
    return (TaskDropped(at=at, goal_id=goal_id, task_id=task_id, reason=reason),)


def _checks(state: GoalState, task: Task, phase: Submitted) -> tuple[Task, ...]:
    return state.checks_of(task.contract.task_id, phase.tree, _try_of(task, phase))


def _try_of(task: Task, phase: Submitted) -> int:
    """The number of the attempt that submitted."""
    return task.attempts.index(phase.attempt_id) + 1


def _subject_of(state: GoalState, task: Task, phase: Submitted) -> CheckSubject:
    return CheckSubject(
        base=state.goal.base,
        base_tree=task.base or state.goal.base_tree,
        tree=phase.tree,
        targets=tuple(sorted(task.contract.targets)),
        touch=tuple(sorted(task.contract.touch)),
        authors=(state.attempts[phase.attempt_id].principal,),
        of=task.contract.task_id,
        round=_try_of(task, phase),
        grants=state.goal.grants,
    )


def _announcements(
    state: GoalState,
    at: int,
    context: Context,
    value: int,
    subject: CheckSubject,
    about: Contract | None,
) -> Events:
    """`about`: the task whose work is checked; None for the goal's joined tree."""
    thinks = any(is_model(voter.family) for voter in context.roster)
    checks = (*CHECKS, *MODEL_CHECKS) if thinks else CHECKS
    contracts = tuple(_check(state, value, subject, about, *each) for each in checks)
    bought = purchase(context.trade, contracts, _stake(state, value, subject))
    kept = [each for each in contracts if not turned_down(bought, each)]
    return tuple(
        TaskAnnounced(
            at=at,
            goal_id=state.goal.goal_id,
            contract=contract.model_copy(
                update={"task_id": nth_task(state.goal.goal_id, len(state.tasks) + number)}
            ),
            purchase=bought if number == 1 else None,
        )
        for number, contract in enumerate(kept, start=1)
    )


def _check(
    state: GoalState,
    value: int,
    subject: CheckSubject,
    about: Contract | None,
    kind: TaskKind,
    aspect: str,
    title: str,
) -> Contract:
    goal = state.goal
    return Contract(
        task_id=nth_task(goal.goal_id, len(state.tasks) + 1),
        goal_id=goal.goal_id,
        kind=kind,
        title=f"{title[0].upper()}{title[1:]}",
        value=value,
        budget=goal.budget // (PLAN_SHARE if (kind, aspect, title) in CHECKS else MODEL_SHARE),
        seconds=CHECK_SECONDS,
        aspect=aspect,
        description=_described(state, about),
        features=_asked_of_tests(about),
        subject=subject,
        asked=goal.text,
    )


def _stake(state: GoalState, value: int, subject: CheckSubject) -> Stake:
    """Of the goal's joined tree: that every piece of it is right."""
    wrote = _wrote(state, subject)
    chance = CERTAIN
    for attempt in wrote:
        chance = chance * attempt.probability_used // CERTAIN
    return Stake(
        probability=chance,
        value=value,
        wrong_cost=state.goal.wrong_share(value),
        price=sum(attempt.price for attempt in wrote),
        families=frozenset(attempt.family for attempt in wrote),
    )


def _wrote(state: GoalState, subject: CheckSubject) -> tuple[Attempt, ...]:
    if subject.of is None:
        pieces = state.joined.pieces if state.joined else ()
        return tuple(state.attempts[piece.attempt_id] for piece in pieces)
    phase = state.tasks[subject.of].phase
    return (state.attempts[phase.attempt_id],) if isinstance(phase, Submitted) else ()


def _described(state: GoalState, about: Contract | None) -> str:
    """What the work was for, in the words of who asked for it."""
    if about is None:
        return state.goal.text
    return f"{about.title}\n\n{about.description}".strip()


def _asked_of_tests(about: Contract | None) -> dict[str, int]:
    """The one feature of a task that testers look at."""
    wanted = about.features.get("needs_test", 0) if about else 0
    return {"needs_test": wanted} if wanted else {}


def _verdict(state: GoalState, check: Task) -> Verdict:
    if isinstance(check.phase, Answered):
        report = state.attempts[check.phase.attempt_id].report
        if report is not None:
            return report.verdict
    return "unknown"


def _findings(state: GoalState, checks: tuple[Task, ...]) -> tuple[Finding, ...]:
    return tuple(
        finding
        for check in checks
        if isinstance(check.phase, Answered)
        and (report := state.attempts[check.phase.attempt_id].report) is not None
        for finding in report.findings
        if finding.blocks
    )


def _summaries(state: GoalState, checks: tuple[Task, ...]) -> Iterator[str]:
    for check in checks:
        if isinstance(check.phase, Dropped):
            yield f"{check.contract.aspect}: {check.phase.reason}"
        elif isinstance(check.phase, Answered):
            report = state.attempts[check.phase.attempt_id].report
            if report is not None and report.verdict != "yes":
                yield f"{check.contract.aspect}: {report.summary}"


# Giving up on a task ----------------------------------------------------------------------------


def _drop_exhausted(state: GoalState, at: int, context: Context) -> Events:
    for task in state.tasks.values():
        waits = isinstance(task.phase, Open | SentBack)
        if waits and _tries(state, task) >= context.rules.attempts:
            return (_dropped(state, at, task, _report(state, task)),)
        if waits and (lost := _lost_dependency(state, task)):
            return (_dropped(state, at, task, f"it needs {lost}, which was dropped"),)
        if waits and not _is_asked(state, task):
            return (_dropped(state, at, task, "nobody waits for its answer any more"),)
    return ()


def _tries(state: GoalState, task: Task) -> int:
    """Neither a question nor what a human went back behind is a try that failed."""
    return sum(state.attempts[each].outcome not in ("asked", "undone") for each in task.attempts)


def _is_asked(state: GoalState, task: Task) -> bool:
    """False for a check of a tree that is no longer in question."""
    subject = task.contract.subject
    if subject is None:
        return True
    if subject.of is None:
        return state.round is None or subject.round == state.round.subject.round
    phase = state.tasks[subject.of].phase
    return isinstance(phase, Submitted) and phase.tree == subject.tree


def _lost_dependency(state: GoalState, task: Task) -> TaskId | None:
    return next((needed for needed in task.contract.after if _is_lost(state, needed)), None)


def _is_lost(state: GoalState, task_id: TaskId) -> bool:
    """It was dropped; where parts stand in its place, one of these was."""
    phase = state.tasks[task_id].phase
    if not isinstance(phase, Dropped):
        return False
    return not phase.parts or any(_is_lost(state, part) for part in phase.parts)


def _report(state: GoalState, task: Task) -> str:
    told = [
        f"{state.attempts[a].strategy}: {state.attempts[a].reason or state.attempts[a].outcome}"
        for a in task.attempts
    ]
    return f"{len(task.attempts)} attempts, none accepted ({'; '.join(dict.fromkeys(told))})"


def _dropped(state: GoalState, at: int, task: Task, reason: str) -> TaskDropped:
    return TaskDropped(
        at=at, goal_id=state.goal.goal_id, task_id=task.contract.task_id, reason=reason
    )


# Voting on the whole ----------------------------------------------------------------------------


def _open_round(state: GoalState, at: int, context: Context) -> Events:
    """One round for each joined tree: the subject is fixed before anybody votes."""
    joined, current = state.joined, state.round
    if joined is None or (current and current.subject.tree == joined.tree and not current.denied):
        return ()
    rules, goal = context.rules, state.goal
    if not context.is_complete and not _can_vote(context, _authors(state, joined)):
        return ()
    policy = Policy(
        threshold=rules.threshold,
        testers=rules.testers,
        roster=context.roster,
        grants=goal.grants,
    )
    subject = Subject(
        goal_id=goal.goal_id,
        contract=digest(canonical(goal)),
        action="open-pull-request",
        repository=goal.repository,
        base=goal.base,
        tree=joined.tree,
        policy=policy.hash,
        round=len(state.rounds) + 1,
    )
    authors = _authors(state, joined)
    opened = RoundOpened(
        at=at, goal_id=goal.goal_id, subject=subject, policy=policy, authors=authors
    )
    asked = _joined_subject(state, joined, authors, subject.round, subject.hash)
    return (opened, *_announcements(state, at, context, goal.value, asked, None))


def _can_vote(context: Context, authors: tuple[Principal, ...]) -> bool:
    """Whether the voters who are there could meet the rule. After a restart they come one by one."""
    able = {(v.principal, v.role) for v in context.roster if v.principal not in authors}
    testers = sum(role == "tester" for _, role in able)
    return len(able) >= context.rules.threshold and testers >= context.rules.testers


def _authors(state: GoalState, joined: Joined) -> tuple[Principal, ...]:
    return tuple(sorted({state.attempts[piece.attempt_id].principal for piece in joined.pieces}))


def _joined_subject(
    state: GoalState,
    joined: Joined,
    authors: tuple[Principal, ...],
    round_: int,
    ballot_subject: Digest,
) -> CheckSubject:
    contracts = [state.tasks[piece.task_id].contract for piece in joined.pieces]
    targets: set[TestId] = {target for contract in contracts for target in contract.targets}
    open_touch = any(not contract.touch for contract in contracts)
    touch = {path for contract in contracts for path in contract.touch}
    return CheckSubject(
        base=state.goal.base,
        base_tree=state.goal.base_tree,
        tree=joined.tree,
        targets=tuple(sorted(targets)),
        touch=() if open_touch else tuple(sorted(touch)),
        authors=authors,
        of=None,
        round=round_,
        grants=state.goal.grants,
        ballot_subject=ballot_subject,
    )


def _count(state: GoalState, at: int, context: Context) -> Events:
    current, joined = state.round, state.joined
    if current is None or joined is None or current.denied or state.certificate:
        return ()
    checks = state.checks_of(None, joined.tree, current.subject.round)
    if not checks or not all(check.is_final for check in checks):
        return ()
    counted = tally(
        current.subject,
        current.policy,
        current.authors,
        current.ballots,
        context.verify,
        evidence=context.evidence,
    )
    if counted.reached and counted.certificate is not None:
        return (QuorumReached(at=at, goal_id=state.goal.goal_id, certificate=counted.certificate),)
    return _deny(state, at, context, current, joined, counted, checks)


def _deny(
    state: GoalState,
    at: int,
    context: Context,
    current: Round,
    joined: Joined,
    counted: Tally,
    checks: tuple[Task, ...],
) -> Events:
    """Two patches green alone can be red together: the later one is done again on the others."""
    goal_id = state.goal.goal_id
    reason = "; ".join(_summaries(state, checks)) or "; ".join(counted.blocked_by)
    denied = QuorumDenied(
        at=at,
        goal_id=goal_id,
        round=current.subject.round,
        reason=reason,
        equivocators=counted.equivocators,
    )
    last = joined.pieces[-1].task_id
    onto = joined.pieces[-2].tree if len(joined.pieces) > 1 else state.goal.base_tree
    findings = _findings(state, checks)
    return (denied, reopened_or_dropped(state, at, context.rules, last, onto, reason, findings))


def reopened_or_dropped(
    state: GoalState,
    at: int,
    rules: Rules,
    task_id: TaskId,
    onto: TreeHash,
    reason: str,
    findings: tuple[Finding, ...] = (),
) -> Event:
    task = state.tasks[task_id]
    if task.reopened >= rules.reopenings:
        return _dropped(state, at, task, f"red or in conflict when joined: {reason}")
    return TaskReopened(
        at=at,
        goal_id=state.goal.goal_id,
        task_id=task_id,
        onto=onto,
        reason=reason,
        findings=findings,
    )


# Words ------------------------------------------------------------------------------------------


def _expire_all(state: GoalState, at: int, reason: str) -> Iterator[Event]:
    for attempt in state.live():
        yield LeaseExpired(
            at=at, goal_id=state.goal.goal_id, attempt_id=attempt.attempt_id, reason=reason
        )


def _ended(state: GoalState, at: int, status: GoalStatus, reason: str) -> GoalEnded:
    return GoalEnded(at=at, goal_id=state.goal.goal_id, status=status, reason=reason)


def accepted_pieces(state: GoalState) -> tuple[tuple[TaskId, Accepted], ...]:
    """The accepted tasks in plan order."""
    return tuple(
        (task.contract.task_id, task.phase)
        for task in state.of_kind(TaskKind.WRITE)
        if isinstance(task.phase, Accepted)
    )


_RULES: tuple[Rule, ...] = (
    _end_landed,
    _stop,
    _heed_veto,
    _run_out_of_time,
    _stop_waiting,
    _announce_plan,
    _end_without_plan,
    _announce_checks,
    _judge,
    _drop_exhausted,
    _end_follow_up,
    _end_empty,
    _open_round,
    _count,
)
