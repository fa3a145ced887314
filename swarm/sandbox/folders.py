"""Where sandboxes keep their files on the host, and what a dead supervisor has left there.

Each host object has one folder below the scratch directory, and a lock file beside it that it holds
as long as it lives; the kernel lets go of the lock when it dies. A folder whose lock can be had is
left over. No mount is ever left: all mounts are in namespaces that end with their sandboxes.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.sandbox import tree

_PREFIX = "host-"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Leftover:
    folder: Path
    bytes: int
    """On disk."""


class HostFolder:
    """The folder of one host object, and its lock."""

    def __init__(self, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self.token = secrets.token_hex(4)
        self.path = scratch.absolute() / f"{_PREFIX}{self.token}"
        # The lock comes first: a folder is never there without one.
        self._lock = os.open(_lock_of(self.path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path.mkdir(0o700)

    def remove(self) -> None:
        erase(self.path)
        _lock_of(self.path).unlink(missing_ok=True)
        os.close(self._lock)


def erase(folder: Path) -> None:
    with _opened(folder.parent) as directory:
        tree.erase(bytes(Path(folder.name)), directory)


def leftovers(scratch: Path) -> tuple[Leftover, ...]:
    """Folders of hosts that are dead."""
    if not scratch.is_dir():
        return ()
    with _opened(scratch) as directory:
        return tuple(
            Leftover(folder, tree.size(bytes(Path(folder.name)), directory))
            for folder in _folders(scratch)
            if not _held(folder)
        )


def remove_leftovers(scratch: Path) -> tuple[Leftover, ...]:
    """Remove them, and return what they were."""
    found = leftovers(scratch)
    for each in found:
        erase(each.folder)
        _lock_of(each.folder).unlink(missing_ok=True)
    return found


def _folders(scratch: Path) -> list[Path]:
    return sorted(each for each in scratch.glob(f"{_PREFIX}*") if each.suffix != _LOCK)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _held(folder: Path) -> bool:
    """Whether a living host holds the folder."""
    try:
        fd = os.open(_lock_of(folder), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


@contextmanager
def _opened(directory: Path) -> Iterator[int]:
    fd = tree.open_root(bytes(directory))
    try:
        yield fd
    finally:
        os.close(fd)
