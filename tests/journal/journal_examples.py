"""Events to fill journals with."""

from swarm.domain.events import CoordinatorStarted, Event, GoalGuided
from swarm.domain.names import CommandId, GoalId


def an_event(number: int = 1, text: str = "look at dates.py") -> Event:
    return GoalGuided(
        at=number, goal_id=GoalId("g-7k2m9x"), command_id=CommandId(f"c{number}"), text=text
    )


def a_start(at: int = 0) -> Event:
    return CoordinatorStarted(at=at, version="0.1.0", runtime="inline")
