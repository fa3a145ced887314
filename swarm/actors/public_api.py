"""The door of swarm.actors. Nothing here imports Ray; see `swarm.actors.ray` for its shells."""

from swarm.actors.abroad import clone_of, keep_app, keep_token, wire_to
from swarm.actors.alive import coordinator_alive
from swarm.actors.assembly import default_cast
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
from swarm.actors.crew import Cast
from swarm.actors.doorstep import EarlyHouse
from swarm.actors.environments import (
    EnvironmentView,
    Make,
    Unbuilt,
    build_environment,
    view_environment,
)
from swarm.actors.estimate import Estimate, TaskEstimate, estimate_goal
from swarm.actors.facts import FactView, read_facts
from swarm.actors.gate import CheckVerdict, check_change
from swarm.actors.house import start_house
from swarm.actors.inbox import leave, waiting
from swarm.actors.inline import run_inline
from swarm.actors.intake import GoalRequest, prepare_goal, remarks
from swarm.actors.own_agents import read_agents, write_agents
from swarm.actors.places import Places
from swarm.actors.proof import verify_goal
from swarm.actors.tool_servers import Introduction, introductions

__all__ = [
    "Cast",
    "CheckVerdict",
    "Clock",
    "EarlyHouse",
    "EnvironmentView",
    "Estimate",
    "FactView",
    "GoalRequest",
    "Introduction",
    "Make",
    "Places",
    "SystemClock",
    "TaskEstimate",
    "Unbuilt",
    "build_environment",
    "canaries_asked",
    "canary_costs",
    "check_change",
    "clone_of",
    "coordinator_alive",
    "default_cast",
    "estimate_goal",
    "heard_by_check",
    "heard_canaries",
    "heard_together",
    "introductions",
    "keep_app",
    "keep_token",
    "leave",
    "note_canary",
    "prepare_goal",
    "rates_by_check",
    "read_agents",
    "read_facts",
    "remarks",
    "run_inline",
    "start_house",
    "verify_goal",
    "view_environment",
    "waiting",
    "wire_to",
    "write_agents",
]
