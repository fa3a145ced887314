"""Errors of SQLite and the file system, sorted by what to do about them.

no space left                  Exhausted: nothing was written, make room and go on
damaged pages, not a database  Rejected: restore from a copy
read-only, no permission, I/O  Lacking: the machine must be put right
locked by somebody else        Transient
"""

import errno
import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swarm.domain.errors import Exhausted, Lacking, Rejected, SwarmError, Transient

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_RESTORE = "restore the whole state folder from a copy; the damaged one is left as it is"


@contextmanager
def translating(folder: Path, needed: int = 0) -> Iterator[None]:
    """Turn foreign errors into ours. `needed`: so many bytes were about to be written."""
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(error, folder, needed) from error
    except OSError as error:
        raise _of_system(error, folder, needed) from error


def _of_sqlite(error: sqlite3.Error, folder: Path, needed: int) -> SwarmError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_FULL or (
        # A quota on the size of files is reported as any failed write is.
        code == sqlite3.SQLITE_IOERR_WRITE and room(folder) < needed
    ):
        return _full(folder, needed)
    match code & 0xFF:  # the primary code; the rest says where exactly
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return Rejected(f"the journal in {folder} is damaged: {error}", advice=_RESTORE)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Transient(f"the journal in {folder} is locked by another program")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return _not_writable(folder, str(error))
        case sqlite3.SQLITE_IOERR:
            return Lacking(
                f"the disk under {folder} failed: {error}",
                advice="check the disk, then start again: what was acknowledged is in the journal",
            )
        case _:
            return Rejected(f"the journal in {folder} cannot be used: {error}", advice=_RESTORE)


def _of_system(error: OSError, folder: Path, needed: int) -> SwarmError:
    if error.errno in _NO_SPACE:
        return _full(folder, needed)
    return _not_writable(folder, str(error))


def _full(folder: Path, needed: int) -> Exhausted:
    free = room(folder)
    error = Exhausted(
        f"no space left for {folder}: about {needed:,} bytes were to be written, {free:,} are free,"
        f" {max(needed - free, 1):,} are missing; nothing was written"
    )
    error.advice = "make room there, then go on: swarm resume"
    return error


def _not_writable(folder: Path, reason: str) -> Lacking:
    return Lacking(
        f"{folder} cannot be used for the journal: {reason}",
        advice="make the folder readable and writable for this user, or set SWARM_HOME to one that is",
    )


def room(folder: Path) -> int:
    """Bytes that one more file in the folder may grow to: free space, and the limit on file size."""
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return free
    largest = max((path.stat().st_size for path in folder.iterdir()), default=0)
    return max(0, min(free, limit - largest))
