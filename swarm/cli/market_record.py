"""What is on record of a task and of who tried: what became of it, what was claimed, who was at work how long."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swarm.cli.words import count, lasted, money
from swarm.coordination.public_api import (
    Accepted,
    Answered,
    Attempt,
    Dropped,
    GoalState,
    Task,
    planned,
)
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind


@dataclass(frozen=True, slots=True)
class Shown:
    """Of one agent, over all goals."""

    claimed: Ppm | None
    """Mean chance that it claimed where it was let try; None where no bid is on record."""

    at_work: Ppm
    """Share of the time between the first lease and the last end of one, in which it held one."""


def became(state: GoalState, task: Task) -> Iterator[str]:
    """What the task is worth, who tried it with what result, and why that was all."""
    if task.contract.kind is TaskKind.WRITE:
        whole = planned(state)
        total = sum(each.contract.value for each in whole)
        others = f", of {money(total)} for {count(len(whole), 'task')}" if len(whole) > 1 else ""
        yield f"A right result is worth {money(task.contract.value)}{others}."
    for number, name in enumerate(task.attempts, start=1):
        yield f"Attempt {number}: {_told(state.attempts[name])}"
    match task.phase:
        case Accepted():
            yield "It is accepted, so nobody else tries it."
        case Dropped(reason):
            yield f"It was dropped: {reason}."
        case Answered():
            yield "It has its answer, so nobody else is asked."
        case _ if state.status.is_final:
            yield "The goal ended before it was decided."
        case _:
            yield "It is not decided yet."


def _told(attempt: Attempt) -> str:
    who = f"{attempt.agent_id} ({attempt.strategy})"
    if attempt.is_live:
        return f"{who} is at work."
    took = lasted(attempt.ended_at - attempt.granted_at)
    why = f": {attempt.reason}" if attempt.reason else ""
    return f"{who}, {attempt.outcome} after {took} for {money(attempt.spent)}{why}."


def shown_by(goals: Iterable[GoalState], now: int) -> dict[AgentId, Shown]:
    states = tuple(goals)
    attempts = [attempt for state in states for attempt in state.attempts.values()]
    begun = min((each.granted_at for each in attempts), default=0)
    ended = max((each.ended_at or now for each in attempts), default=0)
    busy: dict[AgentId, int] = {}
    for each in attempts:
        lease = (each.ended_at or now) - each.granted_at
        busy[each.agent_id] = busy.get(each.agent_id, 0) + lease
    claims = _claims(states)
    return {
        agent: Shown(
            claimed=sum(claims[agent]) // len(claims[agent]) if agent in claims else None,
            at_work=spent * CERTAIN // max(ended - begun, 1),
        )
        for agent, spent in busy.items()
    }


def _claims(states: Iterable[GoalState]) -> dict[AgentId, list[Ppm]]:
    found: dict[AgentId, list[Ppm]] = {}
    for state in states:
        for task in state.of_kind(TaskKind.WRITE):
            tried = {state.attempts[name].agent_id for name in task.attempts}
            for score in task.clearing.scores if task.clearing is not None else ():
                if score.task_id == task.contract.task_id and score.agent_id in tried:
                    found.setdefault(score.agent_id, []).append(score.probability_claimed)
    return found
