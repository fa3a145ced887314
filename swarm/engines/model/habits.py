"""The project's own linters and formatters, run over what was changed before it leaves.

Which there are is read from the files that configure them; a program that the sandbox does not have is
passed over. What they say is told to the model, which may have its reasons: nobody is kept from submitting.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.changes import Changes, Written
from swarm.domain.errors import Rejected
from swarm.engines.model.tools import Bench
from swarm.engines.model.trimming import legible, trimmed

SETTINGS = ("pyproject.toml", "package.json")
MARKS = ("ruff.toml", ".ruff.toml", ".flake8", "go.mod", "Cargo.toml")
MOST_SETTINGS = 200_000
SECONDS = 60.0
MOST_TOLD = 2_000
MOST_FILES = 200
_FIND = 'command -v "$0" >/dev/null 2>&1 || exit 127; exec "$0" "$@"'
_ABSENT = 127
_SCRIPTS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx")


@dataclass(frozen=True, slots=True)
class Habit:
    """One program that looks at files and changes nothing."""

    argv: tuple[str, ...]
    suffixes: tuple[str, ...]

    @property
    def name(self) -> str:
        return " ".join((Path(self.argv[0]).name, *self.argv[1:]))


def habits(settings: Mapping[str, str], marks: Sequence[str]) -> Iterator[Habit]:
    """`settings`: texts of those of `SETTINGS` that are there; `marks`: those of `MARKS`."""
    tools = _tools(settings.get("pyproject.toml", ""))
    if "ruff" in tools or "ruff.toml" in marks or ".ruff.toml" in marks:
        yield Habit(("ruff", "check", "--quiet", "--no-cache"), (".py", ".pyi"))
        if "black" not in tools:
            yield Habit(("ruff", "format", "--check", "--quiet", "--no-cache"), (".py", ".pyi"))
    if "black" in tools:
        yield Habit(("black", "--check", "--quiet"), (".py", ".pyi"))
    if ".flake8" in marks:
        yield Habit(("flake8",), (".py",))
    packages = _packages(settings.get("package.json", ""))
    if "eslint" in packages:
        yield Habit(("node_modules/.bin/eslint",), _SCRIPTS)
    if "prettier" in packages:
        yield Habit(("node_modules/.bin/prettier", "--check"), (*_SCRIPTS, ".css", ".json"))
    if "go.mod" in marks:
        yield Habit(("gofmt", "-l"), (".go",))
    if "Cargo.toml" in marks:
        yield Habit(("rustfmt", "--check"), (".rs",))


def _tools(text: str) -> frozenset[str]:
    """Sections below `tool` of a pyproject.toml; anybody may have written it."""
    try:
        tool = tomllib.loads(text).get("tool")
    except (tomllib.TOMLDecodeError, RecursionError):
        return frozenset()
    return frozenset(tool) if isinstance(tool, dict) else frozenset()


def _packages(text: str) -> frozenset[str]:
    try:
        told = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return frozenset()
    if not isinstance(told, dict):
        return frozenset()
    sections = (told.get(name) for name in ("dependencies", "devDependencies"))
    return frozenset(name for each in sections if isinstance(each, dict) for name in each)


async def complaints(bench: Bench, changes: Changes) -> str:
    """What the project's programs say of the changed files; empty when they say nothing."""
    settings = {name: text for name in SETTINGS if (text := await _text(bench, name))}
    marks = [name for name in MARKS if await _text(bench, name)]
    told = [await _said(bench, habit, changes) for habit in habits(settings, marks)]
    return "\n".join(filter(None, told))


async def _text(bench: Bench, name: str) -> str:
    try:
        data = await bench.sandbox.read(bench.root / name, MOST_SETTINGS)
    except Rejected:
        return ""
    return data.decode("utf-8", "replace")


async def _said(bench: Bench, habit: Habit, changes: Changes) -> str:
    written = (item.path for item in changes.items if isinstance(item, Written))
    names = [path.decode("utf-8", "replace") for path in written]
    fit = (name for name in names if name.endswith(habit.suffixes) and "\ufffd" not in name)
    files = [f"./{name}" for name in fit][:MOST_FILES]
    if not files:
        return ""
    beside = str(Path(bench.assignment.environment.python).parent)
    env = {"PATH": f"{beside}:/usr/local/bin:/usr/bin:/bin"}
    argv = ("/bin/sh", "-c", _FIND, *habit.argv, *files)
    ran = await bench.sandbox.exec(argv, env=env, wall_seconds=SECONDS)
    bench.cpu_seconds += ran.cpu_seconds
    output = legible(ran.stdout + ran.stderr).strip()
    complains = ran.returncode not in (0, _ABSENT) or (habit.argv[0] == "gofmt" and output)
    if not complains or ran.killed_by:
        return ""
    return f"The project's own `{habit.name}` complains:\n{trimmed(output, MOST_TOLD)}"
