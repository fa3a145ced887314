"""The door of `swarm.demo`: plant bugs in a small project."""

from swarm.demo.bugs import BUGS, Bug
from swarm.demo.canaries import BAD, GOOD, Canary
from swarm.demo.planting import Planted, choose, plant, write_project

__all__ = ["BAD", "BUGS", "GOOD", "Bug", "Canary", "Planted", "choose", "plant", "write_project"]
