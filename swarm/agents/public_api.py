"""The door of swarm.agents."""

from swarm.agents.checks.baseline import Baseline, base_run
from swarm.agents.checks.behaviour import BehaviourReviewer
from swarm.agents.checks.diffs import Bounds
from swarm.agents.checks.edition import edition
from swarm.agents.checks.runs import Runs
from swarm.agents.checks.static import StaticReviewer
from swarm.agents.checks.tester import SuiteTester
from swarm.agents.checks.voters import PRINCIPALS
from swarm.agents.opinions.critics import Critic, executed_again
from swarm.agents.planning.ailments import Ailment, ailment_of
from swarm.agents.planning.planner import Planner
from swarm.agents.planning.thinking import Thinker
from swarm.agents.port import (
    CheckAssignment,
    Checked,
    Checker,
    Plan,
    ThinkingChecker,
    Workbench,
)

__all__ = [
    "PRINCIPALS",
    "Ailment",
    "Baseline",
    "BehaviourReviewer",
    "Bounds",
    "CheckAssignment",
    "Checked",
    "Checker",
    "Critic",
    "Plan",
    "Planner",
    "Runs",
    "StaticReviewer",
    "SuiteTester",
    "Thinker",
    "ThinkingChecker",
    "Workbench",
    "ailment_of",
    "base_run",
    "edition",
    "executed_again",
]
