"""One run of an agent's program in a sandbox: from its prompt to its end, whatever that is.

The prompt is a file, and comes on standard input. Silence has a limit, unless the sandbox stands still:
then nothing in it can speak. What is read is passed on as sightings; the last one is an end.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.engines.cli.codex import kind_of
from swarm.engines.cli.lines import LineReader, Overflow
from swarm.engines.cli.makers import Dialect
from swarm.engines.cli.sightings import Ended, Failed, Sighting, Window
from swarm.sandbox.public_api import Process, Sandbox

FOLDER = Path("/tmp/swarm-agent")  # noqa: S108 - inside: the sandbox's own
HOME = FOLDER / "home"
TASK, COMPLAINTS = FOLDER / "task.md", FOLDER / "stderr"
_START = 'task=$1; told=$2; shift 2; exec "$@" <"$task" 2>"$told"'

IDLE_SECONDS = 300.0
"""A model that thinks long says nothing meanwhile, and a test run may take long."""

SLICES = 4
"""Silence is looked at so often: it counts only where the sandbox answers meanwhile."""

AWAKE_SECONDS = 10.0
"""A sandbox that takes longer to answer stood still."""

GRACE_SECONDS = 20.0
"""Between an agent's last word and its end."""

KILL_SECONDS = 5.0
MOST_RECORD = 256 << 10


@dataclass(frozen=True, slots=True)
class Start:
    """What is run."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    dialect: Dialect
    idle_seconds: float = IDLE_SECONDS


@dataclass(slots=True)
class _Run:
    start: Start
    reader: LineReader = field(default_factory=LineReader)
    seen: dict[str, str] = field(default_factory=dict)
    understood: int = 0
    end: Ended | Failed | None = None

    def read(self, piece: bytes) -> Iterator[Sighting]:
        """All but the end, of which the last one counts. Raises Overflow."""
        documents = self.reader.feed(piece) if piece else self.reader.end()
        for document in documents:
            for sighting in self.start.dialect.read(document, self.seen):
                self.understood += 1
                if isinstance(sighting, Ended | Failed):
                    self.end = sighting
                else:
                    yield sighting


async def run(sandbox: Sandbox, start: Start, prompt: str) -> AsyncIterator[Sighting]:
    """Sightings, and at last exactly one of Ended and Failed."""
    await sandbox.write(TASK, prompt.encode())
    argv = ("/bin/sh", "-c", _START, "agent", str(TASK), str(COMPLAINTS), *start.argv)
    try:
        process = await sandbox.spawn(argv, env=dict(start.environment))
    except Rejected as error:
        yield Failed("failed", str(error))
        return
    course = _Run(start)
    try:
        while True:
            try:
                piece = await _heard(sandbox, process, course)
                for sighting in course.read(piece):
                    yield sighting
            except Overflow:
                yield Failed("unknown-output", "more output than anybody will read")
                return
            except TimeoutError:
                yield course.end or Failed("hanging", f"{start.idle_seconds:.0f} s of silence")
                return
            if not piece:
                break
        yield await _ended(sandbox, process, course)
    finally:
        await put_down(process)


async def _heard(sandbox: Sandbox, process: Process, course: _Run) -> bytes:
    if course.end is not None:
        async with asyncio.timeout(GRACE_SECONDS):
            return await process.read()
    return await heard(sandbox, process, course.start.idle_seconds)


async def heard(sandbox: Sandbox, process: Process, idle_seconds: float) -> bytes:
    """The next bytes; none at the end. Raises TimeoutError after too much silence."""
    silent = 0
    while silent < SLICES:
        with suppress(TimeoutError):
            async with asyncio.timeout(idle_seconds / SLICES):
                return await process.read()
        silent = silent + 1 if await _is_awake(sandbox) else 0
    raise TimeoutError


async def _is_awake(sandbox: Sandbox) -> bool:
    began = time.monotonic()
    await sandbox.exec(("/bin/true",), wall_seconds=AWAKE_SECONDS)
    return time.monotonic() - began < AWAKE_SECONDS


async def _ended(sandbox: Sandbox, process: Process, course: _Run) -> Ended | Failed:
    """What its end was, said or not."""
    if course.end is None:
        return await ended_without_a_word(sandbox, process, course.seen.get("error", ""))
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_SECONDS):
            await process.wait()
    return course.end


async def ended_without_a_word(sandbox: Sandbox, process: Process, said: str = "") -> Failed:
    """What became of a program that closed its output. `said`: its last complaint, if it made one."""
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            code = await process.wait()
    except TimeoutError:
        return Failed("hanging", "it closed its output, and did not end")
    complaint = await _complaint(sandbox) or said
    if code < 0 or code > 128:
        return Failed("killed", f"by signal {-code if code < 0 else code - 128}. {complaint}")
    if code == 0 or not complaint:
        return Failed("unknown-output", f"exit code {code}. {complaint}".strip())
    return Failed(kind_of(complaint), complaint)


async def _complaint(sandbox: Sandbox) -> str:
    result = await sandbox.exec(("tail", "-c", "2000", str(COMPLAINTS)))
    return result.stdout.decode("utf-8", "replace").strip()


async def put_down(process: Process) -> None:
    """Nothing of it runs afterwards."""
    with suppress(Rejected, TimeoutError):
        await process.kill()
        async with asyncio.timeout(KILL_SECONDS):
            await process.wait()


async def windows(sandbox: Sandbox, dialect: Dialect) -> tuple[Window, ...]:
    """What an agent wrote down of its subscription and did not print; the last word of each window."""
    if not dialect.record:
        return ()
    argv = (
        "/bin/sh",
        "-c",
        f'cat "$1"/{dialect.record} | tail -c {MOST_RECORD}',
        "read",
        str(HOME),
    )
    result = await sandbox.exec(argv, wall_seconds=20)
    found: dict[str, Window] = {}
    with suppress(Overflow):
        reader = LineReader()
        for document in (*reader.feed(result.stdout), *reader.end()):
            told = dialect.read(document, {})
            found |= {each.name: each for each in told if isinstance(each, Window)}
    return tuple(found.values())


async def version_of(sandbox: Sandbox, argv: tuple[str, ...], env: Mapping[str, str]) -> str:
    """What it says of itself, asked inside; empty where it says nothing."""
    result = await sandbox.exec((*argv, "--version"), env=dict(env), wall_seconds=60)
    lines = result.stdout.decode("utf-8", "replace").strip().splitlines()
    told = lines[-1] if lines and result.returncode == 0 else ""
    return "".join(each for each in told if each.isprintable())[:80]
