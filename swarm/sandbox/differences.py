"""What differs between a base directory and what was made of it, read as the work of an enemy.

Two forms of "what was made of it" are read by one rule. The upper directory of an overlay holds only
what was touched: a character device 0:0 (whiteout) stands for a removed name, and a directory may be
marked opaque, which hides all that the base has there. A plain copy is a directory in which
everything is opaque.

Names are bytes; nothing is opened but directories and regular files, one level at a time, never
through a symbolic link. What was copied up but is equal to the base is no change.
"""

import os
import stat
from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.domain.changes import Change, Changes, Mode, Removed, Written
from swarm.domain.errors import Rejected
from swarm.sandbox import tree

FILE_BYTES = 64 << 20
TOTAL_BYTES = 512 << 20
"""A change is read into memory; more than this is nobody's patch."""

ENTRIES = 100_000
_DEPTH = 200
_REPORTED = 200
_OPAQUE = b"user.overlay.opaque"


@dataclass(slots=True)
class _Comparison:
    hidden: frozenset[bytes]
    items: dict[bytes, Change] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    left: int = TOTAL_BYTES
    entries: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory on both sides."""

    path: bytes
    made: int
    base: int | None
    whole: bool
    """What the base has here and the other side has not is removed."""

    depth: int = 0


def compare(base: Path, made: Path, *, whole: bool, hidden: frozenset[bytes]) -> Changes:
    """`whole`: `made` is a full copy, not the upper directory of an overlay. `hidden` paths are not
    looked at. Raises Rejected when there is more than anybody could mean.
    """
    found = _Comparison(hidden)
    base_fd, made_fd = tree.open_root(os.fsencode(base)), tree.open_root(os.fsencode(made))
    try:
        _directory(found, _Place(b"", made_fd, base_fd, whole))
    finally:
        os.close(base_fd)
        os.close(made_fd)
    return Changes(tuple(found.items[path] for path in sorted(found.items)), _reported(found))


def _reported(found: _Comparison) -> tuple[str, ...]:
    more = len(found.left_out) - _REPORTED
    shown = sorted(found.left_out)[:_REPORTED]
    return (*shown, f"and {more} more") if more > 0 else tuple(shown)


def _directory(found: _Comparison, place: _Place) -> None:
    names = _names(place.made)
    base = place.base
    if base is not None and (place.whole or _is_opaque(place.made)):
        place = replace(place, whole=True)
        for name in sorted(set(_names(base)) - set(names)):
            _remove(found, place.path + name, base, name)
    for name in names:
        found.entries += 1
        if found.entries > ENTRIES:
            raise Rejected(f"more than {ENTRIES} files were made or changed")
        if place.path + name not in found.hidden:
            _entry(found, place, name)


def _names(directory: int) -> list[bytes]:
    return sorted(map(os.fsencode, os.listdir(directory)))


def _is_opaque(directory: int) -> bool:
    try:
        return os.getxattr(directory, _OPAQUE) == b"y"
    except OSError:
        return False


def _entry(found: _Comparison, place: _Place, name: bytes) -> None:
    path = place.path + name
    now = _status(place.made, name)
    before = None if place.base is None else _status(place.base, name)
    if now is None:
        return
    if name == b".git":
        _leave_out(found, path, "a repository inside")
    elif stat.S_ISCHR(now.st_mode) and now.st_rdev == 0:
        if place.base is not None:
            _remove(found, path, place.base, name)
    elif stat.S_ISDIR(now.st_mode):
        _enter(found, place, name, before)
    else:
        _file(found, place, name, before)


def _enter(found: _Comparison, place: _Place, name: bytes, before: os.stat_result | None) -> None:
    path = place.path + name
    if place.depth >= _DEPTH:
        _leave_out(found, path, f"more than {_DEPTH} directories deep")
        return
    try:
        made = tree.open_directory(name, place.made)
    except OSError as error:
        _leave_out(found, path, f"cannot be read: {error.strerror}")
        return
    base = None
    try:
        if before is not None and place.base is not None:
            if stat.S_ISDIR(before.st_mode):
                base = tree.open_directory(name, place.base)
            else:
                found.items[path] = Removed(path)
        _directory(found, _Place(path + b"/", made, base, place.whole, place.depth + 1))
    finally:
        os.close(made)
        if base is not None:
            os.close(base)


def _file(found: _Comparison, place: _Place, name: bytes, before: os.stat_result | None) -> None:
    path = place.path + name
    try:
        written = _read(place.made, name, path, min(FILE_BYTES, found.left))
    except OSError as error:
        _leave_out(found, path, error.strerror)
        return
    if before is not None and place.base is not None:
        if stat.S_ISDIR(before.st_mode):
            _remove(found, path, place.base, name)
        elif _same(place.base, name, before, written):
            return
    found.left -= len(written.data)
    found.items[path] = written


def _read(directory: int, name: bytes, path: bytes, most: int) -> Written:
    """Raises OSError when it is nothing that a commit can hold."""
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        return Written(path, "120000", os.readlink(name, dir_fd=directory))
    fd = tree.open_regular(name, directory)
    try:
        return Written(path, _mode(os.fstat(fd)), tree.read_descriptor(fd, most))
    finally:
        os.close(fd)


def _mode(status: os.stat_result) -> Mode:
    if stat.S_ISLNK(status.st_mode):
        return "120000"
    return "100755" if status.st_mode & stat.S_IXUSR else "100644"


def _same(base: int, name: bytes, before: os.stat_result, written: Written) -> bool:
    if _mode(before) != written.mode or before.st_size != len(written.data):
        return False
    return _read(base, name, written.path, before.st_size).data == written.data


def _remove(found: _Comparison, path: bytes, base: int, name: bytes) -> None:
    """All files that the base has at the path."""
    status = _status(base, name)
    if status is None or name == b".git" or path in found.hidden:
        return
    if not stat.S_ISDIR(status.st_mode):
        found.items[path] = Removed(path)
        return
    below = tree.open_directory(name, base)
    try:
        for each in _names(below):
            _remove(found, path + b"/" + each, below, each)
    finally:
        os.close(below)


def _status(directory: int, name: bytes) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _leave_out(found: _Comparison, path: bytes, why: str | None) -> None:
    found.left_out.append(f"{os.fsdecode(path)!r}: {why}")
