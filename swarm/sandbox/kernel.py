"""Kernel calls that Python's standard library lacks, for x86_64 and aarch64.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
CLONE_PARENT = 0x00008000
ALL_NAMESPACES = (
    CLONE_NEWNS
    | CLONE_NEWCGROUP
    | CLONE_NEWUTS
    | CLONE_NEWIPC
    | CLONE_NEWUSER
    | CLONE_NEWPID
    | CLONE_NEWNET
)

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18

ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4
_ATTR_IDMAP = 0x100000

_MNT_DETACH = 2
_UMOUNT_NOFOLLOW = 8
_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_OPEN_TREE_CLOEXEC = os.O_CLOEXEC
_MOVE_MOUNT_F_EMPTY_PATH = 4

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522

_MAPPED_PATH = 5
_NS_GET_USERNS = 0xB701
_SIOCSIFFLAGS = 0x8914
_IFF_UP_LOOPBACK_RUNNING = 0x1 | 0x8 | 0x40

_NUMBERS = {
    "x86_64": {"clone": 56, "pivot_root": 155, "capset": 126},
    "aarch64": {"clone": 220, "pivot_root": 41, "capset": 91},
}
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
CLOSE_RANGE = 436
"""The same on every architecture."""

END_WITH_PARENT = (_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
"""For prctl(2)."""

_SIGNAL_SET_BYTES = 128

# PyDLL keeps the interpreter's lock during a call: a child that comes out of `clone` has only this
# thread, and must find the lock in its hands.
_LIBC = ctypes.PyDLL(None, use_errno=True)


def machine() -> str:
    """Raises OSError where no numbers are known."""
    name = os.uname().machine
    if name not in _NUMBERS:
        raise OSError(f"no system call numbers for {name}")
    return name


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def _syscall(number: int, what: str, *arguments: int | bytes) -> int:
    words = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    return _checked(_LIBC.syscall(ctypes.c_long(number), *words), what)


def call(number: int, what: str, *arguments: int) -> int:
    """A system call that has the same number everywhere; pointers are given as addresses."""
    return _syscall(number, what, *arguments)


def _numbered(name: str, *arguments: int | bytes) -> int:
    return _syscall(_NUMBERS[machine()][name], name, *arguments)


# Processes


def clone(flags: int) -> int:
    """Fork into new namespaces: 0 in the child. The caller must have one thread only."""
    ctypes.pythonapi.PyOS_BeforeFork()
    pid = -1
    try:
        pid = _numbered("clone", signal.SIGCHLD | flags, 0, 0, 0, 0)
    finally:
        if pid == 0:
            ctypes.pythonapi.PyOS_AfterFork_Child()
        else:
            ctypes.pythonapi.PyOS_AfterFork_Parent()
    return pid


def unshare(flags: int) -> None:
    _checked(_LIBC.unshare(flags), "unshare")


def join(namespace: int, kind: int) -> None:
    """Become a member of an open namespace. Needs every right in it."""
    _checked(_LIBC.setns(namespace, kind), "setns")


def owner_of(namespace: int) -> int:
    """Open the user namespace that the rights in an open namespace belong to."""
    return fcntl.ioctl(namespace, _NS_GET_USERNS)


def sync_file_system(fd: int) -> None:
    """Return when all that was written to it is on disk."""
    _checked(_LIBC.syncfs(fd), "syncfs")


def _prctl(option: int, argument: int = 0) -> int:
    rest = (ctypes.c_ulong(0),) * 3
    return _checked(_LIBC.prctl(option, ctypes.c_ulong(argument), *rest), f"prctl {option}")


def set_dumpable(dumpable: bool) -> None:
    """Whether processes of the same user may trace us and look at us below /proc."""
    _prctl(_PR_SET_DUMPABLE, int(dumpable))


def close_all_but(keep: tuple[int, ...]) -> None:
    """Also our own input, output and errors stay open."""
    last = 2
    for fd in (*sorted(each for each in keep if each > last), 1 << 16):
        os.closerange(last + 1, fd)
        last = fd


def signal_descriptor(number: signal.Signals) -> int:
    """Block the signal, and tell of it by a descriptor instead: no call is interrupted by it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    wanted = ctypes.create_string_buffer(_SIGNAL_SET_BYTES)
    _LIBC.sigemptyset(wanted)
    _LIBC.sigaddset(wanted, number)
    return _checked(_LIBC.signalfd(-1, wanted, os.O_NONBLOCK | os.O_CLOEXEC), "signalfd")


def become_subreaper() -> None:
    """Adopt the orphans among our descendants."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Be killed when the thread that started us ends."""
    _prctl(*END_WITH_PARENT[:2])


def end(child: int) -> None:
    """Kill it, and wait until it is dead."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def drop_rights(keep: int = 0) -> None:
    """Give up every capability but those bits, for ever, and any way to gain one by a program."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    drop_bounds(keep)
    low, high = keep & 0xFFFFFFFF, keep >> 32
    held = struct.pack("6I", low, low, 0, high, high, 0)
    _numbered("capset", struct.pack("II", _CAPABILITY_VERSION_3, 0), held)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_bounds(keep: int = 0) -> None:
    """Programs can bring no capability but those bits any more, as far as we may say so."""
    for capability in range(64):
        if keep >> capability & 1:
            continue
        try:
            _prctl(_PR_CAPBSET_DROP, capability)
        except OSError:  # past the last one that this kernel knows, or we hold none ourselves
            break


