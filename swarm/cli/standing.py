"""What a goal is at, and what it waits for: questions about its state that every view asks. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swarm.cli.words import lasted, short
from swarm.coordination.public_api import (
    Accepted,
    Answered,
    Asked,
    Attempt,
    Dropped,
    GoalState,
    Leased,
    Open,
    SentBack,
    Submitted,
    Task,
)
from swarm.domain.clearings import ScoredBid
from swarm.domain.goals import GoalStatus
from swarm.domain.names import TaskId
from swarm.domain.tasks import TaskKind


@dataclass(frozen=True, slots=True)
class Wait:
    """Why something goes on or stands still, and what a person can do about it."""

    what: str
    why: str
    todo: str = ""


# Tasks ------------------------------------------------------------------------------------------


def task_status(state: GoalState, task: Task) -> str:
    match task.phase:
        case Open():
            return "open"
        case Leased():
            return "working"
        case SentBack():
            return "sent back"
        case Asked():
            return "asks you"
        case Submitted():
            return "in check"
        case Accepted():
            return "accepted"
        case Answered(attempt_id):
            report = state.attempts[attempt_id].report
            return report.verdict if report else "answered"
        case Dropped():
            return "dropped"


def is_own(task: Task) -> bool:
    """A task of the plan, or the plan; not a check of one."""
    return task.contract.subject is None


def attempts_of(state: GoalState, task: Task) -> tuple[Attempt, ...]:
    return tuple(state.attempts[attempt_id] for attempt_id in task.attempts)


def attempt_ms(attempt: Attempt, now: int) -> int:
    return max((attempt.ended_at or now) - attempt.granted_at, 0)


def checks_of(state: GoalState, task_id: TaskId | None) -> Iterator[Task]:
    """The checks of a task's trees, of all rounds; None = of the joined tree."""
    for task in state.tasks.values():
        if task.contract.subject is not None and task.contract.subject.of == task_id:
            yield task


def bids_on(task: Task) -> tuple[ScoredBid, ...]:
    """What was offered when the market last spoke of the task; best first."""
    if task.clearing is None:
        return ()
    own = [bid for bid in task.clearing.scores if bid.task_id == task.contract.task_id]
    return tuple(sorted(own, key=lambda bid: (-bid.index, bid.agent_id)))


def unfit(task: Task) -> tuple[str, ...]:
    """Who did this kind of work and did not bid when the market last spoke of the task, and why."""
    declined = () if task.clearing is None else task.clearing.declined
    own = (each for each in declined if each.task_id == task.contract.task_id)
    return tuple(f"{each.agent_id} did not bid: {each.reason} ({each.told})" for each in own)


def verdict_on(task: Task, bid: ScoredBid) -> str:
    """`won`, or why the market passed the bid over."""
    assert task.clearing is not None
    for award in task.clearing.awards:
        if (award.task_id, award.agent_id) == (bid.task_id, bid.agent_id):
            return "won"
    for refusal in task.clearing.refusals:
        if (refusal.task_id, refusal.agent_id) == (bid.task_id, bid.agent_id):
            return refusal.reason
    return ""


# Waiting ----------------------------------------------------------------------------------------


GONE = "its repository is gone"


def outcome(state: GoalState, gone: bool = False) -> str:
    """What became of it in the end, as far as anybody knows."""
    if gone:
        return GONE
    if state.published is not None and state.landed:
        return f"pull request #{state.published.number} was {state.landed}"
    return state.reason


def needs_human(state: GoalState, gone: bool = False) -> bool:
    """A pull request that nobody has decided on, or an end that only a person can go on from.

    `gone`: the repository is there no more; nobody can decide anything about it.
    """
    if gone:
        return False
    undecided = state.published is not None and not state.landed and not state.vetoed
    return undecided or state.status in (GoalStatus.BLOCKED, GoalStatus.WAITING)


