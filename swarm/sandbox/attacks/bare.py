"""A place with hardly a wall: namespaces of its own, all rights inside them, no filter of system
calls. What a sandbox refuses has to work here, or the attempt showed nothing.

It is thrown away with the process that runs in it. What runs here sees the host's files, with the
rights of an ordinary user: root becomes nobody first.

Standard library only: started as `python -I -S -c "..."`, with the programs on standard input.
"""

import os
import sys
from collections.abc import Callable

from swarm.sandbox import kernel

_NOBODY = 65534


def main(run: Callable[[], None]) -> None:
    """Run it there, and end with its exit code."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
        kernel.set_dumpable(True)  # or our own /proc entries would stay root's
    uid, gid = os.getuid(), os.getgid()
    pid = kernel.clone(kernel.ALL_NAMESPACES)
    if pid == 0:
        _inside(uid, gid, run)
    _pid, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status) != 0)


def _inside(uid: int, gid: int, run: Callable[[], None]) -> None:
    try:
        kernel.die_with_parent()
        kernel.map_user(0, uid, gid)
        kernel.raise_loopback()
        kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
        kernel.mount("tmpfs", "/tmp", "tmpfs", 0)  # noqa: S108
        kernel.mount("tmpfs", "/dev/shm", "tmpfs", 0)  # noqa: S108
        kernel.mount("proc", "/proc", "proc", 0)
        os.chdir("/tmp")  # noqa: S108
        run()
        sys.stdout.flush()
        os._exit(0)
    except OSError as error:
        os.write(2, f"{error.filename or ''}: {error.strerror}\n".encode())
    finally:
        os._exit(1)
