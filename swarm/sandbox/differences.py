"""What differs between a base directory and what was made of it, read as the work of an enemy.

What was made is a stack of directories (`layers`): what overlays have collected, the newest first. A
plain copy is a stack of one, through which nothing of the base is seen. What was copied up but is
equal to the base is no change.

Names are bytes; nothing is opened but directories and regular files, one level at a time, never
through a symbolic link. A directory is opened when it is read and closed before the next one, however
deep, in however many layers: an enemy may have made many of both.
"""

import os
import stat
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.domain.changes import Change, Changes, Mode, Removed, Written
from swarm.domain.errors import Rejected
from swarm.sandbox import layers, tree

FILE_BYTES = 64 << 20
TOTAL_BYTES = 512 << 20
"""A change is read into memory; more than this is nobody's patch."""

ENTRIES = 100_000
_DEPTH = 200
_REPORTED = 200


@dataclass(slots=True)
class _Comparison:
    hidden: frozenset[bytes]
    base: int
    items: dict[bytes, Change] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    left: int = TOTAL_BYTES
    entries: int = 0


def compare(base: Path, made: Sequence[Path], *, whole: bool, hidden: frozenset[bytes]) -> Changes:
    """`whole`: `made` is a full copy. `hidden` paths are not looked at. Raises Rejected when there is
    more than anybody could mean.
    """
    with ExitStack() as opened:
        roots = []
        for each in (base, *made):
            roots.append(tree.open_root(os.fsencode(each)))
            opened.callback(os.close, roots[-1])
        found = _Comparison(hidden, roots[0])
        waiting = [(layers.Level((), tuple(roots[1:]), through=not whole), True)]
        while waiting:
            level, in_base = waiting.pop()
            waiting += _directory(found, level, in_base=in_base)
    return Changes(tuple(found.items[path] for path in sorted(found.items)), _reported(found))


def _reported(found: _Comparison) -> tuple[str, ...]:
    more = len(found.left_out) - _REPORTED
    shown = sorted(found.left_out)[:_REPORTED]
    return (*shown, f"and {more} more") if more > 0 else tuple(shown)


def _directory(
    found: _Comparison, level: layers.Level, *, in_base: bool
) -> list[tuple[layers.Level, bool]]:
    """Note what differs in one directory. Returns those below it, and whether the base has them."""
    reading = layers.read(level)
    for why in reading.unreadable:
        _leave_out(found, b"/".join(level.path), f"cannot be read: {why}")
    base = tree.open_below(found.base, level.path) if in_base else None
    try:
        if base is not None and not reading.through and not reading.unreadable:
            _remove_unseen(found, level, base, {each.name for each in reading.entries})
        entered = (_entry(found, level, reading.through, each, base) for each in reading.entries)
        return [each for each in entered if each is not None]
    finally:
        if base is not None:
            os.close(base)


def _remove_unseen(found: _Comparison, level: layers.Level, base: int, names: set[bytes]) -> None:
    for name in tree.names(base):
        if name not in names:
            _remove(found, b"/".join((*level.path, name)), base, name)


def _entry(
    found: _Comparison, level: layers.Level, through: bool, entry: layers.Entry, base: int | None
) -> tuple[layers.Level, bool] | None:
    """What is below it, if that is to be looked at."""
    path = b"/".join((*level.path, entry.name))
    found.entries += 1
    if found.entries > ENTRIES:
        raise Rejected(f"more than {ENTRIES} files were made or changed")
    if path in found.hidden:
        return None
    if entry.name == b".git":
        _leave_out(found, path, "a repository inside")
    elif layers.is_whiteout(entry.status):
        if base is not None:
            _remove(found, path, base, entry.name)
    elif entry.below is not None:
        return _enter(found, path, entry.below, base)
    else:
        _file(found, level, entry, path, base)
    return None


def _enter(
    found: _Comparison, path: bytes, below: layers.Level, base: int | None
) -> tuple[layers.Level, bool] | None:
    if len(below.path) > _DEPTH:
        _leave_out(found, path, f"more than {_DEPTH} directories deep")
        return None
    before = None if base is None else tree.status(below.path[-1], base)
    if before is not None and not stat.S_ISDIR(before.st_mode):
        found.items[path] = Removed(path)
        before = None
    return below, before is not None


def _file(
    found: _Comparison, level: layers.Level, entry: layers.Entry, path: bytes, base: int | None
) -> None:
    try:
        made = tree.open_below(entry.root, level.path)
        try:
            written = _read(made, entry.name, path, min(FILE_BYTES, found.left))
        finally:
            os.close(made)
    except OSError as error:
        _leave_out(found, path, error.strerror)
        return
    before = None if base is None else tree.status(entry.name, base)
    if before is not None and base is not None:
        if stat.S_ISDIR(before.st_mode):
            _remove(found, path, base, entry.name)
        elif _same(base, entry.name, before, written):
            return
    found.left -= len(written.data)
    found.items[path] = replace(written, replaces=before is not None)


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
    status = tree.status(name, base)
    if status is None or name == b".git" or path in found.hidden:
        return
    if not stat.S_ISDIR(status.st_mode):
        found.items[path] = Removed(path)
        return
    below = tree.open_directory(name, base)
    try:
        for each in tree.names(below):
            _remove(found, path + b"/" + each, below, each)
    finally:
        os.close(below)


def _leave_out(found: _Comparison, path: bytes, why: str | None) -> None:
    found.left_out.append(f"{os.fsdecode(path)!r}: {why}")
