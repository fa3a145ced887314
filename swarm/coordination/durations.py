"""How long an attempt may take, and how long a goal's checks may go on when its time is up.

Who bids says how long it will take, and may take three times that. A check runs the suite, as the planner
did before anybody knew how long that takes: so what the plan took counts as well.
"""

from swarm.coordination.progress import CHECK_SECONDS
from swarm.coordination.state import Attempt, GoalState
from swarm.domain.tasks import TaskKind

OVERTIME = 3
LEAST_SECONDS = 60
TRIES = 2
"""A check may lose its lease once when the goal's time is up already."""


def seconds_for(state: GoalState, attempt: Attempt) -> int:
    """What the attempt may take, within what its contract says."""
    contract = state.tasks[attempt.task_id].contract
    match contract.kind:
        case TaskKind.PLAN:
            return contract.seconds
        case TaskKind.WRITE:
            return min(contract.seconds, _stretched(attempt.seconds))
        case TaskKind.TEST | TaskKind.REVIEW:
            return min(contract.seconds, _stretched(max(attempt.seconds, _plan_seconds(state))))


def overtime_of(state: GoalState) -> int:
    """Seconds behind the goal's own in which its joined tree may still be checked."""
    bids = (a.seconds for a in state.attempts.values())
    slowest = max((*bids, _plan_seconds(state)), default=0)
    return TRIES * min(CHECK_SECONDS, _stretched(slowest))


def _stretched(seconds: int) -> int:
    return max(OVERTIME * seconds, LEAST_SECONDS)


def _plan_seconds(state: GoalState) -> int:
    """What the goal's plan took: the suite on the base, twice, and little else."""
    took = (
        (a.ended_at - a.granted_at) // 1000
        for a in state.attempts.values()
        if a.ended_at and state.tasks[a.task_id].contract.kind is TaskKind.PLAN
    )
    return max(took, default=0)
