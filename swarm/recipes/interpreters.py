"""Pythons on this machine, and which of them a recipe is built for.

The one that runs us where it will do, so that most environments share one; else the newest that does.
They are told apart by name and place, and nothing is run for that; scripts that pass for interpreters
(version managers' shims) are not taken.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.recipes.versions import Version, admits

_NAMED = re.compile(r"python(\d+)\.(\d+)")
_INSTALLED = re.compile(r"(?:cpython-)?(\d+)\.(\d+)\.(\d+)(?:-.*)?")


@dataclass(frozen=True, slots=True)
class Installed:
    path: Path
    version: Version
    """As far as it is known."""


def own_interpreter() -> Installed:
    """The one that runs us; of a virtual environment, the one below it."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    return Installed(base, tuple(sys.version_info[:3]))


def installed_pythons(environ: Mapping[str, str]) -> tuple[Installed, ...]:
    """On PATH, of pyenv and of uv; the newest first."""
    found = {each.path.resolve(): each for each in _found(environ) if _is_program(each.path)}
    return tuple(sorted(found.values(), key=lambda each: (each.version, str(each.path)))[::-1])


def choose_interpreter(specifier: str, own: Installed, others: tuple[Installed, ...]) -> Installed:
    """Raises Lacking when none is admitted."""
    for each in (own, *others):
        if admits(specifier, each.version):
            return each
    known = ", ".join(".".join(map(str, each.version)) for each in (own, *others))
    raise Lacking(
        f"the repository asks for Python {specifier}; this machine has {known}",
        advice="install one that fits, or name one with --python",
    )


def _found(environ: Mapping[str, str]) -> Iterator[Installed]:
    for folder in filter(None, environ.get("PATH", "").split(os.pathsep)):
        yield from _named(Path(folder))
    home = Path(environ.get("HOME", "/nonexistent"))
    uv = environ.get("UV_PYTHON_INSTALL_DIR", str(home / ".local/share/uv/python"))
    pyenv = Path(environ.get("PYENV_ROOT", str(home / ".pyenv"))) / "versions"
    for versions in (pyenv, Path(uv)):
        yield from _versions(versions)


def _named(folder: Path) -> Iterator[Installed]:
    for path in _listed(folder):
        if match := _NAMED.fullmatch(path.name):
            yield Installed(path, (int(match.group(1)), int(match.group(2))))


def _versions(folder: Path) -> Iterator[Installed]:
    for path in _listed(folder):
        python = path / "bin/python3"
        if (match := _INSTALLED.fullmatch(path.name)) and python.exists():
            yield Installed(python, tuple(int(each) for each in match.groups()))


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _is_program(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) != b"#!"
    except OSError:
        return False
