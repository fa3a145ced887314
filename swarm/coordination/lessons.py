"""What the market learns from the way goals go: experience of agents, across all goals of a journal.

A write task teaches once, when it is accepted or dropped: everybody who tried it is judged by the last
that was said of them. A lease that was lost or stopped says nothing of anybody's skill. When a human
merges or closes the pull request, the checks' word on its pieces is replaced by that last one.

The posterior is computed here, once, and recorded; `remember` copies it. A fold computes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from swarm.coordination.state import Attempt, GoalState, Task
from swarm.domain.events import (
    Event,
    ExperienceGained,
    PullRequestClosed,
    PullRequestMerged,
    PullRequestReverted,
    TaskAccepted,
    TaskDropped,
)
from swarm.domain.experience import Experience
from swarm.domain.names import AgentId, GoalId, TaskId
from swarm.domain.tasks import AttemptOutcome, TaskKind
from swarm.market.public_api import Key, Ruling, Table, Tried, corrected, lessons

_RULINGS: dict[AttemptOutcome, Ruling] = {
    "accepted": "accepted",
    "refused": "refused",
    "gave-up": "nothing",
    "failed": "nothing",
}


def remember(table: MutableMapping[Key, Experience], event: Event) -> None:
    """Bring one event into the table."""
    if isinstance(event, ExperienceGained):
        table[event.agent_id, event.kind] = event.experience


def remembering(table: MutableMapping[Key, Experience], events: Iterable[Event]) -> Iterator[Event]:
    """The same events, remembered as they pass."""
    for event in events:
        remember(table, event)
        yield event


def learn(
    goals: Mapping[GoalId, GoalState], table: Table, event: Event, alpha: int, beta: int
) -> tuple[ExperienceGained, ...]:
    """What follows for experience from an event that is folded into `goals` already."""
    if event.goal_id is None or event.goal_id not in goals:
        return ()
    state = goals[event.goal_id]
    match event:
        case TaskAccepted() | TaskDropped():
            found = _of_task(state, state.tasks[event.task_id], table, alpha, beta)
            return _gained(event, event.task_id, found)
        case PullRequestMerged() | PullRequestClosed() | PullRequestReverted():
            return tuple(_last_word(state, table, event, alpha, beta))
        case _:
            return ()


def _of_task(
    state: GoalState, task: Task, table: Table, alpha: int, beta: int
) -> dict[AgentId, Experience]:
    if task.contract.kind is not TaskKind.WRITE:
        return {}
    return lessons(tuple(_tried(state, task)), table, TaskKind.WRITE, alpha, beta)


def _tried(state: GoalState, task: Task) -> Iterator[Tried]:
    by_agent: dict[AgentId, list[Attempt]] = {}
    for attempt_id in task.attempts[task.since :]:
        attempt = state.attempts[attempt_id]
        if attempt.outcome in _RULINGS:
            by_agent.setdefault(attempt.agent_id, []).append(attempt)
    for agent_id, attempts in by_agent.items():
        first, last = attempts[0], attempts[-1]
        yield Tried(
            agent_id=agent_id,
            family=last.family,
            engine=last.family,
            claimed=_claimed(task, first),
            used=first.probability_used,
            ruling=_RULINGS[last.outcome],
            quoted=sum(each.price for each in attempts),
            spent=sum(each.spent for each in attempts),
            promised_ms=sum(each.seconds * 1000 for each in attempts),
            took_ms=sum(max(each.ended_at - each.granted_at, 0) for each in attempts),
        )


def _claimed(task: Task, attempt: Attempt) -> int:
    """As bid when the market last spoke of the task; else what was made of it."""
    scores = task.clearing.scores if task.clearing is not None else ()
    mine = (
        score.probability_claimed
        for score in scores
        if (score.task_id, score.agent_id) == (attempt.task_id, attempt.agent_id)
    )
    return next(mine, attempt.probability_used)


def _last_word(
    state: GoalState,
    table: Table,
    event: PullRequestMerged | PullRequestClosed | PullRequestReverted,
    alpha: int,
    beta: int,
) -> Iterator[ExperienceGained]:
    ruling: Ruling = "right" if isinstance(event, PullRequestMerged) else "wrong"
    said: Ruling = "right" if isinstance(event, PullRequestReverted) else "accepted"
    found: dict[AgentId, Experience] = {}
    joined = state.before.joined if state.before is not None else state.joined
    for piece in joined.pieces if joined is not None else ():
        attempt = state.attempts[piece.attempt_id]
        known = found.get(attempt.agent_id) or table.get((attempt.agent_id, TaskKind.WRITE))
        if known is not None:
            claimed = _claimed(state.tasks[piece.task_id], attempt)
            found[attempt.agent_id] = corrected(known, claimed, ruling, alpha, beta, said)
            yield from _gained(event, piece.task_id, {attempt.agent_id: found[attempt.agent_id]})


def _gained(
    event: Event, task_id: TaskId, found: Mapping[AgentId, Experience]
) -> tuple[ExperienceGained, ...]:
    return tuple(
        ExperienceGained(
            at=event.at,
            goal_id=event.goal_id,
            task_id=task_id,
            agent_id=agent_id,
            kind=TaskKind.WRITE,
            experience=experience,
        )
        for agent_id, experience in sorted(found.items())
    )
