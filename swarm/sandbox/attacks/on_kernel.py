"""Attacks by way of the kernel. Standard library only: sent into sandboxes as text."""

import ctypes
import fcntl
import mmap
import os
import platform
import signal
import socket
import struct
import tempfile
import termios
import time

from swarm.sandbox.attacks.calls import LIBC, Absent, call, checked, number, reach

_NEW_USER = 0x10000000
_AT_FDCWD = -100
_DETACH = 2
_REMOUNT_BIND = 32 | 4096
_PR_SET_NO_NEW_PRIVS = 38

_NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "fsopen": (430, 430),
    "init_module": (175, 105),
    "io_uring_setup": (425, 425),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "mount_setattr": (442, 442),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pivot_root": (155, 41),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "userfaultfd": (323, 282),
}
_ARGUMENTS: dict[str, tuple[int | bytes, ...]] = {
    "add_key": (0, 0, 0, 0, -3),
    "bpf": (0, 0, 0),
    "clock_settime": (0, 0),
    "fsopen": (b"tmpfs", 0),
    "io_uring_setup": (1, 0),
    "keyctl": (0, -3, 1),
    "mount_setattr": (_AT_FDCWD, b"/proc", 0, struct.pack("4Q", 2, 0, 0, 0), 32),
    "open_tree": (_AT_FDCWD, b"/proc", 1),
    "perf_event_open": (0, 0, -1, -1, 0),
    "personality": (0xFFFFFFFF,),
    "pivot_root": (b"/proc/self", b"/proc/self"),
    "syslog": (10, 0, 0),
    "userfaultfd": (1,),
}
"""Such that they change nothing, or nothing that outlives the process."""


def reach_call(name: str) -> None:
    arguments = _ARGUMENTS.get(name, (0, 0, 0, 0, 0))
    reach(number(*_NUMBERS[name]), *arguments)


# Mounts


def mount_new() -> None:
    place = tempfile.mkdtemp()
    checked(LIBC.mount(b"none", os.fsencode(place), b"tmpfs", ctypes.c_ulong(0), None))
    checked(LIBC.umount2(os.fsencode(place), _DETACH))


def bind() -> None:
    place = tempfile.mkdtemp()
    checked(LIBC.mount(b"/etc", os.fsencode(place), None, ctypes.c_ulong(4096), None))
    checked(LIBC.umount2(os.fsencode(place), _DETACH))


def remount(path: str) -> None:
    """Take back that it is read-only."""
    checked(LIBC.mount(None, path.encode(), None, ctypes.c_ulong(_REMOUNT_BIND), None))


def unmount(path: str) -> None:
    checked(LIBC.umount2(path.encode(), _DETACH))


def change_root() -> None:
    os.chroot(tempfile.mkdtemp())


# Namespaces


def unshare_user() -> None:
    checked(LIBC.unshare(_NEW_USER))


def clone_user() -> None:
    _end(call(number(56, 220), _NEW_USER | signal.SIGCHLD, 0, 0, 0, 0))


def clone3_user() -> None:
    arguments = struct.pack("8Q", _NEW_USER, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    _end(call(435, arguments, len(arguments)))


def enter_namespace(kind: str) -> None:
    fd = os.open(f"/proc/self/ns/{kind}", os.O_RDONLY)
    checked(LIBC.setns(fd, 0))


def _end(pid: int) -> None:
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


# Foreign calling conventions


def call_by_int80() -> None:
    """Ask for our process id by the 32-bit numbers, by machine code of our own."""
    _demand_x86()
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(bytes.fromhex("b814000000cd80c3"))
    at = ctypes.addressof(ctypes.c_char.from_buffer(code))
    assert ctypes.CFUNCTYPE(ctypes.c_int)(at)() == os.getpid(), "no answer"


def call_by_x32() -> None:
    _demand_x86()
    reach(0x40000000 | 39)


def _demand_x86() -> None:
    if platform.machine() != "x86_64":
        raise Absent("only x86 has it")


# Terminals


def type_into_terminal() -> None:
    """TIOCSTI on a terminal of our own, made for this."""
    _main, other = os.openpty()
    os.setsid()
    fcntl.ioctl(other, termios.TIOCSCTTY, 0)
    fcntl.ioctl(other, 0x5412, b"x")


def type_by_selection() -> None:
    """TIOCLINUX, which pastes into a console."""
    fcntl.ioctl(os.openpty()[1], 0x541C, b"\x02")


def open_terminal(own: str) -> None:
    """The one that we were started from; or, as the control, one of our own."""
    if own:
        _main, other = os.openpty()
        os.setsid()
        fcntl.ioctl(other, termios.TIOCSCTTY, 0)
    os.close(os.open("/dev/tty", os.O_RDWR))


# Clock and names


def set_clock() -> None:
    """To what it is."""
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))


def set_host_name() -> None:
    """To what it is."""
    socket.sethostname(socket.gethostname())


# Memory and queues that programs of one machine share by number or name


def open_shared_memory(key: str) -> None:
    checked(LIBC.shmget(ctypes.c_int(int(key)), ctypes.c_size_t(0), 0))


def open_queue(name: str) -> None:
    call(number(240, 180), name.lstrip("/").encode(), os.O_RDONLY, 0, 0)
