"""Reading a commit's files: bounded, as text, and never through a link that leads out of the commit."""

import fnmatch
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm.domain.canonical import digest
from swarm.domain.lines import in_a_line
from swarm.domain.names import Digest
from swarm.recipes.recipe import Part, Reason

MOST_BYTES = 8 << 20
"""Locks of large projects have a few megabytes."""

_LONGEST_LINE = 160
_MOST_FILES = 20_000
_NOT_OURS = frozenset(
    {".git", ".hg", ".tox", ".nox", "node_modules", "__pycache__", "build", "dist"}
)


@dataclass(frozen=True, slots=True)
class Files:
    root: Path
    _texts: dict[str, str | None] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """None for what is missing, too large, not a regular file, or outside."""
        if name not in self._texts:
            data = self.data(name)
            self._texts[name] = None if data is None else data.decode("utf-8", "replace")
        return self._texts[name]

    def data(self, name: str) -> bytes | None:
        path = self.root / name
        try:
            inside = path.resolve().is_relative_to(self.root.resolve())
            if not inside or not path.is_file() or path.stat().st_size > MOST_BYTES:
                return None
            return path.read_bytes()
        except (
            OSError,
            ValueError,
            RuntimeError,
        ):  # a name too long, a NUL in it, links in a circle
            return None

    def has(self, name: str) -> bool:
        return self.text(name) is not None

    def toml(self, name: str) -> Mapping[str, Any]:
        """Empty for what cannot be read: `broken` says so."""
        try:
            return tomllib.loads(self.text(name) or "")
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def broken(self, name: str) -> str:
        """Why a TOML file cannot be read, or nothing."""
        try:
            tomllib.loads(self.text(name) or "")
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            return str(error) or "it is nested too deeply"
        return ""

    def entries(self, name: str) -> "Iterator[Entry]":
        """Of an INI file."""
        return entries(self.text(name) or "")

    def digest(self, name: str) -> Digest:
        return digest(self.data(name) or b"")

    def below(self, folder: str, *patterns: str) -> tuple[str, ...]:
        """Relative paths of files right in a folder whose names match, sorted."""
        try:
            names = sorted(each.name for each in (self.root / folder).iterdir())
        except OSError:
            return ()
        found = (name for name in names if any(fnmatch.fnmatch(name, each) for each in patterns))
        prefix = f"{folder}/" if folder else ""
        return tuple(f"{prefix}{name}" for name in found if self.has(f"{prefix}{name}"))

    def walk(self, *suffixes: str) -> Iterator[str]:
        """Relative paths of files anywhere that end like this, sorted within each folder."""
        seen = 0
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in _NOT_OURS)
            for name in sorted(names):
                seen += 1
                if name.endswith(suffixes):
                    yield Path(folder, name).relative_to(self.root).as_posix()
            if seen > _MOST_FILES:
                return

    def reason(
        self, part: Part, value: str, path: str, pattern: str = "", said: str = "", after: int = 0
    ) -> Reason:
        """With the first line behind `after` that the pattern matches, where there is one."""
        number, line = find_line(self.text(path) or "", pattern, after) if pattern else (0, "")
        return Reason(part=part, value=value, path=path, line=number, said=said or line)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a value in an INI file."""

    section: str
    key: str
    number: int
    text: str


def entries(text: str) -> Iterator[Entry]:
    """Line by line, for reasons need the line; interpolation is not ours to do."""
    section = key = ""
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.split(r"(?:^|\s)[#;]", line, maxsplit=1)[0].strip()
        if match := re.match(r"\[([^]]+)\]", line):
            section, key = match.group(1).strip(), ""
        elif line[:1].isspace():
            if key and plain:
                yield Entry(section, key, number, plain)
        elif plain:
            key, _, value = re.sub(r"\s*[=:]\s*", "=", plain, count=1).partition("=")
            if value:
                yield Entry(section, key, number, value)


def find_line(text: str, pattern: str, after: int = 0) -> tuple[int, str]:
    """Its number from 1, and the line made short; (0, "") when there is none."""
    for number, line in enumerate(text.splitlines(), 1):
        if number > after and re.search(pattern, line):
            return number, shortened(line)
    return 0, ""


def shortened(line: str) -> str:
    """For people: without a user and a password in an address."""
    return in_a_line(re.sub(r"://[^/@\s'\"]*@", "://***@", line), _LONGEST_LINE)


def texts(value: object) -> tuple[str, ...]:
    """The strings of a list in foreign TOML or JSON; nothing for what is no list."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def table(value: object) -> Mapping[str, Any]:
    """A table of foreign TOML or JSON; empty for what is none."""
    return value if isinstance(value, dict) else {}
