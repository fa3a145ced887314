"""Copies of directories in which hostile files may lie, and nothing runs or all stands still.

The second copy of the same directory costs only what was changed: a file that is the same by inode,
size and both times is a hard link to the copy that was made before. Three cases in which equal times
prove nothing are always copied: what was changed within the clock's tick before the copy was begun
(as with git's index, "racily clean"), what is mapped into memory to be written, because pages that
are dirty already change without a trace, and what was so mapped at the copy before.

Kept: names, bytes, modes, times, links, holes in files, FIFOs, whiteouts, the user's extended
attributes; the owner when root copies. Not kept: sockets, which belong to the process that made them.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from swarm.sandbox import tree

DEPTH = 200
_FICLONE = 0x40049409
_TICK_NS = 20_000_000
"""More than the coarse clock that files are stamped by (CONFIG_HZ is 100 to 1000)."""

_MOST_AT_ONCE = 1 << 30
_SMALL = 64 << 10
"""Bytes of a file that are read and written sooner than the kernel is asked to copy them."""

_BLOCK = 512
_NO_ATTRIBUTES = (errno.ENOTSUP, errno.EPERM)

Key = tuple[int, int, int, int]
"""Inode, size, mtime and ctime in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a directory holds, so that who has looked at all of it need not look again."""

    entries: tuple[tuple[bytes, os.stat_result], ...]
    below: Mapping[bytes, "Listed"]


@dataclass(slots=True)
class Copied:
    """What a copy was made of, for the next one."""

    keys: dict[bytes, Key] = field(default_factory=dict)
    """Of the files that may be linked to by path; the others' are not noted."""

    linked: int = 0
    copied: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Before:
    """A copy of the same directory that was made before."""

    root: int
    keys: Mapping[bytes, Key]


@dataclass(slots=True)
class _Copying:
    before: Before | None
    always: frozenset[int]
    racy_from: int
    done: Copied = field(default_factory=Copied)
    twins: dict[tuple[int, int], tuple[int, bytes, tuple[bytes, ...]]] = field(default_factory=dict)
    into: int = -1


def copy_tree(
    source: int,
    into: int,
    *,
    now_ns: int,
    before: Before | None = None,
    always: frozenset[int] = frozenset(),
    listed: Listed | None = None,
) -> Copied:
    """Fill the empty directory `into`. `now_ns`: the file system's clock when all stood still.
    `always`: inodes that are copied whatever their times say. `listed`: what `look` has seen since
    all stood still. Raises OSError.
    """
    copying = _Copying(before, always, now_ns - _TICK_NS, into=into)
    _directory(copying, source, into, (), listed)
    return copying.done


def look(source: int, most_inodes: int, most_bytes: int) -> Listed | None:
    """All that is below an open directory, or None when that is more. Raises OSError."""
    looking = _Looking(most_inodes, most_bytes)
    return _look(looking, source, 0)


@dataclass(slots=True)
class _Looking:
    inodes: int
    bytes: int
    """Still to be found until it is too much."""


def _look(looking: _Looking, source: int, depth: int) -> Listed | None:
    check_depth(depth)
    entries, below = tuple(_entries(source)), dict[bytes, Listed]()
    looking.inodes -= len(entries)
    looking.bytes -= sum(status.st_blocks * _BLOCK for _name, status in entries)
    if looking.inodes < 0 or looking.bytes < 0:
        return None
    for name, status in entries:
        if not stat.S_ISDIR(status.st_mode):
            continue
        with entered(name, source, status) as inner:
            found = _look(looking, inner, depth + 1)
        if found is None:
            return None
        below[name] = found
    return Listed(entries, below)


def _entries(directory: int) -> Iterator[tuple[bytes, os.stat_result]]:
    for name in tree.names(directory):
        yield name, os.stat(name, dir_fd=directory, follow_symlinks=False)


def clock_ns(directory: int) -> int:
    """The file system's present time, which that directory gets; no file is made for it."""
    os.utime(directory)
    return os.fstat(directory).st_mtime_ns


def check_depth(depth: int) -> None:
    if depth > DEPTH:
        raise OSError(errno.ELOOP, f"more than {DEPTH} directories deep")


def _directory(
    copying: _Copying, source: int, into: int, path: tuple[bytes, ...], listed: Listed | None
) -> None:
    check_depth(len(path))
    for name, status in _entries(source) if listed is None else listed.entries:
        if stat.S_ISDIR(status.st_mode):
            below = None if listed is None else listed.below[name]
            with entered(name, source, status) as inner, _made(name, into) as copy:
                _directory(copying, inner, copy, (*path, name), below)
        elif not stat.S_ISSOCK(status.st_mode):
            _file(copying, name, source, into, (*path, name), status)
    copy_attributes(source, into)


@contextmanager
def _made(name: bytes, into: int) -> Iterator[int]:
    os.mkdir(name, 0o700, dir_fd=into)
    copy = tree.open_directory(name, into)
    try:
        yield copy
    finally:
        os.close(copy)


def _file(
    copying: _Copying,
    name: bytes,
    source: int,
    into: int,
    path: tuple[bytes, ...],
    status: os.stat_result,
) -> None:
    key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    where = b"/".join(path)
    if _link_to_before(copying, where, key, name, into) or _link_to_twin(
        copying, status, name, into, path
    ):
        copying.done.linked += 1
    else:
        _copy(name, source, into, status)
        copying.done.copied += 1
        copying.done.bytes += status.st_size
    if max(key[2:]) < copying.racy_from and status.st_ino not in copying.always:
        copying.done.keys[where] = key


