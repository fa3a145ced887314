"""Reading a test command as a person writes it.

A pytest or unittest command is understood and keeps its arguments, so that results come test by test.
Anything else is run as it is, and its exit code is the one result; what it prints about its tests is read
beside that (`printed`). Nothing is handed to a shell.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath

from swarm.domain.errors import Rejected
from swarm.domain.goals import Runner

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_PYTHON = re.compile(r"python[0-9.]*")
_LAUNCHERS = ("uv", "poetry", "pdm", "pipenv", "hatch", "rye")
_SHELL_WORDS = frozenset({"&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1"})


@dataclass(frozen=True, slots=True)
class Command:
    runner: Runner
    settings: tuple[str, ...]
    """Leading `NAME=value` words."""

    words: tuple[str, ...]
    """For pytest and unittest, the arguments behind the runner's name; else the whole argv."""


def read_command(text: str) -> Command:
    """Raises Rejected when it cannot be run without a shell."""
    words = _split(text)
    settings = tuple(_leading_settings(words))
    rest = words[len(settings) :]
    if not rest:
        raise Rejected(f"the test command {text!r} names no program")
    inner = rest[2:] if rest[0] in _LAUNCHERS and rest[1:2] == ["run"] else rest
    name = PurePosixPath(inner[0]).name if inner else ""
    if name in {"pytest", "py.test"}:
        return Command("pytest", settings, tuple(inner[1:]))
    if _PYTHON.fullmatch(name) and inner[1:2] == ["-m"] and inner[2:3] == ["pytest"]:
        return Command("pytest", settings, tuple(inner[3:]))
    if _PYTHON.fullmatch(name) and inner[1:2] == ["-m"] and inner[2:3] == ["unittest"]:
        return Command("unittest", settings, tuple(inner[3:]))
    return Command("command", settings, tuple(rest))


def split_settings(command: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Take the leading `NAME=value` words off an environment's command."""
    settings = _leading_settings(list(command))
    pairs = (word.partition("=") for word in settings)
    return {name: value for name, _, value in pairs}, command[len(settings) :]


def _leading_settings(words: list[str]) -> list[str]:
    for index, word in enumerate(words):
        if not _ASSIGNMENT.fullmatch(word):
            return words[:index]
    return words


def _split(text: str) -> list[str]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Rejected(f"cannot read the test command {text!r}: {error}") from error
    if _SHELL_WORDS.intersection(words):
        raise Rejected(
            f"the test command {text!r} needs a shell",
            advice="put it into a script, or write it as `sh -c '...'`",
        )
    return words
