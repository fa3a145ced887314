"""The limits that a specification names, as the kernel's resource limits and the watchdog's bounds."""

from swarm.sandbox.port import Limits

OPEN_FILES = 4096


def worktree(limits: Limits) -> dict[str, int]:
    """Without namespaces the kernel counts a user's processes over the whole machine, so that a
    bound on them would hit, or be hit by, everything else of that user: there is none. The kernel
    bounds what each process reserves; what is used the watchdog sees, or a control group bounds.
    """
    return {
        "cpu": limits.cpu_seconds,
        "memory": limits.memory_bytes * limits.reserved,
        "file": limits.file_bytes,
        "files": OPEN_FILES,
        "core": 0,
    }


def isolated(limits: Limits) -> dict[str, int]:
    return {**worktree(limits), "processes": limits.processes}


def watched(limits: Limits) -> dict[str, int]:
    """What the watchdog inside has to look after."""
    return {
        "memory": limits.memory_bytes,
        "processes": limits.processes,
        "disk": limits.disk_bytes,
        "inodes": limits.inodes,
    }
