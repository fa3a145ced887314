"""A full disk, wherever it is met while a goal is being carried: something that passes.

The journal is the exception: what cannot be recorded cannot be decided, so there the coordinator ends.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from swarm.domain.errors import Exhausted, Transient

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_lack_of_room(error: Exception) -> bool:
    """Whether the file system said so."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


@contextmanager
def waiting_for_room() -> Iterator[None]:
    """For what agents ask to be kept: Exhausted would tell them that their own budget is spent."""
    try:
        yield
    except Exhausted as error:
        raise Transient(str(error)) from error
    except OSError as error:
        if not is_lack_of_room(error):
            raise
        raise Transient(f"the coordinator's disk is full: {error}") from error
