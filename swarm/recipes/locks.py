"""Locks as lines that pip and uv read, with the hashes that they hold.

A lock of pipenv's or a `pylock.toml` lists what is installed: it becomes a requirements file. One of
poetry's or pdm's lists what may be, for all groups and platforms: it becomes constraints, and who needs
what is left to the installer. uv.lock is read by uv itself, and requirements files are what they are.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from swarm.recipes.classic import included
from swarm.recipes.reading import Files, table
from swarm.recipes.requirements import normalised

LISTS = ("Pipfile.lock", "pylock.toml")
CONSTRAINTS = ("poetry.lock", "pdm.lock")
_HASH = re.compile(r"sha(?:256|384|512):[0-9a-f]{64,128}")
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,99}")


def listed(files: Files, lock: str) -> str:
    """The lines of a requirements file that such a lock amounts to; empty for what is no such lock."""
    lines = {"Pipfile.lock": _of_pipenv, "pylock.toml": _of_pylock}.get(lock)
    return "\n".join(_all_or_none(lines(files))) if lines else ""


def constraints(files: Files, lock: str, *, hashes: bool) -> str:
    """Its packages as constraints. `hashes`: for pip one would have to be there for everything."""
    if lock not in CONSTRAINTS:
        return ""
    read = files.toml(lock).get("package")
    pins: dict[str, dict[str, tuple[str, ...]]] = {}
    for each in map(table, read if isinstance(read, list) else []):
        name, version = each.get("name"), each.get("version")
        if isinstance(name, str) and isinstance(version, str) and _VERSION.fullmatch(version):
            found = _hashes(table(file).get("hash") for file in _tables(each.get("files")))
            pins.setdefault(normalised(name), {})[version] = found if hashes else ()
    # Several versions of one package are told apart by conditions that a constraint cannot repeat.
    single = ((name, *found.popitem()) for name, found in sorted(pins.items()) if len(found) == 1)
    return "\n".join(_all_or_none((f"{n}=={v}", "", kept) for n, v, kept in single))


def has_hashes(files: Files, path: str) -> bool:
    """Whether a requirements file, or one that it includes, says what bytes it means."""
    return any("--hash=" in (files.text(each) or "") for each in (path, *included(files, path)))


_Line = tuple[str, str, tuple[str, ...]]
"""A pinned requirement, its condition, its hashes."""


def _all_or_none(lines: Iterable[_Line]) -> Iterator[str]:
    """With one hash pip asks for all: where one is missing, none is told."""
    kept = tuple(lines)
    told = all(hashes for _pin, _marker, hashes in kept)
    for pin, marker, hashes in kept:
        condition = f" ; {marker}" if marker else ""
        line = pin + condition + "".join(f" --hash={each}" for each in hashes if told)
        if line.isprintable() and _NAMED.match(line):
            yield line


def _of_pipenv(files: Files) -> Iterator[_Line]:
    try:
        read = table(json.loads(files.text("Pipfile.lock") or ""))
    except (ValueError, RecursionError):
        return
    for section in ("default", "develop"):
        for name, entry in sorted(table(read.get(section)).items()):
            values = table(entry)
            version, hashes = str(values.get("version", "")), values.get("hashes")
            if version.startswith("==") and _VERSION.fullmatch(version[2:]):
                found = _hashes(hashes if isinstance(hashes, list) else [])
                yield f"{name}{version}", str(values.get("markers", "")), found


def _of_pylock(files: Files) -> Iterator[_Line]:
    """PEP 751. What is chosen by extras and groups is taken whole: more is there, and nothing lacks."""
    for each in _tables(files.toml("pylock.toml").get("packages")):
        name, version, marker = each.get("name"), each.get("version"), each.get("marker", "")
        if not isinstance(name, str) or not isinstance(version, str):
            continue  # a directory or a repository: the project itself, mostly
        if not _VERSION.fullmatch(version) or "directory" in each:
            continue
        chosen = re.search(r"\b(?:extras|dependency_groups)\b", str(marker))
        files_of = (
            *_tables(each.get("wheels")),
            table(each.get("sdist")),
            table(each.get("archive")),
        )
        hashes = (f"{k}:{v}" for one in files_of for k, v in table(one.get("hashes")).items())
        yield f"{normalised(name)}=={version}", "" if chosen else str(marker), _hashes(hashes)


def _tables(value: object) -> tuple[Mapping[str, Any], ...]:
    return tuple(map(table, value)) if isinstance(value, list) else ()


def _hashes(said: Iterable[object]) -> tuple[str, ...]:
    """Those that pip takes."""
    plain = (each for each in said if isinstance(each, str) and _HASH.fullmatch(each))
    return tuple(dict.fromkeys(plain))
