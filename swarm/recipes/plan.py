"""A recipe as commands. Pure: what is run is decided here, and can be read before it runs.

The environment is made beside the tree's files, where a sandbox may write, under the name `NAME`; it is
moved to its place when it is sealed.
"""

from dataclasses import dataclass
from pathlib import Path

from swarm.recipes.indexes import Indexes
from swarm.recipes.locks import constraints, has_hashes, listed
from swarm.recipes.pyproject import group_requirements
from swarm.recipes.reading import Files
from swarm.recipes.recipe import Recipe

NAME = ".swarm-environment"
CACHE = ".swarm-cache"
_STDIN = "/dev/stdin"
_VERSIONS = ("SETUPTOOLS_SCM_PRETEND_VERSION", "PBR_VERSION")


@dataclass(frozen=True, slots=True)
class Step:
    what: str
    """For people."""

    argv: tuple[str, ...]
    stdin: bytes = b""
    needed: bool = True
    """Whether the build has failed when it fails."""


@dataclass(frozen=True, slots=True)
class Tools:
    python: Path
    """The interpreter below the environment."""

    uv: Path | None
    """None: venv and pip."""


def plan(
    recipe: Recipe, files: Files, tree: Path, tools: Tools, indexes: Indexes
) -> tuple[Step, ...]:
    """`tree`: where the commit's files are inside."""
    python = tree / NAME / "bin/python"
    return (
        _made(tree, tools),
        *_exported(recipe, tree, tools),
        *_installed(recipe, files, tree, tools, indexes),
        *(Step(f"run {each}", ("sh", "-c", each)) for each in recipe.steps),
        Step("look what came of it", (str(python), "-I", "-c", "import sys")),
    )


def variables(recipe: Recipe, tree: Path) -> dict[str, str]:
    """Caches stay in the sandbox and are thrown away with it."""
    cache = str(tree / CACHE)
    given = dict.fromkeys(_VERSIONS, recipe.version) if recipe.version else {}
    return given | {
        "PATH": f"{tree / NAME}/bin:/usr/local/bin:/usr/bin:/bin",
        "VIRTUAL_ENV": str(tree / NAME),
        "UV_CACHE_DIR": cache,
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "1",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_CACHE_DIR": cache,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "POETRY_DYNAMIC_VERSIONING_BYPASS": recipe.version,
    }


def _made(tree: Path, tools: Tools) -> Step:
    place, python = str(tree / NAME), str(tools.python)
    if tools.uv is not None:
        argv = (str(tools.uv), "venv", "-q", "--no-project", "--python", python, place)
        return Step("make a virtual environment", argv)
    return Step("make a virtual environment", (python, "-I", "-m", "venv", place))


def _exported(recipe: Recipe, tree: Path, tools: Tools) -> tuple[Step, ...]:
    if recipe.lock != "uv.lock":
        return ()
    chosen = [word for each in recipe.extras for word in ("--extra", each)]
    chosen += ["--no-default-groups", *(w for each in recipe.groups for w in ("--group", each))]
    argv = (str(tools.uv or "uv"), "export", "-q", "--frozen", "--no-emit-project", *chosen)
    return (Step("read uv.lock", (*argv, "-o", str(tree / CACHE / "locked.txt"))),)


def _installed(
    recipe: Recipe, files: Files, tree: Path, tools: Tools, indexes: Indexes
) -> tuple[Step, ...]:
    pip = (*_pip(tree, tools), *indexes.options())
    project = _project(recipe)
    names = _by_name(recipe, files)
    if recipe.lock == "uv.lock":
        locked = ("-r", str(tree / CACHE / "locked.txt"))
        return (*_step("install what is locked", pip, locked), *_alone(recipe, pip, project))
    if lines := listed(files, recipe.lock):
        return (
            Step("install what is locked", (*pip, "-r", _STDIN), lines.encode()),
            *_step("install the project", pip, (*names, *project)),
        )
    if recipe.lock.startswith("requirements"):
        locked = ("-r", recipe.lock)
        return (*_step("install what is locked", pip, locked), *_alone(recipe, pip, project))
    return _resolved(recipe, files, tools, pip, (*names, *project))


def _resolved(
    recipe: Recipe, files: Files, tools: Tools, pip: tuple[str, ...], named: tuple[str, ...]
) -> tuple[Step, ...]:
    """What the installer chooses versions for, as far as no lock and no hash does."""
    exact = [each for each in recipe.requirements if has_hashes(files, each)]
    plain = [each for each in recipe.requirements if each not in exact]
    # By themselves: with one hash, pip wants one of everything.
    first = tuple(Step("install what is locked", (*pip, "-r", each)) for each in exact)
    wanted = (*(word for each in plain for word in ("-r", each)), *named)
    pins = constraints(files, recipe.lock, hashes=tools.uv is not None)
    if pins and wanted:
        return (*first, Step("install, as locked", (*pip, *wanted, "-c", _STDIN), pins.encode()))
    return (*first, *_step("install", pip, wanted))


def _alone(recipe: Recipe, pip: tuple[str, ...], project: tuple[str, ...]) -> tuple[Step, ...]:
    """The project itself, when all that it needs is there."""
    own = _step("install the project", pip, ("--no-deps", *project)) if project else ()
    return (*own, *_step("install what else is asked for", pip, recipe.packages))


def _step(what: str, pip: tuple[str, ...], words: tuple[str, ...]) -> tuple[Step, ...]:
    return (Step(what, (*pip, *words)),) if words else ()


def _pip(tree: Path, tools: Tools) -> tuple[str, ...]:
    python = str(tree / NAME / "bin/python")
    if tools.uv is not None:
        return (
            str(tools.uv),
            "pip",
            "install",
            "--python",
            python,
            "--index-strategy",
            "unsafe-best-match",
        )
    return (python, "-I", "-m", "pip", "install", "--no-compile")


def _project(recipe: Recipe) -> tuple[str, ...]:
    if recipe.install == "no":
        return ()
    target = f".[{','.join(recipe.extras)}]" if recipe.extras else "."
    return ("-e", target) if recipe.install == "editable" else (target,)


def _by_name(recipe: Recipe, files: Files) -> tuple[str, ...]:
    grouped = (each for name in recipe.groups for each in group_requirements(files, name))
    return tuple(dict.fromkeys((*recipe.packages, *grouped)))
