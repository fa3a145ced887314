"""Reading and changing files below a directory that somebody hostile may be changing too.

Every step is relative to an open directory and refuses symbolic links, so no name, however it was
chosen, leads out of that directory; nothing is opened that could block (a FIFO) or act (a device).

Standard library only: this runs inside, and in the supervisor.
"""

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def parts_of(path: bytes) -> tuple[bytes, ...]:
    """The names of a relative path. Raises OSError(EINVAL) for one that could lead elsewhere."""
    names = tuple(path.split(b"/"))
    if any(name in (b"", b".", b"..") or b"\0" in name for name in names):
        raise OSError(errno.EINVAL, "not a plain relative path", path)
    return names


def open_root(path: str | bytes, directory: int | None = None) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)


def open_directory(name: bytes, directory: int) -> int:
    return os.open(name, _DIRECTORY, dir_fd=directory)


def open_below(root: int, names: tuple[bytes, ...]) -> int:
    """Open the directory of that path, which may be the root itself."""
    return open_parent(root, (*names, b""))


def names(directory: int) -> list[bytes]:
    return sorted(map(os.fsencode, os.listdir(directory)))


def status(name: bytes, directory: int) -> os.stat_result | None:
    """Of the name itself, not of what it may lead to; None when there is none."""
    try:
        return os.stat(name, dir_fd=directory, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


def open_parent(root: int, names: tuple[bytes, ...], *, make: bool = False) -> int:
    """Open the directory that holds the last of `names`."""
    here = os.dup(root)
    try:
        for name in names[:-1]:
            there = _enter(here, name, make=make)
            os.close(here)
            here = there
    except OSError:
        os.close(here)
        raise
    return here


def _enter(directory: int, name: bytes, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=directory)
    return open_directory(name, directory)


def open_file(root: int, path: bytes) -> int:
    """Open a regular file for reading. Raises OSError when it is anything else."""
    names = parts_of(path)
    parent = open_parent(root, names)
    try:
        return open_regular(names[-1], parent)
    finally:
        os.close(parent)


def open_regular(name: bytes, directory: int) -> int:
    found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", name)
    fd = os.open(name, _FILE, dir_fd=directory)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", name)
    return fd


def read_descriptor(fd: int, most: int) -> bytes:
    """All bytes of an open regular file. Raises OSError(EFBIG) when there are more than `most`, and for
    anything else that somebody has handed us: to read that could take for ever.
    """
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    size = status.st_size
    if size > most:
        raise OSError(errno.EFBIG, f"{size} bytes are more than {most}")
    pieces, left = [], most + 1
    while left > 0 and (piece := os.read(fd, min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise OSError(errno.EFBIG, f"more than {most} bytes")
    return b"".join(pieces)


def write_file(root: int, path: bytes, data: bytes, *, executable: bool) -> None:
    """Put a new file in the place of whatever the last name was; a directory only if empty."""
    names = parts_of(path)
    parent = open_parent(root, names, make=True)
    try:
        other = _new_name()
        fd = os.open(
            other,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o755 if executable else 0o644,
            dir_fd=parent,
        )
        with os.fdopen(fd, "wb") as file:
            os.fchmod(fd, 0o755 if executable else 0o644)
            file.write(data)
        _put(parent, other, names[-1])
    finally:
        os.close(parent)


def write_link(root: int, path: bytes, target: bytes) -> None:
    names = parts_of(path)
    parent = open_parent(root, names, make=True)
    try:
        other = _new_name()
        os.symlink(target, other, dir_fd=parent)
        _put(parent, other, names[-1])
    finally:
        os.close(parent)


def remove(root: int, path: bytes) -> None:
    """Remove a file or link, if it is there, and the directories that this leaves empty."""
    names = parts_of(path)
    try:
        parent = open_parent(root, names)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        os.unlink(names[-1], dir_fd=parent)
    except FileNotFoundError:
        return
    finally:
        os.close(parent)
    _prune(root, names[:-1])


def _prune(root: int, names: tuple[bytes, ...]) -> None:
    while names:
        parent = open_parent(root, names)
        try:
            os.rmdir(names[-1], dir_fd=parent)
        except OSError:  # not empty, or a mount point: it stays, and so do its parents
            return
        finally:
            os.close(parent)
        names = names[:-1]


def _put(parent: int, new: bytes, name: bytes) -> None:
    try:
        try:
            os.rename(new, name, src_dir_fd=parent, dst_dir_fd=parent)
        except IsADirectoryError:
            os.rmdir(name, dir_fd=parent)
            os.rename(new, name, src_dir_fd=parent, dst_dir_fd=parent)
    except OSError:
        os.unlink(new, dir_fd=parent)
        raise


def _new_name() -> bytes:
    return b".swarm-" + os.urandom(8).hex().encode()


def erase(name: bytes, directory: int) -> None:
    """Remove a whole tree of any depth, also directories without any permission (an overlay leaves
    one). Only for trees in which nothing runs any more. Does nothing when there is none.
    """
    if _is_directory(name, directory):
        _walk(name, directory, _unlink_files, _remove_directory)
    else:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)


def size(name: bytes, directory: int) -> int:
    """Bytes on disk of a tree in which nothing runs any more."""
    total = 0

    def enter(here: int) -> list[bytes]:
        nonlocal total
        below = []
        for each in _entries(here):
            total += 512 * os.stat(each, dir_fd=here, follow_symlinks=False).st_blocks
            if _is_directory(each, here):
                below.append(each)
        return below

    if _is_directory(name, directory):
        _walk(name, directory, enter, lambda _directory, _name: None)
    return total


def _walk(
    name: bytes,
    directory: int,
    enter: Callable[[int], list[bytes]],
    leave: Callable[[int, bytes], None],
) -> None:
    """`enter` each directory, which names those below it to go on to; `leave` it, from above.

    One open directory at a time: a hostile tree may be deeper than there are descriptors, or than
    Python's stack. Up goes by "..", which is safe because nothing moves there any more.
    """
    here = _open_by_force(name, directory)
    names, waiting = [name], [enter(here)]
    while waiting:
        if waiting[-1]:
            names.append(waiting[-1].pop())
            here = _replace(here, _open_by_force(names[-1], here))
            waiting.append(enter(here))
        elif len(names) > 1:
            waiting.pop()
            here = _replace(here, os.open(b"..", _DIRECTORY, dir_fd=here))
            leave(here, names.pop())
        else:
            os.close(here)
            leave(directory, name)
            return


def _replace(old: int, new: int) -> int:
    os.close(old)
    return new


def _open_by_force(name: bytes, directory: int) -> int:
    status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if status.st_mode & 0o700 != 0o700:
        os.chmod(name, 0o700, dir_fd=directory)
    return open_directory(name, directory)


def _unlink_files(directory: int) -> list[bytes]:
    below = []
    for name in _entries(directory):
        if _is_directory(name, directory):
            below.append(name)
        else:
            os.unlink(name, dir_fd=directory)
    return below


def _remove_directory(directory: int, name: bytes) -> None:
    os.rmdir(name, dir_fd=directory)


def _entries(directory: int) -> list[bytes]:
    return [os.fsencode(name) for name in os.listdir(directory)]


def _is_directory(name: bytes, directory: int) -> bool:
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode)