def install_filter(program: bytes) -> None:
    """Filter the system calls of this process and its offspring, for ever."""
    count = len(program) // 8
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", count, ctypes.addressof(buffer))
    holder = ctypes.create_string_buffer(header, len(header))
    _checked(_LIBC.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_SECCOMP_MODE_FILTER), holder), "seccomp")


def become(user: int) -> None:
    """That user and group in our user namespace, and no other group's member."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def map_user(inside: int, uid: int, gid: int) -> None:
    """Make the outer ids the one user and group of our new user namespace."""
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inside} {uid} 1"),
        ("gid_map", f"{inside} {gid} 1"),
    ):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode())
        finally:
            os.close(fd)


def raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
        request = struct.pack("16sH14x", b"lo", _IFF_UP_LOOPBACK_RUNNING)
        fcntl.ioctl(some, _SIOCSIFFLAGS, request)


# Mounts


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _checked(
        _LIBC.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            options.encode() or None,
        ),
        f"mount {kind or 'bind'} {target}",
    )


def bind(source: str, target: str) -> None:
    mount(source, target, "", MS_BIND | MS_REC)


def detach(target: str) -> None:
    """A symbolic link at that name is not followed."""
    _checked(_LIBC.umount2(os.fsencode(target), _MNT_DETACH | _UMOUNT_NOFOLLOW), f"umount {target}")


def protect(target: str, attributes: int) -> None:
    """Set attributes of a mount and of all below it."""
    _set_attributes(
        _AT_FDCWD, os.fsencode(target), _AT_RECURSIVE, struct.pack("QQQQ", attributes, 0, 0, 0)
    )


def _set_attributes(directory: int, path: bytes, flags: int, what: bytes) -> None:
    _syscall(
        _MOUNT_SETATTR,
        f"mount_setattr {os.fsdecode(path)}",
        directory,
        path,
        flags,
        what,
        len(what),
    )


def bind_mapped(source: str, target: str, owners: int, *, deep: bool = False) -> None:
    """As `bind`, of what `copy_mounts` copies."""
    fd = copy_mounts(source, owners, deep=deep)
    try:
        attach(fd, os.fsencode(target))
    finally:
        os.close(fd)


def copy_mounts(source: str, owners: int = 0, *, deep: bool = True) -> int:
    """A descriptor of a copy of that mount, which is nowhere yet; `deep`: with all that is mounted
    below it. What is mounted on the one from now on is not on the other. `owners`: a user namespace
    through whose map the files' owners are seen.

    Raises OSError(EINVAL) for a file system that cannot show its files as another user's.
    """
    below = _AT_RECURSIVE if deep else 0
    flags = _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC | below
    fd = _syscall(_OPEN_TREE, f"open_tree {source}", _AT_FDCWD, os.fsencode(source), flags)
    try:
        mapped = _ATTR_IDMAP if owners else 0
        attributes = struct.pack("QQQQ", mapped, 0, MS_PRIVATE, owners)
        _set_attributes(fd, b"", _AT_EMPTY_PATH | below, attributes)
    except OSError:
        os.close(fd)
        raise
    return fd


def attach(mounts: int, name: bytes, directory: int = _AT_FDCWD) -> None:
    """Put it there. A symbolic link at that name is not followed."""
    what = f"move_mount {os.fsdecode(name)}"
    _syscall(_MOVE_MOUNT, what, mounts, b"", directory, name, _MOVE_MOUNT_F_EMPTY_PATH)


def pivot(new_root: str) -> None:
    """Make that mount the root directory, and let go of all that was mounted before."""
    os.chdir(new_root)
    _numbered("pivot_root", b".", b".")
    detach(".")
    os.chdir("/")


# What there is to read below /proc


def parents() -> dict[int, int]:
    """Parent of every process that we see."""
    found = {}
    with os.scandir("/proc") as entries:
        pids = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for pid in pids:
        fields = _stat(pid)
        if fields:
            found[pid] = int(fields[1])
    return found


def descendants(parents: dict[int, int], of: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [of]
    while waiting:
        for pid in children.get(waiting.pop(), ()):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return found


def state(pid: int) -> str:
    """One letter as in proc(5); X when there is no such process."""
    fields = _stat(pid)
    return fields[0] if fields else "X"


def shared_mappings(pid: int) -> set[str] | None:
    """Paths of the files that a process has mapped to be written for all to see. None when it
    cannot be told.
    """
    if state(pid) in "ZX":
        return set()
    try:
        text = Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return None
    lines = (line.split(maxsplit=_MAPPED_PATH) for line in text.split(b"\n") if line)
    shared = (line for line in lines if line[1][1:2] == b"w" and line[1][3:4] == b"s")
    return {os.fsdecode(_unescaped(line[-1])) for line in shared if len(line) > _MAPPED_PATH}


def _unescaped(path: bytes) -> bytes:
    """The kernel writes a line's end in a path as octal."""
    return path.replace(b"\\012", b"\n")


def _stat(pid: int) -> list[str]:
    """Fields after the command's name, which may hold anything: state, parent..."""
    try:
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        text = os.read(fd, 4096).decode("latin-1")
    except OSError:  # it ended between the two calls
        return []
    finally:
        os.close(fd)
    return text.rpartition(")")[2].split()
