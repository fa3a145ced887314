"""The port behind which files are read, and what stands there: a script in the sandbox.

It runs in our interpreter with our grammars, which the sandbox shows read-only; languages without one it
reads line by line. What it tells is kept by the hash of the bytes that were read, for whoever reads the same
bytes again: another task on the same base reads only what differs.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Protocol

from pydantic import ValidationError

from swarm.engines.context import grammars
from swarm.engines.context.entries import Entry
from swarm.sandbox.public_api import ExecResult, Sandbox

SECONDS = 60.0
"""For one reading; what was read by then is the map."""

MOST_KEPT = 20_000
MOST_ROUNDS = 40
"""Of the script, in one reading: each tells as much as is kept of a command's output."""


class Scanner(Protocol):
    async def scan(self, paths: Sequence[str] | None) -> Mapping[str, Entry]:
        """What is known of these files, or of all; a file that is gone or unreadable is left out."""
        ...


@dataclass(slots=True)
class Shelf:
    """What was read, by the hash of the bytes; what was not asked for the longest goes first."""

    _kept: OrderedDict[str, Entry] = field(default_factory=OrderedDict)

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def put(self, blob: str, entry: Entry) -> None:
        self._kept[blob] = entry
        self._kept.move_to_end(blob)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)

    def take(self, blob: str) -> Entry | None:
        if blob in self._kept:
            self._kept.move_to_end(blob)
        return self._kept.get(blob)


class SandboxScanner:
    """Implements Scanner. What does not come back in form is no map; nobody fails for that.

    `shelf`: what was read elsewhere. Given only while nobody has worked in the sandbox: what it tells then is
    what our own program says.
    """

    def __init__(self, sandbox: Sandbox, shelf: Shelf | None = None) -> None:
        self._sandbox = sandbox
        self._shelf = shelf
        self._argv = (str(grammars.interpreter()), "-I", "-S", "-B", "-c", _script())

    async def scan(self, paths: Sequence[str] | None) -> Mapping[str, Entry]:
        shelf = self._shelf if paths is None and self._shelf is not None else Shelf()
        found, asked, until = dict[str, Entry](), paths, time.monotonic() + SECONDS
        for _ in range(MOST_ROUNDS):
            told = await self._round(asked, shelf, until - time.monotonic())
            files, asked = await asyncio.to_thread(_read, told, shelf)
            found |= files
            if not asked or time.monotonic() > until:
                break
        return found

    async def _round(self, paths: Sequence[str] | None, shelf: Shelf, seconds: float) -> bytes:
        """A file that was just written is first read without a child, for somebody waits for it; where it
        ends the script, once more.
        """
        apart = paths is None or len(paths) > 1
        result = await self._run(paths, shelf, seconds, apart=apart)
        if result.returncode != 0 and not apart:
            result = await self._run(paths, shelf, seconds, apart=True)
        return result.stdout if result.returncode == 0 else b"{}"

    async def _run(
        self, paths: Sequence[str] | None, shelf: Shelf, seconds: float, *, apart: bool
    ) -> ExecResult:
        asked = {
            "apart": apart,
            "paths": None if paths is None else list(paths),
            "known": list(shelf),
            "grammars": grammars.told(),
            "packages": sorted({str(each.parent) for each in grammars.packages()}),
        }
        return await self._sandbox.exec(
            self._argv,
            cwd=self._sandbox.root,
            stdin=json.dumps(asked).encode(),
            wall_seconds=seconds,
        )


def _script() -> str:
    file = resources.files("swarm.engines.context.inside").joinpath("scan.py")
    return file.read_text(encoding="utf-8")


def _read(told: bytes, shelf: Shelf) -> tuple[dict[str, Entry], list[str]]:
    """What was told of files, and which are left."""
    try:
        document = json.loads(told)
        files = {str(path): _entry(each, shelf) for path, each in document["files"].items()}
        left = [str(path) for path in document["left"]]
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError, RecursionError):
        return {}, []
    return {path: entry for path, entry in files.items() if entry is not None}, left


def _entry(told: Mapping[str, object], shelf: Shelf) -> Entry | None:
    blob = str(told["blob"])
    if "defs" not in told:
        return shelf.take(blob)
    entry = Entry.told(told["defs"], told["imports"], told["uses"], told.get("unread", ""))
    shelf.put(blob, entry)
    return entry
