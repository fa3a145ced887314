"""Commands from other processes: one file each, moved into place whole, readable by the owner alone.

A file is removed when its command is durable in the journal, so a crash in between repeats it; a
command carries its own id, and a repeated one has no second effect.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from swarm.coordination.public_api import HUMAN_COMMAND, HumanCommand
from swarm.domain.errors import Lacking

MOST_BYTES = 4 << 20


def leave(inbox: Path, command: HumanCommand) -> None:
    """Put a command where the coordinator finds it, now or when it is next started.

    Raises Lacking where it cannot be written.
    """
    try:
        _place(inbox, command)
    except OSError as error:
        raise Lacking(
            f"nothing can be left in {inbox}: {error.strerror}",
            advice="see to it that there is room, and that this user may write there",
        ) from error


def _place(inbox: Path, command: HumanCommand) -> None:
    inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{command.command_id}.json"
    draft = inbox / f".{name}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(HUMAN_COMMAND.dump_json(command))
        file.flush()
        _stamp(file.fileno(), [when for when, _ in _arrivals(inbox)])
        os.fsync(file.fileno())
    draft.replace(inbox / name)


def _stamp(file: int, earlier: list[int]) -> None:
    """A clock of files ticks every few milliseconds only: what comes later is to be seen as later."""
    if earlier and os.fstat(file).st_mtime_ns <= earlier[-1]:
        os.utime(file, ns=(earlier[-1] + 1, earlier[-1] + 1))


def _arrivals(inbox: Path) -> list[tuple[int, Path]]:
    """What waits, the eldest first. The coordinator takes some away meanwhile."""
    found = []
    for path in inbox.glob("[!.]*.json"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path))
    return sorted(found)


def waiting(inbox: Path) -> Iterator[tuple[Path, HumanCommand | None]]:
    """The commands in the order in which they came; None for a file that is none."""
    for _, path in _arrivals(inbox):
        try:
            data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""
            yield path, HUMAN_COMMAND.validate_json(data)
        except ValidationError:
            yield path, None
