"""Which interpreter and which command run a repository's tests.

Interpreter: the one given; else the virtual environment that the user has made in the repository; else
ours. Command: the one given; else pytest where the interpreter has it, else unittest. Only names and a
few bytes of files are looked at; nothing of the repository is run or imported. A virtual environment
that came with the repository is a part of it: whoever wrote it chose what its `python` does, and what
of this machine its settings name.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from swarm.domain.canonical import digest
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.domain.goals import Carried, Environment
from swarm.repository.public_api import is_tracked
from swarm.tools.commands import Command, read_command
from swarm.tools.interpreters import Interpreter, check_pytest, interview

_VENVS = (".venv", "venv")
_PASSED_OVER = frozenset({".git", ".hg", ".tox", ".nox", "node_modules", "__pycache__", "build"})
_TEST_FILE = re.compile(r"test.*\.py|.*_test\.py|tests\.py")
_IMPORTS_PYTEST = re.compile(rb"^\s*(?:import|from)\s+pytest\b", re.MULTILINE)
_MOST_FILES = 100_000
_BEGINNING_BYTES = 1 << 20


async def detect_environment(
    directory: Path,
    mount_point: Path,
    *,
    python: Path | None,
    test_command: str | None,
    own_python: Path,
    known: Interpreter | None = None,
) -> Environment:
    """How the tests in `directory`, seen at `mount_point`, are run.

    `known`: of an interpreter that must not be run here, what a sandbox found out. `python` and
    `own_python` are absolute. Raises Rejected when there are no tests or the command cannot be read,
    Lacking when the interpreter or its pytest is missing or too old.
    """
    command = None if test_command is None else read_command(test_command)
    own = await asyncio.to_thread(_own_venvs, mount_point)
    interpreter = known or await interview(python or _python_of(mount_point, own) or own_python)
    if command is None:
        command = await asyncio.to_thread(_usual_command, directory, interpreter)
    if command.runner == "pytest":
        check_pytest(interpreter)
    return Environment(
        mount_point=str(mount_point),
        python=str(interpreter.path),
        python_version=interpreter.version_text,
        runner=command.runner,
        runner_version=_runner_version(command, interpreter),
        command=_as_argv(command, interpreter.path),
        binds=tuple(each for each in own if (mount_point / each / "pyvenv.cfg").is_file()),
    )


def own_venv(top: Path) -> Path | None:
    """The interpreter of the user's virtual environment in that repository, of which git has nothing."""
    return _python_of(top, _own_venvs(top))


def _own_venvs(top: Path) -> tuple[str, ...]:
    return tuple(each for each in _VENVS if (top / each).exists() and not is_tracked(top, each))


def _python_of(top: Path, venvs: Iterable[str]) -> Path | None:
    found = (top / each / "bin" / "python" for each in venvs)
    return next((each for each in found if each.exists()), None)


async def readonly_paths(environment: Environment) -> tuple[Path, ...]:
    """Host paths that a sandbox must show for the interpreter to run in it.

    Nothing below /usr is named: sandboxes show that anyway. Raises NeedsHuman when a carried file is
    no longer what it was: evidence is about those bytes.
    """
    return await asyncio.to_thread(_readonly, environment)


def _readonly(environment: Environment) -> tuple[Path, ...]:
    mount = Path(environment.mount_point)
    wanted = {mount / bind for bind in environment.binds}
    wanted |= {_unchanged(mount, carried) for carried in environment.carried}
    # Nothing that a built environment says of itself is followed: programs of others built it.
    wanted |= set(map(Path, environment.shown)) or set(_prefixes(Path(environment.python)))
    return tuple(sorted(p for p in wanted if p != Path("/") and not p.is_relative_to("/usr")))


def _unchanged(mount: Path, carried: Carried) -> Path:
    path = mount / carried.path
    if path.is_symlink() or not path.is_file() or digest(path.read_bytes()) != carried.digest:
        raise NeedsHuman(
            f"{path} is not what it was when the goal began",
            advice="stop the goal and submit it anew: its tests ran with that file",
        )
    return path


def _prefixes(python: Path) -> Iterator[Path]:
    """Where the interpreter's library and packages lie, by the rules of PEP 405."""
    prefix = python.parent.parent
    yield prefix
    yield python.resolve().parent.parent
    config = prefix / "pyvenv.cfg"
    if config.is_file():
        for line in config.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "home":
                yield Path(value.strip()).parent
                yield Path(value.strip()).resolve().parent


def test_files(directory: Path) -> Iterator[Path]:
    """Files that look like tests, sorted; folders that are not the project's own are passed over."""
    seen = 0
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(
            name
            for name in folders
            if name not in _PASSED_OVER and not Path(folder, name, "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            seen += 1
            if _TEST_FILE.fullmatch(name):
                yield Path(folder, name)
        if seen > _MOST_FILES:
            return


def _beginning(file: Path) -> bytes:
    """Nothing of a link, which may lead to what never ends."""
    if file.is_symlink() or not file.is_file():
        return b""
    with file.open("rb") as opened:
        return opened.read(_BEGINNING_BYTES)


def _usual_command(directory: Path, interpreter: Interpreter) -> Command:
    files = list(test_files(directory))
    if not files:
        raise Rejected(
            "the repository has no tests that could be found",
            advice="add a tests/test_*.py, or name the command with --test",
        )
    if interpreter.pytest:
        return Command("pytest", (), ())
    if any(_IMPORTS_PYTEST.search(_beginning(file)) for file in files):
        raise Lacking(
            f"the tests import pytest, which {interpreter.path} does not have",
            advice=f"{interpreter.path} -m pip install pytest, or name another with --python",
        )
    return Command("unittest", (), _discover(directory, files))


def _discover(directory: Path, files: list[Path]) -> tuple[str, ...]:
    """Unittest finds tests only in packages; for a plain folder of tests, it is told the folder."""
    folders = {file.parent for file in files}
    plain = sorted(
        folder
        for folder in folders
        if folder != directory and not (folder / "__init__.py").exists()
    )
    if len(plain) == 1 and directory not in folders:
        return ("discover", "-s", str(plain[0].relative_to(directory)))
    return ("discover",)


def _runner_version(command: Command, interpreter: Interpreter) -> str:
    return {
        "pytest": interpreter.pytest,
        "unittest": interpreter.version_text,
        "command": "",
    }[command.runner]


def _as_argv(command: Command, python: Path) -> tuple[str, ...]:
    if command.runner == "command":
        return (*command.settings, *command.words)
    return (*command.settings, str(python), "-m", command.runner, *command.words)
