"""The port behind which files are read, and what stands there today: a script in the sandbox.

Python's files are read by Python's own grammar; those of other languages line by line, which finds
definitions as they are usually written and takes every word for a use. A parser for each language would
take the same place.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Protocol

from pydantic import ValidationError

from swarm.domain.goals import Environment
from swarm.engines.context.entries import Entry
from swarm.sandbox.public_api import Sandbox

SECONDS = 60.0


class Scanner(Protocol):
    async def scan(self, paths: Sequence[str] | None) -> Mapping[str, Entry]:
        """What is known of these files, or of all; a file that is gone or unreadable is left out."""
        ...


class SandboxScanner:
    """Implements Scanner. What does not come back in form is no map; nobody fails for that."""

    def __init__(self, sandbox: Sandbox, environment: Environment) -> None:
        self._sandbox = sandbox
        self._argv = (environment.python, "-I", "-S", "-B", "-c", _script())

    async def scan(self, paths: Sequence[str] | None) -> Mapping[str, Entry]:
        asked = json.dumps({"paths": None if paths is None else list(paths)}).encode()
        result = await self._sandbox.exec(
            self._argv, cwd=self._sandbox.root, stdin=asked, wall_seconds=SECONDS
        )
        if result.returncode != 0:
            return {}
        return await asyncio.to_thread(_read, result.stdout)


def _script() -> str:
    file = resources.files("swarm.engines.context.inside").joinpath("scan.py")
    return file.read_text(encoding="utf-8")


def _read(told: bytes) -> dict[str, Entry]:
    try:
        return {str(path): _entry(each) for path, each in json.loads(told).items()}
    except (ValueError, TypeError, KeyError, AttributeError, ValidationError):
        return {}


def _entry(told: Mapping[str, list[tuple[str, int | str, str | int]]]) -> Entry:
    defs = [{"name": name, "line": line, "text": text} for name, line, text in told["defs"]]
    imports = [{"module": m, "name": name, "level": level} for m, name, level in told["imports"]]
    return Entry.model_validate({"defs": defs, "imports": imports, "uses": told["uses"]})
