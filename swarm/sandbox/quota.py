"""What a sandbox has written to disk, found out cheaply and over and over, while an enemy writes.

No quota of the kernel's can be had without rights, so this looks: it walks what the overlays have
been given, a few milliseconds at a time, and again when the free space of the disk says that much
may have been written, or when a while has passed. What was deleted and is still open is counted too.
Whoever is past a limit is to be killed; what was written stays, and can be read.

Deleting a file of the base needs room as well (a whiteout). So who is past a limit may still run
commands, as long as they do not make it worse.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from time import monotonic

TICK_SECONDS = 0.1
"""Between two looks at the free space of the disk."""

FLOOR_BYTES = 256 << 20
"""The host keeps as much free, whoever fills its disk."""

_SLICE_SECONDS = 0.005
"""At most as long at a time: requests wait meanwhile."""

_REST_SECONDS = 0.015
"""Between two such slices."""

_CALM_SECONDS = 3.0
"""Between two walks when the disk shows no growth."""

_CALM_TIMES = 10
"""And as many times what the last walk took."""

_FILL_BYTES_PER_SECOND = 2 << 30
SMALL_BYTES = 64 << 10
"""One file of who has written too much already, so that it cannot become much worse."""

_SLACK_BYTES = 1 << 20
_SLACK_INODES = 64
_BLOCK = 512
_LONG_PATH = 3000
_MOST_ANCHORS = 256
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Usage:
    bytes: int = 0
    inodes: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(self.bytes + other.bytes, self.inodes + other.inodes)


@dataclass(slots=True)
class _Walk:
    """One measurement under way. Directories wait as (open directory, path below it)."""

    inodes_limit: int
    size: int = 0
    inodes: int = 0
    linked: set[tuple[int, int]] = field(default_factory=set)
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    anchors: list[int] = field(default_factory=list)

    def add(self, status: os.stat_result) -> None:
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self.linked:
                return
            self.linked.add((status.st_dev, status.st_ino))
        self.size += status.st_blocks * _BLOCK
        self.inodes += 1

    @property
    def usage(self) -> Usage:
        return Usage(self.size, self.inodes)


def measure(roots: Iterable[int], inodes_limit: int = 1 << 62) -> Usage:
    """What lies below those open directories; given up soon after so many inodes."""
    walk = _Walk(inodes_limit)
    for _step in _steps(walk, tuple(roots)):
        pass
    return walk.usage


def _steps(walk: _Walk, roots: tuple[int, ...]) -> Iterator[None]:
    """One directory, or a part of a large one, a step."""
    try:
        walk.waiting += [(root, b".") for root in roots]
        while walk.waiting:
            anchor, path = walk.waiting.pop()
            with suppress(OSError):  # gone, or closed to us
                yield from _enter(walk, anchor, path)
            if walk.inodes > walk.inodes_limit:
                return
    finally:
        for each in walk.anchors:
            os.close(each)


def _enter(walk: _Walk, anchor: int, path: bytes) -> Iterator[None]:
    here = os.open(path, _DIRECTORY, dir_fd=anchor)
    try:
        yield from _look(walk, here, anchor, path)
    finally:
        if here not in walk.anchors:
            os.close(here)


def _look(walk: _Walk, here: int, anchor: int, path: bytes) -> Iterator[None]:
    below: list[bytes] = []
    with os.scandir(here) as entries:
        for count, entry in enumerate(entries):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            walk.add(status)
            if stat.S_ISDIR(status.st_mode):
                below.append(os.fsencode(entry.name))
            if count % 256 == 255:
                if walk.inodes > walk.inodes_limit:
                    return
                yield
    if below and len(path) > _LONG_PATH:
        # Longer paths cannot be opened: go on from here.
        if len(walk.anchors) >= _MOST_ANCHORS:
            walk.inodes = walk.inodes_limit + 1
            return
        walk.anchors.append(here)
        anchor, path = here, b"."
    walk.waiting += [(anchor, path + b"/" + name) for name in below]
    yield


def held(pids: Iterable[int], devices: frozenset[int]) -> Usage:
    """Files on those devices that are deleted and that one of the processes still has open."""
    walk = _Walk(1 << 62)
    seen: set[tuple[int, int]] = set()
    for pid in pids:
        for status in _open_files(pid):
            deleted = stat.S_ISREG(status.st_mode) and status.st_nlink == 0
            if deleted and status.st_dev in devices and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                walk.add(status)
    return walk.usage


def _open_files(pid: int) -> Iterator[os.stat_result]:
    try:
        directory = os.open(f"/proc/{pid}/fd", _DIRECTORY)
    except OSError:
        return
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                with suppress(OSError):
                    yield os.stat(entry.name, dir_fd=directory)
    except OSError:  # it ended
        return
    finally:
        os.close(directory)


@dataclass(slots=True)
class Sealed:
    """What was written before the last checkpoint. It counts too, but cannot change: it is measured
    once.
    """

    directories: tuple[int, ...] = ()
    """Open, and still to be measured."""

    usage: Usage = Usage()
    """Of all the others."""

    def measuring(self, inodes_limit: int) -> Iterator[None]:
        """In steps; what is given up before the end has to be begun again."""
        if not self.directories:
            return
        walk = _Walk(inodes_limit)
        yield from _steps(walk, self.directories)
        self.usage = self.usage + walk.usage
        for each in self.directories:
            os.close(each)
        self.directories = ()


class Quota:
    """Decides when to look and what is too much. Asked over and over while commands run."""

    def __init__(
        self,
        roots: tuple[int, ...],
        shown: int,
        limit: Usage,
        floor: int = FLOOR_BYTES,
        sealed: Sealed | None = None,
    ) -> None:
        self._roots = roots
        self._sealed = sealed or Sealed()
        self._devices = frozenset(os.fstat(each).st_dev for each in (*roots, shown))
        self._limit = limit
        self._ceiling = limit
        self._rebase = False
        self._floor = floor
        self._free_at_start = self._free()
        self._free_at_walk = self._free_at_start
        self._last = Usage()
        self._steps: Iterator[None] | None = None
        self._walk = _Walk(limit.inodes)
        self._began = 0.0
        self._spent = 0.0
        self._calm_until = 0.0

    @property
    def usage(self) -> Usage:
        """As it was last seen."""
        return self._last

    def begin(self) -> None:
        """Nothing ran until just now: what others did to the disk meanwhile is not ours."""
        self._free_at_start = self._free()
        if self.passed:
            self._rebase, self._calm_until = True, 0.0

    @property
    def passed(self) -> bool:
        """Too much is there already: what starts now may write small files only."""
        return self._last.bytes > self._limit.bytes or self._last.inodes > self._limit.inodes

    def wait_seconds(self) -> float:
        """When to ask again."""
        if self._steps is not None:
            return _REST_SECONDS
        room = max(self._ceiling.bytes - self._last.bytes, 0)
        return min(TICK_SECONDS, max(room / _FILL_BYTES_PER_SECOND, _REST_SECONDS))

    def verdict(self, pids: Iterable[int]) -> str:
        """Which limit is passed: `disk`, `inodes` or none."""
        free = self._free()
        if free.bytes < min(self._floor, self._free_at_start.bytes - _SLACK_BYTES * 16):
            return "disk"
        now = monotonic()
        if self._steps is None and not self._may_have_grown(free, now):
            return ""
        return self._judge(pids) if self._measured(free, now) else ""

    def _free(self) -> Usage:
        found = os.fstatvfs(self._roots[0])
        return Usage(found.f_bavail * found.f_frsize, found.f_favail)

    def _may_have_grown(self, free: Usage, now: float) -> bool:
        room = Usage(
            self._ceiling.bytes - self._last.bytes, self._ceiling.inodes - self._last.inodes
        )
        return (
            now >= self._calm_until
            or self._free_at_walk.bytes - free.bytes > max(room.bytes, 0) // 4
            or self._free_at_walk.inodes - free.inodes > max(room.inodes, 0) // 4
        )

    def _measured(self, free: Usage, now: float) -> bool:
        """Go on for a slice; true when that was the last one."""
        if self._steps is None:
            most = 2 * max(self._ceiling.inodes, self._last.inodes)
            self._walk = _Walk(most)
            self._steps = chain(self._sealed.measuring(most), _steps(self._walk, self._roots))
            self._free_at_walk = free
            self._spent = 0.0
        for _step in self._steps:
            if monotonic() - now > _SLICE_SECONDS:
                self._spent += monotonic() - now
                return False
        self._steps = None
        self._spent += monotonic() - now
        self._calm_until = now + max(_CALM_SECONDS, _CALM_TIMES * self._spent)
        return True

    def _judge(self, pids: Iterable[int]) -> str:
        self._last = now = self._sealed.usage + self._walk.usage + held(pids, self._devices)
        old = now if self._rebase else self._ceiling
        self._rebase = False
        over = Usage(now.bytes > old.bytes, now.inodes > old.inodes)
        self._ceiling = Usage(
            _ceiling(old.bytes, self._limit.bytes, now.bytes, _SLACK_BYTES),
            _ceiling(old.inodes, self._limit.inodes, now.inodes, _SLACK_INODES),
        )
        return "disk" if over.bytes else "inodes" if over.inodes else ""


def _ceiling(ceiling: int, limit: int, now: int, slack: int) -> int:
    """From where on it is too much. Past the limit: a little more than there is, falling with it."""
    if now <= limit:
        return limit
    return now + slack if now >= ceiling else min(ceiling, now + slack)


def full(folders: Iterable[str]) -> str:
    """Which bound of a small file system is reached: `disk`, `inodes` or none."""
    for folder in folders:
        try:
            found = os.statvfs(folder)
        except OSError:
            continue
        if found.f_blocks and not found.f_bavail:
            return "disk"
        if found.f_files and not found.f_favail:
            return "inodes"
    return ""
