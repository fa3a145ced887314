"""Control groups: bounds that the kernel holds for all processes of a sandbox together.

Used where this process may make groups: below its own, as root or where one was delegated, in version
1 or 2; in version 2 below the nearest group above that passes controllers on, as a systemd user's
manager does. Nowhere else: then resource limits and the watchdog hold what they can.

The watchdog acts first and ends whole commands. The kernel's bound on memory lies a little above, for
what is faster than the watchdog; what it then kills is a process of the sandbox's that asked to be the
first, never the server.
"""

import os
import select
import signal
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from swarm.sandbox.port import Limits

CONTROLLERS = ("memory", "pids", "cpu")
_NEEDED = {"memory", "pids"}
_PREFIX = "swarm-sandbox-"

_ABOVE = 4
"""The kernel's bound is a quarter above the watchdog's."""

_SERVERS = 2
"""Processes of ours in a group: the server, and the one that mounts."""

DELEGATE = (
    "as an ordinary user: systemd-run --user --scope swarm ... (a container needs /sys/fs/cgroup"
    " writable)"
)

_PERIOD_US = 100_000
_ROUNDS, _ROUND_MS = 100, 10
_PIECE = 4 << 10


@dataclass(frozen=True, slots=True)
class Parents:
    """Where groups can be made: a directory for each controller."""

    of: Mapping[str, Path]
    second: bool
    """Version 2: all are one directory."""


@dataclass(slots=True)
class Group:
    """Of one sandbox."""

    directories: Mapping[str, Path]
    second: bool
    _counters: dict[str, int] = field(default_factory=dict)
    """Files that are asked before each command, open: to find them takes longer than to read them."""

    def killed(self) -> int:
        """So many processes were killed so far because memory was full."""
        name = "memory.events" if self.second else "memory.oom_control"
        return self._count("memory", name, b"oom_kill")

    def refused(self) -> int:
        """So often a process could not be started because there were too many."""
        return self._count("pids", "pids.events", b"max")

    def _count(self, kind: str, name: str, what: bytes) -> int:
        try:
            if name not in self._counters:
                flags = os.O_RDONLY | os.O_CLOEXEC
                self._counters[name] = os.open(self.directories[kind] / name, flags)
            words = os.pread(self._counters[name], _PIECE, 0).split()
        except OSError:  # this kernel has it not, or the group is gone
            return 0
        return int(words[words.index(what) + 1]) if what in words else 0

    def bound(self, limits: Limits) -> "Group | None":
        """The group itself if all bounds could be set. Else whoever is in it is killed."""
        try:
            self.bind(limits)
        except OSError:
            self.end()
            return None
        return self

    def fits(self, limits: Limits) -> bool:
        return ("cpu" in self.directories) >= bool(limits.cpus)

    def bind(self, limits: Limits) -> None:
        """Raises OSError."""
        for path, text in _bounds(self, limits):
            path.write_text(text)

    def members(self) -> tuple[Path, ...]:
        """Files to write the number of a process to that is to be in it."""
        return tuple(each / "cgroup.procs" for each in dict.fromkeys(self.directories.values()))

    def empty(self) -> None:
        """Return when nothing is in it any more. Takes up to a second."""
        for each in self.members():
            for _round in range(_ROUNDS):
                if not _words(each):
                    break
                _kill(each.parent)
                select.poll().poll(_ROUND_MS)

    def end(self) -> None:
        """Kill what is left, and remove the group. Takes up to a second."""
        while self._counters:
            os.close(self._counters.popitem()[1])
        for each in dict.fromkeys(self.directories.values()):
            _remove(each)


class Removal:
    """Removes empty groups in a thread: the kernel looks for memory that was counted for them on every
    processor, for some milliseconds.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._last: Future[None] | None = None

    def begin(self, group: Group) -> None:
        self._last = self._thread.submit(group.end)

    def finish(self) -> None:
        """Return when all are removed."""
        if self._last is not None:
            self._last.result()


class Groups:
    """All of one host."""

    def __init__(self, parents: Parents | None) -> None:
        self._parents = parents
        self._numbers = count(1)
        if parents is not None:
            _sweep(parents)

    def make(self, limits: Limits, pid: int) -> Group | None:
        """With that process, and all that it will start. None where there are no groups, or this
        one cannot be had.
        """
        group = self.reserve(limits)
        if group is None:
            return None
        try:
            group.bind(limits)
            for each in group.members():
                each.write_text(str(pid))
        except OSError:  # somebody else removed it, or the process has just died
            group.end()
            return None
        return group

    def reserve(self, limits: Limits) -> Group | None:
        """With nobody in it, and what such limits need: each controller costs a move."""
        if self._parents is None:
            return None
        name = f"{_PREFIX}{os.getpid()}-{id(self):x}-{next(self._numbers)}"
        parents = self._parents.of.items()
        made = {kind: each / name for kind, each in parents if kind != "cpu" or limits.cpus}
        group = Group(made, self._parents.second)
        try:
            for each in dict.fromkeys(made.values()):
                each.mkdir()
        except OSError:
            group.end()
            return None
        return group


def find() -> Parents | None:
    """Where this process can make groups with bounds on memory and processes."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text()
        own = Path("/proc/self/cgroup").read_text()
    except OSError:
        return None
    return usable(*places(mounts, own))


