"""All goals from all events: what a coordinator does when it comes back.

Everything that is made here stays, so a collector that looks through it again and again finds nothing:
over 100,000 events that look is more than half of the time. It rests meanwhile; what is dropped on the
way has no cycles and is freed by its reference counts.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from swarm.coordination.evolve import fold
from swarm.coordination.state import GoalState
from swarm.domain.events import Event
from swarm.domain.names import GoalId


def rebuild(events: Iterable[Event]) -> dict[GoalId, GoalState]:
    """The table of goals after these events, decoded and folded one by one."""
    goals: dict[GoalId, GoalState] = {}
    with _collector_at_rest():
        for event in events:
            fold(goals, event)
    return goals


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Leaves it as it was found; what was made meanwhile is not looked through at once."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
