"""What a task is worth by now, and whether a goal can be afforded as a whole.

Waiting makes a result worth more to whoever waits for it: a judgement, made once, that holds wherever a
value counts, in the index, in the least that a bid must be worth, and in what is settled. It is the only
thing that age does.

The tasks of one goal go into one pull request, so half of them is not half as good. A goal whose tasks cost
more than is left, even at the least that anybody asks for each, is not begun: money that was spent on its
first half would be lost.
"""

from collections.abc import Iterable, Sequence

from swarm.coordination.state import GoalState, Task
from swarm.domain.bids import AgentCard, quote
from swarm.domain.events import TaskDropped
from swarm.domain.money import MicroUsd, dollars
from swarm.domain.tasks import TaskKind

PATIENCE_SECONDS = 360_000
"""Waiting so long costs as much as the result is worth, and doubles what it is worth: 100 hours, a
judgement. It grows no further.
"""


def grown(value: MicroUsd, waited_ms: int) -> MicroUsd:
    """The value of what has been waited for so long."""
    seconds = min(max(waited_ms, 0) // 1_000, PATIENCE_SECONDS)
    return value + value * seconds // PATIENCE_SECONDS


def not_begun(state: GoalState, cards: Sequence[AgentCard], at: int) -> tuple[TaskDropped, ...]:
    """Every write task of a goal that cannot be afforded as a whole, dropped; nothing once it is begun."""
    writes = tuple(state.of_kind(TaskKind.WRITE))
    if len(writes) < 2 or any(task.attempts or task.is_final for task in writes):
        return ()
    least = [_least(task, cards) for task in writes]
    if None in least:
        return ()
    needed = sum(_known(least))
    if needed <= state.free + state.reserved:
        return ()
    reason = (
        f"over budget: its {len(writes)} tasks cost {dollars(needed)} at least, and"
        f" {dollars(max(state.free, 0))} is left; none is begun"
    )
    return tuple(
        TaskDropped(at=at, goal_id=state.goal.goal_id, task_id=task.contract.task_id, reason=reason)
        for task in writes
    )


def _least(task: Task, cards: Iterable[AgentCard]) -> MicroUsd | None:
    """The least price that is bid; None where nobody bids."""
    bids = (quote(card, task.contract) for card in cards)
    return min((bid.price for bid in bids if bid is not None), default=None)


def _known(prices: Iterable[MicroUsd | None]) -> Iterable[MicroUsd]:
    return (price for price in prices if price is not None)
