"""The door of `swarm.agents.planning`: the planner without a model."""

from swarm.agents.planning.planner import Planner

__all__ = ["Planner"]
