"""The door of swarm.agents."""

from swarm.agents.checks.diffs import Bounds
from swarm.agents.checks.static import StaticReviewer
from swarm.agents.checks.tester import SuiteTester
from swarm.agents.checks.voters import PRINCIPALS
from swarm.agents.planning.planner import Planner
from swarm.agents.port import CheckAssignment, Checked, Checker, Plan, Workbench

__all__ = [
    "PRINCIPALS",
    "Bounds",
    "CheckAssignment",
    "Checked",
    "Checker",
    "Plan",
    "Planner",
    "StaticReviewer",
    "SuiteTester",
    "Workbench",
]
