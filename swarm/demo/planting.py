"""Write the demo project into a folder as a git repository, with bugs in it.

The bugs are there from the first commit on, so that the history does not show what was changed.
Author and dates are fixed: the same seed gives the same commit everywhere.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath
from random import Random

from swarm.demo.bugs import BUGS, Bug
from swarm.domain.errors import Lacking, Rejected

PROJECT = Path(__file__).parent / "project"

_LATER = ("workdays", "rounding", "rates", "budgets", "invoices", "reports")
"""Modules that came with the second commit."""

_AUTHOR = "Demo Author"
_EMAIL = "demo@example.invalid"


@dataclass(frozen=True, slots=True)
class Planted:
    seed: int
    bugs: tuple[Bug, ...]
    repository: Path
    commit: str

    @property
    def breaks(self) -> tuple[str, ...]:
        """Test functions that fail because of the bugs, as `file::function`, sorted."""
        return tuple(sorted({each for bug in self.bugs for each in bug.breaks}))


def plant(seed: int, into: Path) -> Planted:
    """Write the project with two independent bugs, chosen by the seed.

    Raises Rejected when `into` holds anything, Lacking when there is no git.
    """
    bugs = choose(seed)
    return Planted(seed, bugs, into, write_project(into, bugs))


def choose(seed: int) -> tuple[Bug, ...]:
    """Two bugs in different modules that no test notices both of."""
    pairs = [pair for pair in combinations(BUGS, 2) if _independent(*pair)]
    return Random(seed).choice(pairs)


def _independent(one: Bug, other: Bug) -> bool:
    return one.module != other.module and not set(one.breaks) & set(other.breaks)


def write_project(into: Path, bugs: tuple[Bug, ...] = ()) -> str:
    """Write and commit the project with these bugs; return the commit's hash."""
    if into.exists() and any(into.iterdir()):
        raise Rejected(f"{into} is not empty", advice="name a folder that does not exist yet")
    into.mkdir(parents=True, exist_ok=True)
    files = {path: _with_bugs(path, data, bugs) for path, data in _project_files()}
    _git(into, 0, "init", "--quiet", "--initial-branch=main")
    _commit(into, 0, "Read, store and total hours", _first(files))
    _commit(into, 1, "Add working days, rates, invoices and reports", files)
    return _git(into, 1, "rev-parse", "HEAD").strip()


def _project_files() -> Iterator[tuple[PurePosixPath, bytes]]:
    for path in sorted(PROJECT.rglob("*")):
        relative = path.relative_to(PROJECT)
        folders = relative.parts[:-1]
        if path.is_file() and not any(name.startswith((".", "__")) for name in folders):
            yield PurePosixPath(relative), path.read_bytes()


def _with_bugs(path: PurePosixPath, data: bytes, bugs: tuple[Bug, ...]) -> bytes:
    for bug in bugs:
        if path == PurePosixPath(bug.path):
            data = bug.applied(data.decode()).encode()
    return data


def _first(files: Mapping[PurePosixPath, bytes]) -> dict[PurePosixPath, bytes]:
    later = {f"{prefix}{name}" for name in _LATER for prefix in ("", "test_")} | {"CHANGES"}
    return {path: data for path, data in files.items() if path.stem not in later}


def _commit(into: Path, number: int, message: str, files: Mapping[PurePosixPath, bytes]) -> None:
    for path, data in files.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    _git(into, number, "add", "--all")
    _git(into, number, "commit", "--quiet", "--no-verify", "--message", message)


def _git(into: Path, number: int, *arguments: str) -> str:
    """Run git in the new repository with nothing of the user's configuration."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "-c", "commit.gpgsign=false", *arguments],
            cwd=into,
            env=_git_environment(number),
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise Lacking("there is no git on PATH", advice="install git") from error
    except subprocess.CalledProcessError as error:
        raise Rejected(f"git {arguments[0]} failed: {error.stderr.strip()}") from error
    return done.stdout


def _git_environment(number: int) -> dict[str, str]:
    when = f"2024-03-{4 + 14 * number:02d}T10:00:00+00:00"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": _AUTHOR,
        "GIT_AUTHOR_EMAIL": _EMAIL,
        "GIT_AUTHOR_DATE": when,
        "GIT_COMMITTER_NAME": _AUTHOR,
        "GIT_COMMITTER_EMAIL": _EMAIL,
        "GIT_COMMITTER_DATE": when,
    }
