"""Which interpreter, command and files a goal's tests run with.

An interpreter that the user named; else the user's own virtual environment, if it works; else an
environment that was built from the repository's recipe; else the interpreter that runs us. A built
environment is never run here: what it is was found out in a sandbox when it was built.
"""

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from swarm.actors.places import Places
from swarm.domain.errors import Lacking, Rejected
from swarm.domain.goals import Environment
from swarm.recipes.public_api import (
    Built,
    Choice,
    Installed,
    Recipe,
    Workshop,
    build,
    choose_carried,
    choose_interpreter,
    detect_recipe,
    find_built,
    host_indexes,
    installed_pythons,
    key_of,
    own_interpreter,
)
from swarm.repository.public_api import (
    RepositoryState,
    export_tree,
    ignored_paths,
    inspect,
    nearest_version,
)
from swarm.sandbox.public_api import BaseRef, open_host
from swarm.services.public_api import Hint, ServiceSpec, wanted_services
from swarm.tools.public_api import Interpreter, detect_environment, own_venv

OWN, BUILT, OURS, NAMED = (
    "the repository's own",
    "built from the recipe",
    "the one that runs swarm",
    "named by the user",
)
_SETTINGS = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user said on the command line."""

    python: Path | None = None
    test: str | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """All that a person may want to review."""

    recipe: Recipe
    key: str
    """Empty where no interpreter here is admitted."""

    built: Built | None
    choice: Choice
    used: str
    """What a goal would use now, or why none can."""


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """What a goal's tests need, and no interpreter at hand has."""

    top: Path
    missing: tuple[str, ...]
    """Names of distributions, the project's own among them."""

    said_by: tuple[str, ...]
    """The files that ask for them."""


Make = Callable[[Unbuilt], None]
"""Builds it, or leaves it; raises what is to be told instead of a goal without it."""


@contextmanager
def committed_files(repository: RepositoryState) -> Iterator[Path]:
    """The files of the base commit, as long as they are looked at."""
    with tempfile.TemporaryDirectory(prefix="swarm-recipe-") as folder:
        into = Path(folder) / "tree"
        export_tree(repository.top, repository.base_tree, into)
        # A sandbox of somebody else's has to get through to the files.
        Path(folder).chmod(0o755)
        yield into


def recipe_of(repository: RepositoryState) -> Recipe:
    """Raises Rejected for a swarm.toml that is not understood."""
    with committed_files(repository) as folder:
        return detect_recipe(folder, nearest_version(repository.top))


def carried_of(repository: RepositoryState, recipe: Recipe) -> Choice:
    top = repository.top
    return choose_carried(top, ignored_paths(top), recipe.carry, recipe.leave)


def choose_environment(
    repository: RepositoryState, wish: Wish, folder: Path | None = None, make: Make | None = None
) -> Environment:
    """`folder`: of built environments. Raises Rejected, NeedsHuman or Lacking with what is wrong.

    `make` is called where tests need what nothing at hand has, before it is looked for again.
    """
    with committed_files(repository) as files:
        recipe = detect_recipe(files, nearest_version(repository.top))
        if make is not None and (unbuilt := _unbuilt(repository, recipe, files, wish, folder)):
            make(unbuilt)
        found = _chosen(repository, recipe, wish, folder)
        services = services_of(files, recipe, Path(found.python))
    carried = carried_of(repository, recipe).carried
    return found.model_copy(update={"carried": carried, "services": services})


def services_of(files: Path, recipe: Recipe, python: Path) -> tuple[ServiceSpec, ...]:
    """Raises Rejected for a swarm.toml that is not understood."""
    hints = (Hint(each.value, each.path) for each in recipe.why("services"))
    return wanted_services(files, hints, python)


def _chosen(
    repository: RepositoryState, recipe: Recipe, wish: Wish, folder: Path | None
) -> Environment:
    built = None
    if folder is not None and wish.python is None:
        built = _built(recipe, folder, repository.top)
    if wish.python is not None or own_venv(repository.top) is not None:
        try:
            found = _detected(repository, recipe, wish)
        except Lacking:
            # The user's own does not work, or has no pytest.
            if built is None:
                raise
        else:
            return found.model_copy(update={"origin": OWN if wish.python is None else NAMED})
    if built is not None:
        return _of_built(repository, recipe, wish, built)
    return _of_ours(repository, recipe, wish)


def _unbuilt(
    repository: RepositoryState, recipe: Recipe, files: Path, wish: Wish, folder: Path | None
) -> Unbuilt | None:
    """None where what is at hand will do, as far as can be told without running anything."""
    if wish.python is not None or not recipe.is_built:
        return None
    try:
        found = _chosen(repository, recipe, wish, folder)
    except Lacking:
        missing = recipe.needs or ("what is installed",)
    else:
        own = ("the project itself",) if _hides_in_src(recipe, files) else ()
        missing = (*missing_here(recipe), *own) if found.origin.startswith(OURS) else ()
    said = dict.fromkeys(each.path for each in recipe.why("needs") if each.value in missing)
    said |= {} if said else dict.fromkeys(each.path for each in recipe.why("install"))
    return Unbuilt(repository.top, missing, tuple(said)) if missing else None


