"""The second door of swarm.actors: what works, judges and reaches out in the process that imports it.

Apart from the first, as it takes most of a second to import, and who types a goal waits for that.
Nothing here imports Ray either.
"""

from swarm.actors.abroad import clone_of, keep_app, keep_token, wire_to
from swarm.actors.assembly import default_cast
from swarm.actors.crew import Cast
from swarm.actors.estimate import Estimate, TaskEstimate, estimate_goal
from swarm.actors.gate import CheckVerdict, check_change
from swarm.actors.inline import run_inline
from swarm.actors.own_agents import read_agents, write_agents
from swarm.actors.proof import verify_goal

__all__ = [
    "Cast",
    "CheckVerdict",
    "Estimate",
    "TaskEstimate",
    "check_change",
    "clone_of",
    "default_cast",
    "estimate_goal",
    "keep_app",
    "keep_token",
    "read_agents",
    "run_inline",
    "verify_goal",
    "wire_to",
    "write_agents",
]