def _link_to_before(copying: _Copying, where: bytes, key: Key, name: bytes, into: int) -> bool:
    before = copying.before
    if before is None or key[0] in copying.always or before.keys.get(where) != key:
        return False
    return _linked(before.root, tuple(where.split(b"/")), name, into)


def _link_to_twin(
    copying: _Copying, status: os.stat_result, name: bytes, into: int, path: tuple[bytes, ...]
) -> bool:
    """Two names of one file in the source are two names of one file in the copy."""
    if status.st_nlink == 1:
        return False
    identity = (status.st_dev, status.st_ino)
    twin = copying.twins.get(identity)
    if twin is None:
        copying.twins[identity] = (0, name, path)
        return False
    return _linked(copying.into, twin[2], name, into)


def _linked(root: int, path: tuple[bytes, ...], name: bytes, into: int) -> bool:
    """False when that file is gone, may not be linked to, or has all the links that it can have."""
    try:
        parent = tree.open_parent(root, path)
    except OSError:
        return False
    try:
        os.link(path[-1], name, src_dir_fd=parent, dst_dir_fd=into, follow_symlinks=False)
    except OSError:
        return False
    finally:
        os.close(parent)
    return True


def link_or_copy(name: bytes, source: int, into: int) -> None:
    try:
        os.link(name, name, src_dir_fd=source, dst_dir_fd=into, follow_symlinks=False)
    except OSError:
        copy_file(name, source, into)


def copy_file(name: bytes, source: int, into: int) -> None:
    """One that is no directory and no socket, with all that is kept of it."""
    _copy(name, source, into, os.stat(name, dir_fd=source, follow_symlinks=False))


def _copy(name: bytes, source: int, into: int, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        _copy_regular(name, source, into, status)
        return
    if stat.S_ISLNK(status.st_mode):
        os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=into)
    elif stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        os.mknod(name, stat.S_IFCHR, 0, dir_fd=into)
    elif stat.S_ISFIFO(status.st_mode):
        os.mkfifo(name, stat.S_IMODE(status.st_mode), dir_fd=into)
    else:
        raise OSError(errno.EINVAL, "a device", name)
    if os.getuid() == 0:
        os.chown(name, status.st_uid, status.st_gid, dir_fd=into, follow_symlinks=False)
    times = (status.st_atime_ns, status.st_mtime_ns)
    os.utime(name, ns=times, dir_fd=into, follow_symlinks=False)


def _copy_regular(name: bytes, source: int, into: int, status: os.stat_result) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with readable(name, source, status) as old:
        new = os.open(name, flags, 0o600, dir_fd=into)
        try:
            _copy_bytes(old, new, status)
            copy_attributes(old, new)
        finally:
            os.close(new)


def _copy_bytes(old: int, new: int, status: os.stat_result) -> None:
    size = status.st_size
    if size <= min(_SMALL, status.st_blocks * _BLOCK):  # without holes
        _copy_small(old, new, size)
        return
    try:
        fcntl.ioctl(new, _FICLONE, old)
    except OSError:
        for start, end in _extents(old, size):
            _copy_extent(old, new, start, end)
        os.ftruncate(new, size)


def _copy_small(old: int, new: int, size: int) -> None:
    left = os.read(old, size) if size else b""
    while left:
        left = left[os.write(new, left) :]


def _extents(fd: int, size: int) -> Iterator[tuple[int, int]]:
    """Where there are bytes: a file may be far larger than what it takes on disk."""
    at = 0
    while at < size:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        at = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, at


def _copy_extent(old: int, new: int, start: int, end: int) -> None:
    while start < end:
        count = os.copy_file_range(old, new, min(end - start, _MOST_AT_ONCE), start, start)
        if count == 0:
            return
        start += count


def copy_attributes(old: int, new: int) -> None:
    """Owner, mode, extended attributes and times of an open file or directory."""
    status = os.fstat(old)
    for name in _attribute_names(old):
        with suppress(FileExistsError):
            os.setxattr(new, name, os.getxattr(old, name))
    if os.getuid() == 0:
        os.fchown(new, status.st_uid, status.st_gid)
    os.fchmod(new, stat.S_IMODE(status.st_mode))
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))


def _attribute_names(fd: int) -> list[str]:
    try:
        return [name for name in os.listxattr(fd) if name.startswith("user.")]
    except OSError as error:
        if error.errno in _NO_ATTRIBUTES:
            return []
        raise


@contextmanager
def entered(name: bytes, directory: int, status: os.stat_result | None = None) -> Iterator[int]:
    """An open directory below; one that its owner has closed to himself is opened meanwhile.
    `status`: if it is known.
    """
    if status is None:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    with _unlocked(name, directory, stat.S_IRWXU, status) as fd:
        yield fd


@contextmanager
def readable(name: bytes, directory: int, status: os.stat_result) -> Iterator[int]:
    if os.getuid() == 0 or status.st_mode & stat.S_IRUSR:
        fd = tree.open_regular(name, directory)
        try:
            yield fd
        finally:
            os.close(fd)
        return
    with _unlocked(name, directory, stat.S_IRUSR, status) as fd:
        yield fd


@contextmanager
def _unlocked(name: bytes, directory: int, wanted: int, status: os.stat_result) -> Iterator[int]:
    locked = os.getuid() != 0 and status.st_mode & wanted != wanted
    if locked:
        os.chmod(name, stat.S_IMODE(status.st_mode) | wanted, dir_fd=directory)
    is_directory = stat.S_ISDIR(status.st_mode)
    fd = (tree.open_directory if is_directory else tree.open_regular)(name, directory)
    try:
        yield fd
    finally:
        if locked:
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
        os.close(fd)
