"""Attacks on files of the host. Standard library only: sent into sandboxes as text."""

# The calls themselves are meant, one by one.
# ruff: noqa: PTH101, PTH108, PTH116, PTH118, PTH123, PTH208, PTH211

import os
import stat

from swarm.sandbox.attacks.calls import call, number, reach

_AT_FDCWD = -100
_TREE_LEVELS = 40


def append(path: str) -> None:
    """Open for writing at the end, and write nothing."""
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND))


def create(directory: str) -> None:
    """Make a file there, and remove it."""
    path = os.path.join(directory, "swarm-attack")
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    os.unlink(path)


def permit(path: str) -> None:
    """Set a file's permissions to what they are."""
    os.chmod(path, stat.S_IMODE(os.stat(path).st_mode))


def append_from_above(path: str) -> None:
    """Reach it by going up from here as often as there can be levels."""
    append("../" * _TREE_LEVELS + path.lstrip("/"))


def append_by_proc(path: str) -> None:
    append("/proc/self/cwd/" + "../" * _TREE_LEVELS + path.lstrip("/"))


def append_by_root(path: str) -> None:
    append("/proc/self/root" + path)


def append_by_link(path: str) -> None:
    """Through a second name for the same file."""
    os.link(path, "attack-link")
    try:
        append("attack-link")
    finally:
        os.unlink("attack-link")


def append_by_symbolic_link(path: str) -> None:
    os.symlink(path, "attack-symlink")
    try:
        append("attack-symlink")
    finally:
        os.unlink("attack-symlink")


def read(path: str) -> None:
    """One byte of it, which is not told."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            assert os.listdir(fd), "an empty directory"
        else:
            assert os.read(fd, 1), "nothing in it"
    finally:
        os.close(fd)


def name_handle() -> None:
    """The first half of opening by handle: name_to_handle_at of the root directory."""
    handle = bytearray(136)
    handle[0:4] = (128).to_bytes(4, "little")
    mount_id = bytearray(8)
    call(number(303, 264), _AT_FDCWD, b"/", bytes(handle), bytes(mount_id), 0)


def open_handle() -> None:
    """open_by_handle_at opens files by number, past every directory."""
    handle = (8).to_bytes(4, "little") + (1).to_bytes(4, "little") + (2).to_bytes(8, "little")
    reach(number(304, 265), _AT_FDCWD, handle, 0)


def make_device(path: str, kind: str, major: str, minor: str) -> None:
    """A device or, as the control, a FIFO."""
    kinds = {"block": stat.S_IFBLK, "character": stat.S_IFCHR, "fifo": stat.S_IFIFO}
    os.mknod(path, kinds[kind] | 0o600, os.makedev(int(major), int(minor)))
    os.unlink(path)


def write_same(path: str) -> None:
    """Write to a setting of the kernel what it is already."""
    with open(path, "rb", buffering=0) as file:
        value = file.read()
    with open(path, "wb", buffering=0) as file:
        file.write(value)


def ask_for_help(path: str) -> None:
    """The one harmless command of the kernel's debugging keys: list them in the kernel's log."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, b"h")
    finally:
        os.close(fd)
