"""Attacks on other processes. Standard library only: sent into sandboxes as text.

The server is the process that started ours: process 1 of a sandbox that has processes of its own.
"""

# The calls themselves are meant, one by one.
# ruff: noqa: PTH115, PTH116, PTH123, PTH208, TID251

import ctypes
import os
import resource
import signal
import struct
import subprocess
import time

from swarm.sandbox.attacks.calls import LIBC, Absent, call, checked, number

_ATTACH = 16
_SEIZE = 0x4206
_ENOUGH = 12
"""Processes that may be one's own: the server, the command, us."""


def environment_holds(token: str) -> None:
    assert token in repr(dict(os.environ)), "it is not among the variables"


def an_environment_holds(token: str) -> None:
    """Look for it in the variables of every process."""
    assert any(token in each for each in _texts("environ")), "it is nowhere below /proc"


def a_command_line_holds(token: str) -> None:
    assert any(token in each for each in _texts("cmdline")), "it is nowhere below /proc"


def _texts(name: str) -> list[str]:
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/{name}", errors="replace") as file:
                found.append(file.read())
        except OSError:
            continue
    return found


def see_processes() -> None:
    seen = sum(map(str.isdigit, os.listdir("/proc")))
    assert seen > _ENOUGH, f"only {seen} are seen"


def look_into(whose: str, name: str) -> None:
    """Into the server, or into a child of our own."""
    child = 0 if whose == "server" else _child()
    path = f"/proc/{child or _server()}/{name}"
    try:
        if "/" in name or name in ("root", "cwd", "exe"):
            os.stat(path)
        elif name in ("fd", "map_files"):
            assert os.listdir(path), "nothing is listed"
        else:
            with open(path, "rb") as file:
                if name == "mem":
                    file.seek(_mapped_address(path))
                assert file.read(1), "nothing is in it"
    finally:
        _end(child)


def _mapped_address(mem: str) -> int:
    with open(mem.replace("/mem", "/maps")) as file:
        return int(file.read().split("-")[0], 16)


def trace(whose: str) -> None:
    child = 0 if whose == "server" else _child()
    try:
        request = ctypes.c_long(_SEIZE)
        checked(LIBC.ptrace(request, ctypes.c_int(child or _server()), None, None))
    finally:
        _end(child)


def read_memory(whose: str) -> None:
    """process_vm_readv of a byte."""
    child = 0 if whose == "server" else _child()
    pid = child or _server()
    try:
        room = ctypes.create_string_buffer(1)
        ours = struct.pack("PN", ctypes.addressof(room), 1)
        theirs = struct.pack("PN", _mapped_address(f"/proc/{child or os.getpid()}/mem"), 1)
        call(number(310, 270), pid, ours, 1, theirs, 1, 0)
    finally:
        _end(child)


def take_descriptor(whose: str) -> None:
    """pidfd_getfd of standard input."""
    child = 0 if whose == "server" else _child()
    try:
        os.close(call(438, os.pidfd_open(child or _server()), 0, 0))
    finally:
        _end(child)


def set_limit(whose: str) -> None:
    """Of open files, to what it is."""
    child = 0 if whose == "server" else _child()
    pid = child or _server()
    try:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, resource.prlimit(0, resource.RLIMIT_NOFILE))
    finally:
        _end(child)


def raise_limit(name: str) -> None:
    """Beyond what it may be."""
    kind = getattr(resource, name)
    _soft, hard = resource.getrlimit(kind)
    assert hard != resource.RLIM_INFINITY, "there is no limit"
    resource.setrlimit(kind, (hard + 1, hard + 1))


def has_no_limit(name: str) -> None:
    assert resource.getrlimit(getattr(resource, name))[1] == resource.RLIM_INFINITY, "there is one"


def send_signal(pid: str) -> None:
    """One that does nothing, to see whether any could be sent."""
    os.kill(int(pid), 0)


def kill(pid: str) -> None:
    os.kill(int(pid), signal.SIGKILL)


def kill_server() -> None:
    """It must be there afterwards."""
    server = _server()
    for each in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM):
        try:
            os.kill(server, each)
        except PermissionError:
            continue
    time.sleep(0.1)
    state = _status_of(server)
    assert state in ("", *"TZX"), "it is there, and runs"


def keeps_a_descriptor() -> None:
    """Of somebody else's: anything but the three of every command and what our driver opened."""
    ours = {"pipe", "anon_inode"}
    strange = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the one that the listing itself needed
            continue
        if int(name) > 2 and target.split(":")[0] not in ours and "/proc/" not in target:
            strange.append(target)
    assert strange, "nothing was left open"


def keeps_a_descriptor_when_one_is_opened() -> None:
    with open("/dev/null"):
        keeps_a_descriptor()


def may_gain_rights() -> None:
    assert _field("NoNewPrivs") == "0", "no program that it runs can give it rights"


def holds_rights() -> None:
    names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    held = [name for name in names if int(_field(name), 16)]
    assert held, "it holds none, and can gain none"


def is_unfiltered() -> None:
    assert _field("Seccomp") == "0", "its system calls are filtered"


def become_root() -> None:
    os.setresuid(0, 0, 0)


def mount_by_program() -> None:
    """By mount(8), which is installed setuid."""
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "none", "/tmp"],  # noqa: S108
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise Absent("no mount(8) is installed") from error
    assert done.returncode == 0, "it has no more rights than who runs it"


def _field(name: str) -> str:
    with open("/proc/self/status") as file:
        fields = dict(line.split(":", 1) for line in file)
    return fields[name].strip()


def _server() -> int:
    """The parent of the driver, which is our parent."""
    return int(_stat(os.getppid())[1])


def _status_of(pid: int) -> str:
    try:
        return _stat(pid)[0]
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()


def _child() -> int:
    """A process of our own that waits to be ended."""
    pid = os.fork()
    if pid == 0:
        time.sleep(15)
        os._exit(0)
    return pid


def _end(child: int) -> None:
    if child:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
