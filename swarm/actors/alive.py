"""Whether a coordinator works in a state folder: its lock says so, and the system drops it with it."""

import fcntl
import os

from swarm.actors.places import Places

LOCK = "lock"


def coordinator_alive(places: Places) -> bool:
    try:
        descriptor = os.open(places.journal / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
