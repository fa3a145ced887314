"""Git's complaints, translated once into what to do about them.

Git tells its failures apart by text alone. The texts are those of the C locale, which every call
fixes. What matches nothing is Rejected with git's own words: the same call would fail again.
"""

import os
import shlex
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from swarm.domain.errors import Lacking, NeedsHuman, Rejected, SwarmError, Transient

SOON = timedelta(seconds=2)
AFTER_CLEANING = timedelta(seconds=5)
LEAST_ROOM = 64 << 10
"""Bytes. With less on the disk, what git cannot say of itself is put down to that."""


def translated(verb: str, code: int, complaint: str, where: Path) -> SwarmError:
    """The error for a call of git that failed with this on its standard error.

    A negative code is minus the number of the signal that ended it.
    """
    if code < 0:
        return Transient(f"git {verb} in {where} was ended by signal {-code}", retry_after=SOON)
    for signs, make in _KNOWN:
        if any(sign in complaint for sign in signs):
            return make(where)
    if _has_no_room(where):
        return _disk_full(where)
    return Rejected(f"git {verb} failed in {where} (exit code {code}): {_gist(complaint)}")


def foreign_owner(where: Path) -> NeedsHuman:
    return NeedsHuman(
        f"{where} belongs to another user, so git refuses to work there",
        advice="run swarm as its owner, or, if you trust what its git configuration may run: "
        f"git config --global --add safe.directory {shlex.quote(str(where))}",
    )


def not_a_repository(where: Path) -> Rejected:
    return Rejected(
        f"{where} is not in a git repository", advice="run `git init` and commit, or name another"
    )


def bare(where: Path) -> Rejected:
    return Rejected(
        f"{where} is a bare repository, without files to work on",
        advice="clone it and name the clone",
    )


def _disk_full(where: Path) -> Transient:
    return Transient(
        f"the disk below {where} is full; free some space, and the work goes on",
        retry_after=AFTER_CLEANING,
    )


def _has_no_room(where: Path) -> bool:
    """Git does not always say that a disk is full, least of all where it writes its own complaint."""
    try:
        disk = os.statvfs(where)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < LEAST_ROOM


def _read_only(where: Path) -> NeedsHuman:
    return NeedsHuman(
        f"{where} is on a read-only file system", advice="remount it writable, then resume"
    )


def _forbidden(where: Path) -> NeedsHuman:
    return NeedsHuman(
        f"no permission to read or write {where}", advice="run swarm as the owner of the repository"
    )


def _locked(where: Path) -> Transient:
    return Transient(
        f"another git process holds a lock in {where}; if none runs there, one was killed, and its "
        "*.lock file can be deleted",
        retry_after=SOON,
    )


def _partial(where: Path) -> Rejected:
    return Rejected(
        f"{where} is a partial clone and lacks objects of this commit",
        advice="fetch them: git fetch --refetch --no-filter",
    )


def _damaged(where: Path) -> NeedsHuman:
    return NeedsHuman(f"the repository {where} is damaged", advice="look at `git fsck` there")


def _unknown_commit(where: Path) -> Rejected:
    return Rejected(f"{where} does not have this commit any more")


def _old(where: Path) -> Lacking:
    return Lacking(f"the git program is too old for {where}", advice="install git 2.38 or newer")


_TOO_NEW = (
    "unknown option `write-tree",
    "unknown option `object-format",
    "usage: git merge-tree",
    "unknown repository extension",
    "Expected git repo version",
)
# The first match counts: the specific before the general.
_KNOWN: tuple[tuple[tuple[str, ...], Callable[[Path], SwarmError]], ...] = (
    (("dubious ownership",), foreign_owner),
    (("cannot use bare repository", "must be run in a work tree"), bare),
    (("No space left on device", "Disk quota exceeded"), _disk_full),
    (("Read-only file system",), _read_only),
    (("Permission denied", "insufficient permission"), _forbidden),
    ((".lock': File exists", "is at different", "reference already exists"), _locked),
    (("promisor remote", "lazy fetch"), _partial),
    (("is corrupt", "bad pack", "inflate: data stream error", "sha1 mismatch"), _damaged),
    (("not our ref", "couldn't find remote ref", "not a valid object"), _unknown_commit),
    (_TOO_NEW, _old),
    (("not a git repository", "does not appear to be a git repository"), not_a_repository),
)


def _gist(complaint: str) -> str:
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "!", "remote:"))]
    return "; ".join((telling or lines)[:4])[:500] or "no message"
