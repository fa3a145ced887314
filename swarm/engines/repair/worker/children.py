"""Forked children with limits.

Everything that runs code under test runs in a child that dies with it: whatever the code does to
the process - endless loops, `os._exit`, memory, threads, children of its own - is over when the
child is. The child tells what it found by lines in an anonymous file, which it can fill to any
size without anybody reading at the other end and which is there even if it was killed.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[str], None]

_LOOK_MS = 50
_STARVED = 6
"""How many times as long it may be silent while it computes: on a busy machine it gets little time."""

_MOST_PROCESSES = 40
"""A child that has more with its descendants is taken for one that forks without end."""


@dataclass(frozen=True)
class Ended:
    """How a child ended, and the lines it told until then."""

    how: str
    """`done`, `timeout` or `crashed`."""

    lines: list[str]
    seconds: float


def in_child(work: Callable[[Tell], None], idle_seconds: float, memory_bytes: int) -> Ended:
    """Run `work` in a fork of this process, in a session of its own, and wait for its end.

    It is killed when it has told nothing and rested for `idle_seconds`, or forks without end.
    """
    told = os.memfd_create("told")
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _be_child(work, told, memory_bytes)
    try:
        in_time = _wait(pid, told, idle_seconds)
        status = _end(pid)
        lines = _read(told)
    finally:
        os.close(told)
    return Ended(_how(in_time, status), lines, time.monotonic() - began)


def limit_cpu(seconds: float) -> None:
    """Kill this process when it has computed for so long from now on; 0 takes the limit away."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def patience(cpu_seconds: float) -> float:
    """How long a child may be silent that is given so much to compute: the machine may be busy."""
    return 4 * cpu_seconds + 2


def _be_child(work: Callable[[Tell], None], told: int, memory_bytes: int) -> None:
    def tell(line: str) -> None:
        os.write(told, line.encode("utf-8", "backslashreplace") + b"\n")

    try:
        os.setsid()
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        _set_limit(resource.RLIMIT_CORE, 0)
        _set_limit(resource.RLIMIT_AS, memory_bytes)
        work(tell)
    finally:
        os._exit(0)


def _set_limit(which: int, amount: int) -> None:
    _, hard = resource.getrlimit(which)
    allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(which, (allowed, allowed))


def _wait(pid: int, told: int, idle_seconds: float) -> bool:
    """True when the child ended by itself, False when it has to be ended."""
    handle = os.pidfd_open(pid)
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    try:
        size, idle = 0, 0.0
        since = looked = time.monotonic()
        while not poller.poll(_LOOK_MS):
            now = time.monotonic()
            idle += 0.0 if _is_computing(pid) else now - looked
            looked = now
            if os.fstat(told).st_size != size:
                size, since, idle = os.fstat(told).st_size, now, 0.0
            silent = idle > idle_seconds or now - since > _STARVED * idle_seconds
            if silent or _members(pid) > _MOST_PROCESSES:
                return False
        return True
    finally:
        os.close(handle)


def _is_computing(pid: int) -> bool:
    """It runs, or would if it were given a processor: its own limit ends it, not our patience."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:  # noqa: PTH123 - not a path of the tree
            return stat.read().rpartition(b")")[2].split()[:1] == [b"R"]
    except (FileNotFoundError, ProcessLookupError):
        return False


def _members(session: int) -> int:
    """How many processes the child and its descendants are."""
    count = 0
    for name in os.listdir("/proc"):  # noqa: PTH208 - not a path of the tree
        try:
            count += name.isdigit() and os.getsid(int(name)) == session
        except ProcessLookupError:
            continue
    return count


def _end(pid: int) -> int:
    """Kill the child's whole session; its own status, which is kept until it is asked for."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return os.waitpid(pid, 0)[1]


def _read(told: int) -> list[str]:
    os.lseek(told, 0, os.SEEK_SET)
    data = b""
    while True:
        more = os.read(told, 1 << 20)
        if not more:
            return data.decode("utf-8", "replace").splitlines()
        data += more


def _how(in_time: bool, status: int) -> str:
    if not in_time or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF):
        return "timeout"
    return "done" if status == 0 else "crashed"


def own_memory() -> int:
    """Address space of this process, in bytes."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - not a path of the tree
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGESIZE")
