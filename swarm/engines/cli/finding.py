"""Agents on this machine: the program as PATH finds it, and what has to be shown for it to run.

Programs below the system's directories are seen in every sandbox. Of others only what they are made of is
shown: a program that is one file as that file, one that a package manager laid out as its packages, and the
interpreter that its first line names. Never the directory around them, which may be a home.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.domain.frozen import Frozen
from swarm.engines.cli.makers import MAKERS
from swarm.sandbox.public_api import interpreter_paths

_PACKAGES = "node_modules"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/opt")
_FIRST_LINE = 256


class Found(Frozen):
    """An agent that can be started. Holds no secret."""

    name: str
    """Of the agent: `claude-code`, or `acp` for one that speaks that protocol."""

    argv: tuple[str, ...]
    shows: tuple[str, ...] = ()
    """Paths of the host that it needs, besides the system's."""

    path: tuple[str, ...] = ()
    """Folders where it finds programs, besides the system's."""

    home: str
    """Whose login it uses."""

    model: str = ""
    hosts: tuple[tuple[str, int], ...] = ()
    """For an agent that is not known by name: whom it may reach."""

    relayed: bool = False
    """It asks its model through the gateway, and has neither login nor network."""

    window: int = 0
    """Tokens that its model reads at once, as the user says; 0: not said."""

    files: tuple[str, ...] = ()
    """For such an agent: files below the home that are its login, shown as they are."""


def find(name: str, path: str, home: Path, model: str = "") -> Found | None:
    """A known agent, where `path` (as in the environment) has it."""
    program = shutil.which(MAKERS[name].program, path=path)
    if program is None:
        return None
    argv, shows, folders = laid_out(Path(program), path)
    return Found(name=name, argv=argv, shows=shows, path=folders, home=str(home), model=model)


def find_all(path: str, home: Path) -> tuple[Found, ...]:
    found = (find(name, path, home) for name in MAKERS)
    return tuple(each for each in found if each is not None)


def laid_out(program: Path, path: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """How to start it, what to show, and where it looks for others."""
    real = program.resolve()
    interpreter = _interpreter(real, path)
    shown = {_whole(real)}
    argv: tuple[str, ...] = (str(real),)
    folders: tuple[str, ...] = ()
    if interpreter is not None:
        argv = (str(interpreter), str(real))
        folders = (str(interpreter.parent),)
        shown |= set(_parts(interpreter))
    return argv, tuple(sorted(str(each) for each in shown if not _is_system(each))), folders


def _whole(program: Path) -> Path:
    """The outermost folder of packages that it lies in, with those it depends on."""
    if _PACKAGES not in program.parts:
        return program
    return Path(*program.parts[: program.parts.index(_PACKAGES) + 1])


def _interpreter(program: Path, path: str) -> Path | None:
    """What the first line of a script names. Raises Lacking where that is not there."""
    try:
        with program.open("rb") as file:
            line = file.read(_FIRST_LINE).split(b"\n", 1)[0]
    except OSError as error:
        raise Lacking(f"{program} cannot be read: {error}") from error
    if not line.startswith(b"#!"):
        return None
    words = os.fsdecode(line[2:]).split()
    if words and Path(words[0]).name == "env":
        words = [each for each in words[1:] if not each.startswith("-") and "=" not in each]
    found = shutil.which(words[0], path=path) if words else None
    if found is None:
        raise Lacking(
            f"{program} needs {words[0] if words else 'an interpreter'}, which is not there"
        )
    return Path(found)


def _parts(interpreter: Path) -> Iterable[Path]:
    if interpreter.name.startswith("python"):
        return interpreter_paths(interpreter)
    return (interpreter, interpreter.resolve())


def _is_system(path: Path) -> bool:
    return any(path.is_relative_to(each) for each in _SYSTEM)
