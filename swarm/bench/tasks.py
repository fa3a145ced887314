"""A task of a benchmark, and reading a folder of them.

A task's folder holds `task.json`, `project/` (what is worked on), and, apart from it, `hidden/` (tests
that tell right from wrong, laid over the project to judge) and `solution.patch` (one right answer,
which shows that there is one).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from swarm.domain.errors import Lacking, Rejected
from swarm.domain.frozen import Frozen

Level = Literal["easy", "medium", "hard"]
Expected = Literal["solvable", "impossible", "green"]
"""`impossible` and `green` (nothing to do) are rightly refused."""

Files = Mapping[str, bytes]
_PASSED_OVER = frozenset({"__pycache__", ".pytest_cache", ".git"})


@dataclass(frozen=True, slots=True)
class BenchTask:
    name: str
    suite: str
    goal: str
    level: Level
    description: str
    expected: Expected
    files: Files
    """The repository that is worked on, by path."""

    hidden: Files = field(default_factory=dict)
    """Laid over a result to judge it."""

    solution: str = ""
    """A patch that makes everything green, as git writes it; empty where none is known."""


class _Told(Frozen):
    """`task.json`."""

    goal: str
    level: Level
    description: str
    expected: Expected


def own_tasks() -> Path:
    """The folder of tasks in a source checkout. Raises Lacking for an installed package."""
    folder = Path(__file__).parents[2] / "benchmarks" / "tasks"
    if not folder.is_dir():
        raise Lacking(
            "the benchmark's tasks are only in a source checkout, not in the installed package",
            advice="run it from a checkout, or name a folder of tasks",
        )
    return folder


def load_tasks(folder: Path) -> tuple[BenchTask, ...]:
    """Every task below the folder, in order of name. Raises Rejected when one cannot be read."""
    if not folder.is_dir():
        raise Rejected(f"there is no folder {folder}", advice="name a folder of tasks")
    tasks = tuple(load_task(each.parent) for each in sorted(folder.glob("*/task.json")))
    if not tasks:
        raise Rejected(f"{folder} holds no task", advice="each task is a folder with a task.json")
    return tasks


def load_task(folder: Path) -> BenchTask:
    try:
        told = _Told.model_validate_json((folder / "task.json").read_bytes())
    except ValidationError as error:
        raise Rejected(f"{folder / 'task.json'} cannot be read: {error}") from error
    files = read_files(folder / "project")
    if not files:
        raise Rejected(f"{folder / 'project'} holds no files")
    solution = folder / "solution.patch"
    return BenchTask(
        name=folder.name,
        suite="own",
        goal=told.goal,
        level=told.level,
        description=told.description,
        expected=told.expected,
        files=files,
        hidden=read_files(folder / "hidden"),
        solution=solution.read_text(encoding="utf-8") if solution.is_file() else "",
    )


def read_files(folder: Path) -> Files:
    """Every file below the folder by its path, sorted; what running tests leaves is passed over."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _PASSED_OVER & set(path.relative_to(folder).parts)
    }


def write_files(folder: Path, files: Files) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