def usable(first: Mapping[str, Path], second: tuple[Path, Path] | None) -> Parents | None:
    """Those of our own groups, or above them, below which more can be made."""
    for each in _upwards(second):
        passed = set(_words(each / "cgroup.subtree_control"))
        if passed >= _NEEDED and _may_make(each):
            return Parents({kind: each for kind in CONTROLLERS if kind in passed}, second=True)
    may = {kind: each for kind, each in first.items() if _may_make(each)}
    return Parents(may, second=False) if may.keys() >= _NEEDED else None


def controllers() -> tuple[str, ...]:
    """What the kernel can bound here for a whole sandbox."""
    found = find()
    return () if found is None else tuple(found.of)


def places(mounts: str, own: str) -> tuple[dict[str, Path], tuple[Path, Path] | None]:
    """Our own groups: of version 1 by controller; of version 2, and where that hierarchy begins.
    From the texts of /proc/self/mountinfo and /proc/self/cgroup.
    """
    paths = {}
    for line in own.splitlines():
        _number, kinds, path = line.split(":", 2)
        paths.update(dict.fromkeys(kinds.split(","), path))
    first: dict[str, Path] = {}
    second = None
    for line in mounts.splitlines():
        fields, _, source = line.partition(" - ")
        root, at = fields.split()[3:5]
        kind, _, options = source.split(maxsplit=2)
        for name in options.split(",") if kind == "cgroup" else ():
            if name in CONTROLLERS and (found := _within(paths.get(name), root, at)):
                first[name] = found
        if kind == "cgroup2" and (found := _within(paths.get(""), root, at)):
            second = found, Path(at)
    return first, second


def _within(path: str | None, root: str, at: str) -> Path | None:
    """The directory of a group, where a part of its hierarchy is mounted."""
    if path is None or not Path(path).is_relative_to(root):
        return None
    return Path(at) / Path(path).relative_to(root)


def _upwards(second: tuple[Path, Path] | None) -> Iterable[Path]:
    if second is None:
        return ()
    own, top = second
    return (each for each in (own, *own.parents) if each.is_relative_to(top))


def _may_make(directory: Path) -> bool:
    """Writing to `cgroup.procs` is what moving a process below it takes, too."""
    return os.access(directory, os.W_OK | os.X_OK) and os.access(
        directory / "cgroup.procs", os.W_OK
    )


def _bounds(group: Group, limits: Limits) -> list[tuple[Path, str]]:
    """What to write where."""
    memory = str(limits.memory_bytes + limits.memory_bytes // _ABOVE)
    quota = str(int(limits.cpus * _PERIOD_US))
    of = group.directories
    wanted = [(of["pids"] / "pids.max", str(limits.processes + _SERVERS))]
    if group.second:
        wanted.append((of["memory"] / "memory.max", memory))
        wanted.append((of["memory"] / "memory.swap.max", "0"))
    else:
        wanted.append((of["memory"] / "memory.limit_in_bytes", memory))
        wanted.append((of["memory"] / "memory.memsw.limit_in_bytes", memory))
    if limits.cpus and group.second:
        wanted.append((of["cpu"] / "cpu.max", f"{quota} {_PERIOD_US}"))
    elif limits.cpus:
        wanted.append((of["cpu"] / "cpu.cfs_quota_us", quota))
    return [each for each in wanted if "sw" not in each[0].name or each[0].exists()]


def _sweep(parents: Parents) -> None:
    """Remove what supervisors left that are dead."""
    for parent in dict.fromkeys(parents.of.values()):
        for each in parent.glob(f"{_PREFIX}*"):
            pid = each.name.removeprefix(_PREFIX).partition("-")[0]
            if not Path(f"/proc/{pid}").exists():
                _remove(each)


def _remove(directory: Path) -> None:
    for _round in range(_ROUNDS):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # something is in it, or its dead are not yet buried
            _kill(directory)
            select.poll().poll(_ROUND_MS)
        else:
            return


def _kill(directory: Path) -> None:
    for pid in _words(directory / "cgroup.procs"):
        with suppress(ProcessLookupError, PermissionError, ValueError):
            os.kill(int(pid), signal.SIGKILL)


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:  # this kernel has it not, or the group is gone
        return []
