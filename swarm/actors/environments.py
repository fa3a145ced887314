"""Which interpreter, command and files a goal's tests run with.

An interpreter that the user named; else the user's own virtual environment, if it works; else an
environment that was built from the repository's recipe; else the interpreter that runs us.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.goals import Environment
from swarm.recipes.public_api import Choice, Recipe, choose_carried, detect_recipe
from swarm.repository.public_api import (
    RepositoryState,
    export_tree,
    ignored_paths,
    nearest_version,
)
from swarm.tools.public_api import detect_environment


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said on the command line."""

    python: Path | None = None
    test: str | None = None


@contextmanager
def committed_files(repository: RepositoryState) -> Iterator[Path]:
    """The files of the base commit, as long as they are looked at."""
    with tempfile.TemporaryDirectory(prefix="swarm-recipe-") as folder:
        into = Path(folder) / "tree"
        export_tree(repository.top, repository.base_tree, into)
        yield into


def recipe_of(repository: RepositoryState) -> Recipe:
    """Raises Rejected for a swarm.toml that is not understood."""
    with committed_files(repository) as folder:
        return detect_recipe(folder, nearest_version(repository.top))


def carried_of(repository: RepositoryState, recipe: Recipe) -> Choice:
    top = repository.top
    return choose_carried(top, ignored_paths(top), recipe.carry, recipe.leave)


def choose_environment(repository: RepositoryState, wish: Wish) -> Environment:
    """Raises Rejected, NeedsHuman or Lacking with what is wrong and what to do."""
    recipe = recipe_of(repository)
    found = asyncio.run(
        detect_environment(
            repository.top,
            repository.top,
            python=wish.python.absolute() if wish.python else None,
            test_command=wish.test or _settled(recipe),
            own_python=Path(sys.executable),
        )
    )
    carried = carried_of(repository, recipe).carried
    return found.model_copy(update={"carried": carried, "origin": _origin(found, wish)})


def _settled(recipe: Recipe) -> str | None:
    """A command whose results come test by test, or that the repository insists on."""
    said = recipe.why("test")
    by_id = recipe.test.startswith(("pytest", "python -m unittest"))
    insists = any(reason.path == "swarm.toml" for reason in said)
    return recipe.test or None if by_id or insists else None


def _origin(environment: Environment, wish: Wish) -> str:
    if wish.python is not None:
        return "named by the user"
    if Path(environment.python).is_relative_to(environment.mount_point):
        return "the repository's own"
    return "the one that runs swarm"
