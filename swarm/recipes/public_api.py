"""The door of swarm.recipes."""

from swarm.recipes.carried import Choice, Left, choose_carried
from swarm.recipes.detection import detect_recipe
from swarm.recipes.overrides import as_section
from swarm.recipes.recipe import Input, Reason, Recipe

__all__ = [
    "Choice",
    "Input",
    "Left",
    "Reason",
    "Recipe",
    "as_section",
    "choose_carried",
    "detect_recipe",
]
