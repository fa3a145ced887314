"""The door of swarm.recipes."""

from swarm.recipes.detection import detect_recipe
from swarm.recipes.overrides import as_section
from swarm.recipes.recipe import Input, Reason, Recipe

__all__ = ["Input", "Reason", "Recipe", "as_section", "detect_recipe"]
