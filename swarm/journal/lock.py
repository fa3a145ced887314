"""One coordinator for each state folder: a lock that the system drops when its holder dies.

The epoch in the database backs it up: a file system without working locks, or a lock file removed
by hand, lets a second process in, and then the first is refused at its next append.
"""

import fcntl
import os
import threading
import time
from pathlib import Path

from swarm.domain.errors import Rejected

NAME = "lock"
_PAUSE_SECONDS = 0.05


def take_lock(folder: Path, wait_seconds: float) -> int:
    """Return the descriptor that holds the lock; closing it gives the lock back.

    Waits for a predecessor that is about to end. Raises Rejected, naming its process.
    """
    deadline = time.monotonic() + wait_seconds
    pause = threading.Event()
    while (descriptor := _try_lock(folder / NAME)) is None:
        if time.monotonic() >= deadline:
            raise Rejected(
                f"another swarm (process {_holder(folder / NAME)}) works with {folder}",
                advice="let it go on and follow it, or stop it first",
            )
        pause.wait(_PAUSE_SECONDS)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass  # held by another, or removed since it was opened: try again
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _holder(path: Path) -> str:
    return path.read_text().strip() or "unknown"
