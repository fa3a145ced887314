"""Where sandboxes keep their files on the host, and what a dead supervisor has left there.

Each host object has one folder below the scratch directory, and a lock file beside it that it holds
as long as it lives; the kernel lets go of the lock when it dies. A folder whose lock can be had is
left over. No mount is ever left: all mounts are in namespaces that end with their sandboxes.
"""

import errno
import fcntl
import os
import secrets
import select
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from swarm.sandbox import tree

Result = TypeVar("Result")

_PREFIX = "host-"
_LOCK = ".lock"
_NEEDS = "needs"
_ROUNDS = 500
_ROUND_MS = 20


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
        self._lock = _locked(_lock_of(self.path))
        self.place = self.path / "place"
        """To mount on."""

        self.path.mkdir(0o700)
        self.place.mkdir()

    def remove(self) -> None:
        erase(self.path)
        _lock_of(self.path).unlink(missing_ok=True)
        os.close(self._lock)


def erase(folder: Path) -> None:
    with _opened(folder.parent) as directory:
        tree.erase(bytes(Path(folder.name)), directory)


def leftovers(scratch: Path) -> tuple[Leftover, ...]:
    """Folders of hosts that are dead."""
    found = []
    for folder in _folders(scratch):
        with _dead(folder) as dead:
            if dead:
                found.append(_patiently(measured, folder))
    return tuple(found)


def remove_leftovers(scratch: Path) -> tuple[Leftover, ...]:
    """Remove them, and return what they were. What somebody else is removing is left to them."""
    removed = []
    for folder in _folders(scratch):
        with _dead(folder) as dead:
            if dead:
                removed.append(_patiently(measured, folder))
                _patiently(erase, folder)
                _lock_of(folder).unlink(missing_ok=True)
    return tuple(removed)


def _patiently(act: Callable[[Path], Result], folder: Path) -> Result:
    """Its supervisor is dead; what ran in its sandboxes may be just about to end, and write till then."""
    for _round in range(_ROUNDS):
        try:
            return act(folder)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                raise
            select.poll().poll(_ROUND_MS)
    return act(folder)


def has_hosts(scratch: Path) -> bool:
    return any(scratch.glob(f"{_PREFIX}*"))


def say_needs(folder: Path, strata: Iterable[str]) -> None:
    """That a sandbox needs those sealed layers as long as its folder is there."""
    names = "\n".join(strata).encode()
    if not names:
        (folder / _NEEDS).unlink(missing_ok=True)
        return
    fd = os.open(folder / _NEEDS, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Emptied first, it would be forced to disk when it is closed.
        os.ftruncate(fd, os.pwrite(fd, names, 0))
    finally:
        os.close(fd)


def needs(scratch: Path) -> set[str]:
    """What all sandboxes need, whoever made them."""
    files = scratch.glob(f"{_PREFIX}*/*/{_NEEDS}")
    return {name for each in files for name in _read(each).split()}


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:  # its sandbox has just ended
        return ""


def _folders(scratch: Path) -> list[Path]:
    """Also those of which only the lock is left."""
    return sorted({each.with_suffix("") for each in scratch.glob(f"{_PREFIX}*")})


def measured(folder: Path) -> Leftover:
    """With what it takes on disk."""
    with _opened(folder.parent) as directory:
        return Leftover(folder, tree.size(bytes(Path(folder.name)), directory))


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _locked(path: Path) -> int:
    """A descriptor of the file at that path, locked; not of one that was just removed there."""
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if path.exists() and path.stat().st_ino == os.fstat(fd).st_ino:
            return fd
        os.close(fd)


@contextmanager
def _dead(folder: Path) -> Iterator[bool]:
    """Whether nobody holds the folder; then we do meanwhile."""
    fd = os.open(_lock_of(folder), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(fd)


@contextmanager
def _opened(directory: Path) -> Iterator[int]:
    fd = tree.open_root(bytes(directory))
    try:
        yield fd
    finally:
        os.close(fd)
