"""The door of swarm.recipes."""

from swarm.recipes.build import Workshop, build, default_hosts
from swarm.recipes.carried import Choice, Left, choose_carried
from swarm.recipes.detection import detect_recipe
from swarm.recipes.indexes import Indexes, host_indexes
from swarm.recipes.interpreters import (
    Installed,
    choose_interpreter,
    installed_pythons,
    own_interpreter,
)
from swarm.recipes.overrides import as_section
from swarm.recipes.recipe import PARTS, Input, Reason, Recipe
from swarm.recipes.store import Built, find_built, key_of

__all__ = [
    "PARTS",
    "Built",
    "Choice",
    "Indexes",
    "Input",
    "Installed",
    "Left",
    "Reason",
    "Recipe",
    "Workshop",
    "as_section",
    "build",
    "choose_carried",
    "choose_interpreter",
    "default_hosts",
    "detect_recipe",
    "find_built",
    "host_indexes",
    "installed_pythons",
    "key_of",
    "own_interpreter",
]