def waits(state: GoalState, now: int, alive: bool, gone: bool = False) -> tuple[Wait, ...]:
    """Why each thing that is open is open, the goal's own reason first."""
    goal_id = state.goal.goal_id
    if gone:
        return () if state.status.is_final else (Wait("goal", GONE, f"swarm stop {goal_id}"),)
    if state.status.is_final:
        return tuple(_after_the_end(state))
    if state.paused:
        return (Wait("goal", "paused by a human", f"swarm play {goal_id}"),)
    asked = tuple(_question_waits(state))
    if not alive and not asked:
        return (Wait("goal", "nobody works on it: swarm is not running", "swarm resume"),)
    found = asked + tuple(_task_waits(state, now))
    return found or (Wait("goal", _what_is_next(state)),)


def _after_the_end(state: GoalState) -> Iterator[Wait]:
    if state.published is not None and not state.landed:
        number = state.published.number
        what = f"pull request #{number}"
        tracker = state.goal.tracker
        where = tracker.page_of(number) if tracker else f"swarm pr show {number}"
        yield Wait(what, "waits for your decision", where)
    elif state.status is GoalStatus.BLOCKED:
        yield Wait("goal", state.reason, f"swarm show {state.goal.goal_id}")


def _what_is_next(state: GoalState) -> str:
    if state.intended is not None:
        return "the pull request is being opened"
    if state.certificate is not None:
        return "the pull request is being written"
    if state.base_run and all(task.is_final for task in state.tasks.values()):
        return "the accepted patches are being joined"
    return "taken up; the next step follows at once"


def _task_waits(state: GoalState, now: int) -> Iterator[Wait]:
    for task in state.tasks.values():
        if task.is_final or isinstance(task.phase, Asked):
            continue
        name = f"{short(task.contract.task_id)} {task.contract.title}"
        yield Wait(name, _why(state, task, now))


def _question_waits(state: GoalState) -> Iterator[Wait]:
    for task_id, text in state.questions:
        name = f"{short(task_id)} {state.tasks[task_id].contract.title}"
        yield Wait(name, f"asks: {text}", f'swarm say {state.goal.goal_id} "ANSWER"')


def _why(state: GoalState, task: Task, now: int) -> str:
    match task.phase:
        case Leased(attempt_id):
            attempt = state.attempts[attempt_id]
            return f"{attempt.agent_id} works on it ({lasted(attempt_ms(attempt, now))})"
        case Submitted():
            open_checks = [c for c in checks_of(state, task.contract.task_id) if not c.is_final]
            names = ", ".join(check.contract.aspect for check in open_checks)
            return f"is being checked ({names})" if names else "is being judged"
        case SentBack(attempt_id):
            agent = state.attempts[attempt_id].agent_id
            return f"sent back to {agent}, which has no free slot yet"
        case _:
            return _why_open(state, task)


def _why_open(state: GoalState, task: Task) -> str:
    lacking = [short(n) for n in task.contract.after if not state.tasks[n].is_final]
    if lacking:
        return f"waits for {', '.join(lacking)}"
    bids = bids_on(task)
    if not bids:
        return "announced; nobody has made an offer yet"
    reasons = ", ".join(dict.fromkeys(verdict_on(task, bid) for bid in bids))
    return f"given to nobody yet: {reasons}" if reasons != "won" else "is being awarded"


# Time -------------------------------------------------------------------------------------------


def stages(state: GoalState, now: int) -> tuple[tuple[str, int], ...]:
    """Milliseconds in which somebody was at work, by stage; stages may overlap in time."""
    named: dict[str, list[tuple[int, int]]] = {}
    for attempt in state.attempts.values():
        stage = _stage(state.tasks[attempt.task_id])
        named.setdefault(stage, []).append((attempt.granted_at, attempt.ended_at or now))
    if state.intended is not None:
        end = state.ended_at or now
        named["publish"] = [(state.intended.at, end)]
    order = ("plan", "write", "check", "vote", "publish")
    return tuple((stage, _union(named[stage])) for stage in order if stage in named)


def _stage(task: Task) -> str:
    if task.contract.subject is None:
        return "plan" if task.contract.kind is TaskKind.PLAN else "write"
    return "vote" if task.contract.subject.of is None else "check"


def _union(spans: Iterable[tuple[int, int]]) -> int:
    total, end = 0, 0
    for begin, until in sorted(spans):
        total += max(until - max(begin, end), 0)
        end = max(end, until)
    return total


def total_ms(state: GoalState, now: int) -> int:
    return max((state.ended_at or now) - state.submitted_at, 0)
