"""Kernel calls that Python's standard library lacks, for x86_64 and aarch64.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
_SIGKILL = 9


def checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def prctl(option: int, argument: int = 0) -> int:
    return checked(
        _LIBC.prctl(option, ctypes.c_ulong(argument), *(ctypes.c_ulong(0),) * 3), f"prctl {option}"
    )


def set_dumpable(dumpable: bool) -> None:
    """Whether processes of the same user may trace us and look at us below /proc."""
    prctl(PR_SET_DUMPABLE, int(dumpable))


def become_subreaper() -> None:
    """Adopt the orphans among our descendants."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the thread that started us ends."""
    prctl(PR_SET_PDEATHSIG, _SIGKILL)


# What there is to read below /proc


def parents() -> dict[int, int]:
    """Parent of every process that we see."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat(int(name))
            if fields:
                found[int(name)] = int(fields[1])
    return found


def descendants(parents: dict[int, int], of: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [of]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return found


def state(pid: int) -> str:
    """One letter as in proc(5); X when there is no such process."""
    fields = _stat(pid)
    return fields[0] if fields else "X"


def _stat(pid: int) -> list[str]:
    """Fields after the command's name, which may hold anything: state, parent..."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        text = os.read(fd, 4096).decode("latin-1")
    except OSError:  # it ended between the two calls
        return []
    finally:
        os.close(fd)
    return text.rpartition(")")[2].split()
