"""Looks after what runs in a sandbox, for the bounds that the kernel does not hold by itself: the
memory and the threads of all processes together, and the disk.

Each bound says how soon it could be passed at the earliest, and that is when it is looked at again:
four looks a second as long as little is used, two hundred close to a bound.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from swarm.sandbox.quota import SMALL_BYTES, Quota, Sealed, Usage, full

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SLOWEST_SECONDS = 0.25
_FASTEST_SECONDS = 0.005
_REST_TIMES = 9
"""A look takes at most a tenth of the time, however many processes there are to look at."""

_FILL_BYTES_PER_SECOND = 4 << 30
"""How fast memory can be taken by a few processors at once."""

_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
"""When one of these is full and a command has failed, that is why."""

_STAT_THREADS = 17
"""Of the fields of /proc/PID/stat after the name."""


@dataclass(slots=True)
class Watchdog:
    memory_bytes: int = 0
    """0: not watched."""

    processes: int = 0
    """Threads; at this many the kernel refuses more. 0: not watched."""

    quota: Quota | None = None
    _resident: int = 0
    _look_seconds: float = 0.0

    def begin(self) -> None:
        """The first command has just been started; nothing ran before."""
        self._resident = 0
        if self.quota is not None:
            self.quota.begin()

    def bounded(self, limits: dict[str, int]) -> dict[str, int]:
        """The resource limits for what starts now."""
        if self.quota is None or not self.quota.passed:
            return limits
        return {**limits, "file": min(limits["file"], SMALL_BYTES)}

    def after(self, code: int) -> str:
        """The bound that a command which ended by itself has probably met."""
        return full(_TEMPORARY) if code else ""

    def wait_seconds(self) -> float:
        """Until the next look."""
        room = max(self.memory_bytes - self._resident, 0) / _FILL_BYTES_PER_SECOND
        memory = max(room, _FASTEST_SECONDS) if self.memory_bytes else _SLOWEST_SECONDS
        disk = self.quota.wait_seconds() if self.quota is not None else _SLOWEST_SECONDS
        return max(min(memory, disk, _SLOWEST_SECONDS), _REST_TIMES * self._look_seconds)

    def verdict(self, offspring: Callable[[], Iterable[int]]) -> str:
        """The bound that is passed, or nothing. To be asked while commands run."""
        began = monotonic()
        why = self._passed(tuple(offspring()))
        self._look_seconds = monotonic() - began
        return why

    def _passed(self, pids: tuple[int, ...]) -> str:
        self._resident = sum(map(resident, pids)) if self.memory_bytes else 0
        if self.memory_bytes and self._resident > self.memory_bytes:
            return "memory"
        if self.processes and sum(map(threads, pids)) >= self.processes - 1:  # and the server
            return "processes"
        return self.quota.verdict(pids) if self.quota is not None else ""


def watching(
    bounds: dict[str, int], written: tuple[int, ...], tree: int, sealed: Sealed
) -> Watchdog:
    """`written`: open directories that hold what was written. `tree`: what is shown of it."""
    limit = Usage(bounds["disk"], bounds["inodes"])
    quota = Quota(written, tree, limit, sealed=sealed)
    return Watchdog(bounds["memory"], bounds["processes"], quota)


def resident(pid: int) -> int:
    """Bytes in memory that are this process's own."""
    words = _read(f"/proc/{pid}/statm").split()
    return (int(words[1]) - int(words[2])) * _PAGE if words else 0


def threads(pid: int) -> int:
    words = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(words[_STAT_THREADS]) if words else 0


def _read(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(fd, 4096)
    except OSError:  # it ended between the two calls
        return b""
    finally:
        os.close(fd)