def _hides_in_src(recipe: Recipe, files: Path) -> bool:
    """Its packages can be imported only where it is installed: nothing else puts `src` on the path."""
    if recipe.install == "no" or not any((files / "src").glob("*/__init__.py")):
        return False
    told = (
        *(files / each for each in _SETTINGS),
        *files.glob("conftest.py"),
        *files.glob("tests/conftest.py"),
    )
    return not any(_names_a_path(each) for each in told)


def _names_a_path(file: Path) -> bool:
    is_plain = file.is_file() and not file.is_symlink()
    return is_plain and re.search(rb"pythonpath|sys\.path", file.read_bytes()) is not None


def _of_built(repository: RepositoryState, recipe: Recipe, wish: Wish, built: Built) -> Environment:
    major, minor, micro = (*map(int, built.python_version.split(".")[:3]), 0, 0)[:3]
    known = Interpreter(Path(built.python), (major, minor, micro), built.pytest)
    found = _detected(repository, recipe, wish, known)
    # The user's own virtual environment is not shown: it is not what the tests run with.
    update = {"origin": f"{BUILT} ({built.key})", "shown": built.shown, "binds": ()}
    return found.model_copy(update=update)


def _of_ours(repository: RepositoryState, recipe: Recipe, wish: Wish) -> Environment:
    missing = missing_here(recipe)
    try:
        found = _detected(repository, recipe, wish)
    except Lacking as error:
        if not recipe.is_built:
            raise
        raise Lacking(
            str(error), advice="build what the repository needs: swarm env build"
        ) from error
    told = f"; it lacks {', '.join(missing[:5])}: swarm env build" if missing else ""
    return found.model_copy(update={"origin": f"{OURS}{told}"})


def _detected(
    repository: RepositoryState, recipe: Recipe, wish: Wish, known: Interpreter | None = None
) -> Environment:
    return asyncio.run(
        detect_environment(
            repository.top,
            repository.top,
            python=wish.python.absolute() if wish.python else None,
            test_command=wish.test or _settled(recipe),
            own_python=Path(sys.executable),
            known=known,
        )
    )


def _settled(recipe: Recipe) -> str | None:
    """A command whose results come test by test, or that the repository insists on, or the one that its
    language has.
    """
    by_id = recipe.test.startswith(("pytest", "python -m unittest"))
    insists = any(reason.path == "swarm.toml" for reason in recipe.why("test"))
    other = recipe.language not in ("python", "unknown")
    return recipe.test or None if by_id or insists or other else None


def missing_here(recipe: Recipe) -> tuple[str, ...]:
    """What the recipe asks for and the interpreter that runs us does not have."""
    return tuple(name for name in recipe.needs if not _has(name))


def _has(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


# Building ---------------------------------------------------------------------------------------


def _interpreter(recipe: Recipe) -> Installed:
    wanted = recipe.interpreter if recipe.language == "python" else ""
    return choose_interpreter(wanted, own_interpreter(), installed_pythons(os.environ))


def _built(recipe: Recipe, folder: Path, top: Path) -> Built | None:
    if not recipe.is_built:
        return None
    try:
        return find_built(folder, key_of(recipe, _interpreter(recipe), top))
    except Lacking:
        return None


def view_environment(path: Path, places: Places) -> EnvironmentView:
    """Reads only, and creates nothing. Raises Rejected for what is no repository."""
    repository = inspect(path.absolute())
    recipe = recipe_of(repository)
    built = _built(recipe, places.environments, repository.top)
    try:
        key = key_of(recipe, _interpreter(recipe), repository.top) if recipe.is_built else ""
    except Lacking:
        key = ""
    return EnvironmentView(
        recipe, key, built, carried_of(repository, recipe), _used(repository, recipe, places)
    )


def _used(repository: RepositoryState, recipe: Recipe, places: Places) -> str:
    try:
        found = _chosen(repository, recipe, Wish(), places.environments)
    except (Lacking, Rejected) as error:
        return f"none: {error}"
    return f"{found.python} ({found.origin})"


def build_environment(
    path: Path,
    places: Places,
    *,
    allow: frozenset[str] = frozenset(),
    rebuild: bool = False,
    tell: Callable[[str], None] = lambda _line: None,
) -> Built:
    """Build what the repository's commit needs, or find it built.

    Raises Rejected where there is nothing to build, Lacking and NeedsHuman as `build` does.
    """
    repository = inspect(path.absolute())
    with committed_files(repository) as folder:
        recipe = detect_recipe(folder, nearest_version(repository.top))
        if not recipe.is_built:
            raise Rejected(
                f"nothing that {repository.top} needs has to be installed",
                advice="see what was found: swarm env show",
            )
        base = BaseRef(folder, repository.base_tree)
        return asyncio.run(_in_workshop(recipe, base, repository.top, places, allow, rebuild, tell))


async def _in_workshop(
    recipe: Recipe,
    base: BaseRef,
    top: Path,
    places: Places,
    allow: frozenset[str],
    rebuild: bool,
    tell: Callable[[str], None],
) -> Built:
    host = open_host(places.work / "building", "isolated")
    indexes = host_indexes(os.environ)
    python = _interpreter(recipe)
    shop = Workshop(
        places.environments, host, python, uv_program(), indexes, allow=allow, tell=tell
    )
    try:
        return await build(recipe, base, top, shop, rebuild=rebuild)
    finally:
        await host.close()


def uv_program() -> Path | None:
    """Uv beside our interpreter, or on PATH; None: pip does it."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    return Path(found).resolve() if found else None
