"""The door of swarm.actors. Nothing here imports Ray; see `swarm.actors.ray` for its shells."""

from swarm.actors.alive import coordinator_alive
from swarm.actors.canaries import (
    canaries_asked,
    canary_costs,
    heard_by_check,
    heard_canaries,
    heard_together,
    note_canary,
    rates_by_check,
)
from swarm.actors.clock import Clock, SystemClock
from swarm.actors.doorstep import EarlyHouse
from swarm.actors.environments import (
    EnvironmentView,
    Make,
    Unbuilt,
    build_environment,
    view_environment,
)
from swarm.actors.facts import FactView, read_facts
from swarm.actors.house import start_house
from swarm.actors.inbox import leave, waiting
from swarm.actors.intake import GoalRequest, prepare_goal, remarks
from swarm.actors.places import Places
from swarm.actors.tool_servers import Introduction, introductions

__all__ = [
    "Clock",
    "EarlyHouse",
    "EnvironmentView",
    "FactView",
    "GoalRequest",
    "Introduction",
    "Make",
    "Places",
    "SystemClock",
    "Unbuilt",
    "build_environment",
    "canaries_asked",
    "canary_costs",
    "coordinator_alive",
    "heard_by_check",
    "heard_canaries",
    "heard_together",
    "introductions",
    "leave",
    "note_canary",
    "prepare_goal",
    "rates_by_check",
    "read_facts",
    "remarks",
    "start_house",
    "view_environment",
    "waiting",
]
