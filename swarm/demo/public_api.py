"""The door of `swarm.demo`: plant bugs in a small project."""

from swarm.demo.bugs import BUGS, Bug
from swarm.demo.planting import Planted, choose, plant, write_project

__all__ = ["BUGS", "Bug", "Planted", "choose", "plant", "write_project"]
