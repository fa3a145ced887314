"""What a task is worth by now, and whether a goal can be afforded as a whole.

The tasks of one goal are complements: they go into one pull request, and a part of it is worth half of what its
tasks are worth in the whole (a judgement). The other half is for the whole, and is shared by the tasks that
are still missing, as far as the rest is likely to come: a task becomes worth more when the others are done, less
when one of them fails, and never do the shares add up to more than the goal.

Waiting makes a result worth more to whoever waits for it: a judgement, made once, that holds wherever a
value counts, in the index, in the least that a bid must be worth, and in what is settled. It is the only
thing that age does.

A goal whose tasks cost more than is left, even at the least that anybody asks for each, is not begun: money that
was spent on its first half would be lost.
"""

from collections.abc import Iterable, Sequence

from swarm.coordination.progress import planned
from swarm.coordination.state import Accepted, Dropped, GoalState, Task
from swarm.domain.bids import AgentCard, quote
from swarm.domain.events import TaskDropped
from swarm.domain.money import CERTAIN, MicroUsd, Ppm, dollars
from swarm.domain.tasks import TaskKind

PARTIAL = CERTAIN // 2
"""What a task is worth in a pull request that is only a part, of what it is worth in the whole one."""

PATIENCE_SECONDS = 360_000
"""Waiting so long costs as much as the result is worth, and doubles what it is worth: 100 hours, a
judgement. It grows no further.
"""


def grown(value: MicroUsd, waited_ms: int) -> MicroUsd:
    """The value of what has been waited for so long."""
    seconds = min(max(waited_ms, 0) // 1_000, PATIENCE_SECONDS)
    return value + value * seconds // PATIENCE_SECONDS


def share(state: GoalState, task: Task) -> MicroUsd:
    """What it adds to the goal's value that this task is done, by what the others' chances are."""
    value = task.contract.value
    tasks = planned(state)
    others = [each for each in tasks if each.contract.task_id != task.contract.task_id]
    if len(others) == len(tasks):
        return value  # it follows the pull request: what was planned is done
    missing = [each for each in others if not isinstance(each.phase, Accepted)]
    left = value + sum(each.contract.value for each in missing)
    whole = value + sum(each.contract.value for each in others)
    likely = CERTAIN
    for each in missing:
        likely = likely * _chance(each) // CERTAIN
    for_whole = whole * value * likely // (left * CERTAIN) if left else 0
    return (PARTIAL * value + (CERTAIN - PARTIAL) * for_whole) // CERTAIN


def banked(state: GoalState, task: Task) -> MicroUsd:
    """What an accepted task comes to in the books: half of its share when the whole was not reached."""
    tasks = planned(state)
    is_part = any(isinstance(each.phase, Dropped) for each in tasks)
    return task.contract.value * PARTIAL // CERTAIN if is_part else task.contract.value


def _chance(task: Task) -> Ppm:
    """That somebody's work at it is accepted, by the numbers of its last clearing, tries taken as independent."""
    if isinstance(task.phase, Dropped):
        return 0
    if task.clearing is None:
        return CERTAIN  # nothing speaks against it yet
    nobody = CERTAIN
    for score in task.clearing.scores:
        if score.task_id == task.contract.task_id and score.index > 0:
            nobody = nobody * (CERTAIN - score.accept) // CERTAIN
    return CERTAIN - nobody


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
