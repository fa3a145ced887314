"""What each agent has done so far, told by the journal alone. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from swarm.coordination.public_api import Attempt, GoalState
from swarm.domain.names import AgentId


@dataclass(frozen=True, slots=True)
class AgentRecord:
    agent_id: AgentId
    kind: str
    """Of the work that it was seen at or offered."""

    strategy: str
    principal: str = ""
    """Known once it has been awarded something."""

    bids: int = 0
    attempts: int = 0
    accepted: int = 0
    spent: int = 0
    milliseconds: int = 0


def agent_records(goals: Iterable[GoalState]) -> tuple[AgentRecord, ...]:
    """By kind of work and name. Bids are those that the last clearing of each task knew."""
    found: dict[AgentId, AgentRecord] = {}
    for state in goals:
        _count_bids(found, state)
        for attempt in state.attempts.values():
            kind = state.tasks[attempt.task_id].contract.kind
            known = found.get(attempt.agent_id)
            record = known or AgentRecord(attempt.agent_id, kind, attempt.strategy)
            found[attempt.agent_id] = _with_attempt(record, attempt)
    return tuple(sorted(found.values(), key=lambda record: (record.kind, record.agent_id)))


def _count_bids(found: dict[AgentId, AgentRecord], state: GoalState) -> None:
    for task in state.tasks.values():
        for bid in task.clearing.scores if task.clearing is not None else ():
            if bid.task_id == task.contract.task_id:
                new = AgentRecord(bid.agent_id, task.contract.kind, bid.strategy)
                record = found.get(bid.agent_id, new)
                found[bid.agent_id] = replace(record, bids=record.bids + 1)


def _with_attempt(record: AgentRecord, attempt: Attempt) -> AgentRecord:
    return replace(
        record,
        principal=attempt.principal,
        attempts=record.attempts + 1,
        accepted=record.accepted + (attempt.outcome == "accepted"),
        spent=record.spent + attempt.spent,
        milliseconds=record.milliseconds + max(attempt.ended_at - attempt.granted_at, 0),
    )
