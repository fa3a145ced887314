"""Asking an interpreter what it is.

The interpreter of the user's own virtual environment is run on the host for this: isolated, in the
root folder, without the environment's variables, and without importing anything but the standard
library. It is the user's own program; the repository's code is not on its path.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Lacking

_QUESTION = """
import json, sys
from importlib import metadata
try:
    pytest = metadata.version("pytest")
except metadata.PackageNotFoundError:
    pytest = ""
print(json.dumps({"version": list(sys.version_info[:3]), "pytest": pytest}))
"""
_SECONDS = 60.0
OLDEST_PYTHON = (3, 9)
OLDEST_PYTEST = 7


@dataclass(frozen=True, slots=True)
class Interpreter:
    path: Path
    version: tuple[int, int, int]
    pytest: str
    """Its version; empty when there is none."""

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


async def interview(python: Path) -> Interpreter:
    """Raises Lacking when it does not run, or is older than what we support."""
    answer = json.loads(await _ask(python))
    major, minor, micro = answer["version"]
    interpreter = Interpreter(python, (major, minor, micro), answer["pytest"])
    if interpreter.version[:2] < OLDEST_PYTHON:
        raise Lacking(
            f"{python} is Python {interpreter.version_text}; 3.9 is the oldest that is supported",
            advice="name a newer interpreter with --python",
        )
    return interpreter


def check_pytest(interpreter: Interpreter) -> None:
    """Raises Lacking without pytest, or with one older than we support."""
    if not interpreter.pytest:
        raise Lacking(
            f"{interpreter.path} has no pytest", advice=f"{interpreter.path} -m pip install pytest"
        )
    if int(interpreter.pytest.partition(".")[0]) < OLDEST_PYTEST:
        raise Lacking(
            f"{interpreter.path} has pytest {interpreter.pytest}; 7 is the oldest supported",
            advice=f"{interpreter.path} -m pip install 'pytest>=7'",
        )


async def _ask(python: Path) -> bytes:
    try:
        process = await asyncio.create_subprocess_exec(
            str(python), "-I", "-B", "-c", _QUESTION,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except OSError as error:
        raise Lacking(
            f"{python} does not run: {error}", advice="name another with --python"
        ) from error
    try:
        out, err = await asyncio.wait_for(process.communicate(), _SECONDS)
    except TimeoutError as error:
        process.kill()
        await process.wait()
        raise Lacking(f"{python} did not answer within {_SECONDS:.0f} s") from error
    if process.returncode != 0:
        raise Lacking(f"{python} does not run: {err.decode('utf-8', 'replace')[-500:]}")
    return out
