"""What hostile code in an isolated sandbox may try, and does not get.

Each attack is a program that prints DONE when it got through, or dies. Where the same program can be
run outside without harm, it is, and must get through there: a test that cannot fail shows nothing.
"""

import asyncio
import ctypes
import os
import platform
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm.sandbox.public_api import (
    ExecResult,
    Limits,
    Sandbox,
    SandboxHost,
    SandboxSpec,
    interpreter_paths,
    open_host,
)
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import needs_namespaces

pytestmark = pytest.mark.thorough

PYTHON = sys.executable
PRELUDE = """
import ctypes, errno, fcntl, os, resource, signal, socket, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    result = libc.syscall(*map(ctypes.c_long, arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
"""


@dataclass
class Cage:
    """One sandbox that is attacked again and again."""

    sandbox: Sandbox
    host: SandboxHost
    folder: Path

    def attack(self, program: str) -> ExecResult:
        """Run the program inside, after the prelude, followed by the word DONE."""
        return asyncio.run(self.sandbox.exec((PYTHON, "-c", _whole(program)), wall_seconds=20))

    def withstands(self, program: str) -> str:
        """The program fails; its last line of errors."""
        result = self.attack(program)
        assert b"DONE" not in result.stdout, result
        assert result.returncode != 0
        return result.stderr.decode().strip().splitlines()[-1] if result.stderr else ""


def _whole(program: str) -> str:
    return f"{PRELUDE}\n{textwrap.dedent(program)}\nprint('DONE')\n"


def outside(program: str) -> bool:
    """Whether it gets through here, outside."""
    result = subprocess.run([PYTHON, "-c", _whole(program)], capture_output=True, check=False)
    return b"DONE" in result.stdout


@pytest.fixture(scope="module")
def cage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    needs_namespaces()
    folder = tmp_path_factory.mktemp("cage")
    (folder / "secret").write_text("SECRET")
    os.environ["SWARM_TEST_TOKEN"] = "ghp_canary"
    host = open_host(folder / "scratch", "namespaces")
    spec = SandboxSpec(
        folder / "repository",
        interpreter_paths(Path(PYTHON)),
        Limits(tmp_bytes=16 << 20, file_bytes=32 << 20, processes=64),
    )
    sandbox = asyncio.run(host.create(spec, a_base(folder / "base", {"a": "1\n"})))
    yield Cage(sandbox, host, folder)
    asyncio.run(host.close())
    del os.environ["SWARM_TEST_TOKEN"]


def test_the_cage_runs_programs(cage: Cage) -> None:
    assert b"DONE" in cage.attack("open('a').read()").stdout


# Files of the host


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/usr/bin/env",
        "/usr/new",
        "/new",
        "/etc/new",
        "/opt/new",
        "/dev/new",
        "/proc/new",
    ],
)
def test_nothing_of_the_system_can_be_written(cage: Cage, path: str) -> None:
    cage.withstands(f"open({path!r}, 'ab')")


def test_the_interpreter_that_is_shown_cannot_be_written(cage: Cage) -> None:
    cage.withstands("open(os.__file__, 'ab')")
    cage.withstands("open(os.path.join(sys.prefix, 'new'), 'w')")


def test_files_of_the_host_are_not_there(cage: Cage) -> None:
    program = f"open({str(cage.folder / 'secret')!r}).read()"
    assert outside(program)
    assert "FileNotFoundError" in cage.withstands(program)


def test_the_base_and_the_scratch_directory_are_not_there(cage: Cage) -> None:
    for name in ("base", "scratch"):
        program = f"os.listdir({str(cage.folder / name)!r})"
        assert outside(program)
        cage.withstands(program)


def test_neither_homes_nor_var_are_there(cage: Cage) -> None:
    shown = cage.attack("print(os.listdir('/'), os.listdir('/var'))").stdout.decode()
    assert "'var'" in shown
    assert "'home'" not in shown
    assert "'mnt'" not in shown
    assert shown.splitlines()[0].endswith("['tmp']")


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssl/private"]
)
def test_secrets_of_the_system_are_hidden(cage: Cage, path: str) -> None:
    if not Path(path).exists():
        pytest.skip(f"there is no {path} on this machine")
    cage.withstands(
        f"print(os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read())"
    )


def test_users_of_the_host_are_not_named(cage: Cage) -> None:
    listed = cage.attack("print(open('/etc/passwd').read())").stdout
    assert len(listed.splitlines()) == 5


# Environment and other processes


def test_the_supervisors_environment_is_nowhere(cage: Cage) -> None:
    program = """
        found = dict(os.environ)
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                found[pid] = open(f'/proc/{pid}/environ').read()
            except OSError:
                pass
        assert 'ghp_canary' in repr(found)
    """
    assert outside(program)
    cage.withstands(program)


def test_only_the_sandboxes_own_processes_are_seen(cage: Cage) -> None:
    program = "assert len(list(filter(str.isdigit, os.listdir('/proc')))) > 3"
    assert outside(program)
    cage.withstands(program)


def test_a_process_of_the_host_cannot_be_signalled(cage: Cage) -> None:
    program = f"os.kill({os.getpid()}, 0)"
    assert outside(program)
    assert "ProcessLookupError" in cage.withstands(program)


@pytest.mark.parametrize(
    "name", ["root/etc", "cwd/etc", "fd/3", "mem", "environ", "maps", "map_files"]
)
def test_process_one_cannot_be_looked_into(cage: Cage, name: str) -> None:
    path = f"/proc/1/{name}"
    cage.withstands(
        f"os.listdir({path!r}) if {name!r} == 'map_files' else os.stat({path!r}) if '/' in {name!r} else open({path!r}, 'rb').read(1)"
    )


def test_process_one_cannot_be_traced(cage: Cage) -> None:
    attach = "assert libc.ptrace(16, {pid}, 0, 0) == 0"
    own = "pid = os.fork()\nif not pid: time.sleep(5)\n" + attach.format(pid="pid")
    assert b"DONE" in cage.attack(own).stdout
    cage.withstands(attach.format(pid=1))


def test_the_limits_of_process_one_cannot_be_changed(cage: Cage) -> None:
    cage.withstands("resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1))")
    assert b"DONE" in cage.attack("resource.prlimit(0, resource.RLIMIT_NOFILE, (9, 9))").stdout


def test_limits_cannot_be_raised(cage: Cage) -> None:
    cage.withstands("resource.setrlimit(resource.RLIMIT_NPROC, (65, 65))")


def test_no_descriptor_is_inherited(cage: Cage) -> None:
    shown = cage.attack("print(sorted(os.listdir('/proc/self/fd')))").stdout.decode()
    assert shown.splitlines()[0] == "['0', '1', '2', '3']"  # the last is listdir's own


# The kernel

_OTHER = {"x86_64": 0, "aarch64": 1}.get(platform.machine(), 0)


def number(x86_64: int, aarch64: int) -> int:
    return (x86_64, aarch64)[_OTHER]


CALLS = {
    "unshare a user namespace": f"call({number(272, 97)}, 0x10000000)",
    "clone into a user namespace": f"call({number(56, 220)}, 0x10000000 | 17, 0, 0, 0, 0)",
    "setns": f"call({number(308, 268)}, os.open('/proc/self/ns/mnt', 0), 0)",
    "chroot": "os.chroot('/tmp')",
    "pivot_root": f"call({number(155, 41)}, 0, 0)",
    "open_by_handle_at": f"call({number(304, 265)}, -100, 0, 0)",
    "bpf": f"call({number(321, 280)}, 0, 0, 0)",
    "perf_event_open": f"call({number(298, 241)}, 0, 0, -1, -1, 0)",
    "userfaultfd": f"call({number(323, 282)}, 1)",
    "io_uring_setup": "call(425, 1, 0)",
    "keyctl": f"call({number(250, 219)}, 0, -3, 1)",
    "add_key": f"call({number(248, 217)}, 0, 0, 0, 0, -3)",
    "syslog": f"call({number(103, 116)}, 10, 0, 0)",
    "mount": "assert libc.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "remount": "assert libc.mount(None, b'/', None, 32 | 4096, None) == 0",
    "umount": "assert libc.umount2(b'/usr', 2) == 0",
    "fsopen": "call(430, 0, 0)",
    "mount_setattr": "call(442, -100, 0, 0, 0, 0)",
    "sethostname": "socket.sethostname('x')",
    "clock_settime": "time.clock_settime(time.CLOCK_REALTIME, 1)",
    "make a disk": "os.mknod('/tmp/disk', 0o60666, os.makedev(254, 0))",
    "make a device in the tree": "os.mknod('dev', 0o20666, os.makedev(1, 1))",
    "make a whiteout": "os.mknod('whiteout', 0o20666, 0)",
    "read kernel messages": "open('/dev/kmsg')",
    "read memory": "open('/dev/mem')",
    "core_pattern": "open('/proc/sys/kernel/core_pattern', 'w').write('|/x')",
    "overcommit": "open('/proc/sys/vm/overcommit_memory', 'w').write('1')",
    "type into the terminal": "fcntl.ioctl(os.openpty()[1], 0x5412, b'x')",
    "vsock": "socket.socket(40, socket.SOCK_STREAM)",
    "raw packets": "socket.socket(17, socket.SOCK_RAW)",
    "kernel cryptography": "socket.socket(38, 5)",
    "raw ICMP": "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "become root": "os.setuid(0)",
    "mount by a setuid program": "subprocess.run(['mount', '-t', 'tmpfs', 'x', '/tmp'], check=True)",
    "look at devices": "assert os.listdir('/sys')",
}


@pytest.mark.parametrize("program", CALLS.values(), ids=CALLS.keys())
def test_the_kernel_refuses(cage: Cage, program: str) -> None:
    error = cage.withstands(program)
    assert "Error" in error
    assert "SyntaxError" not in error


def test_clone3_looks_as_if_it_did_not_exist(cage: Cage) -> None:
    assert "Function not implemented" in cage.withstands("call(435, 0, 0)")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="32-bit calls are x86's")
def test_a_call_by_the_32_bit_convention_is_death(cage: Cage) -> None:
    getpid_by_int80 = """
        import mmap
        code = mmap.mmap(-1, 4096, prot=7)
        code.write(bytes.fromhex('b814000000cd80c3'))
        at = ctypes.addressof(ctypes.c_char.from_buffer(code))
        ctypes.CFUNCTYPE(ctypes.c_int)(at)()
    """
    cage.withstands(getpid_by_int80)
    assert cage.attack(getpid_by_int80).returncode == -31


def test_it_holds_no_rights_and_can_gain_none(cage: Cage) -> None:
    status = cage.attack("print(open('/proc/self/status').read())").stdout.decode()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(fields[name], 16) == 0
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")


def test_nothing_runs_as_the_hosts_root(cage: Cage) -> None:
    async def work() -> list[str]:
        process = await cage.sandbox.spawn(("sh", "-c", "echo; read never", "marked-98765"))
        try:
            await process.read()
            return _owners_of(b"marked-98765")
        finally:
            await process.kill()
            await process.wait()

    owners = asyncio.run(work())
    assert len(owners) == 1
    assert owners != ["0"]


def _owners_of(mark: bytes) -> list[str]:
    owners = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (each / "cmdline").read_bytes():
                status = (each / "status").read_text()
                owners.append(status.split("Uid:\t")[1].split("\t")[0])
        except OSError:  # it ended meanwhile
            continue
    return owners


# The network and other ways to talk


def test_the_own_loopback_works(cage: Cage) -> None:
    program = """
        server = socket.create_server(('127.0.0.1', 5432))
        client = socket.create_connection(server.getsockname())
        server.accept()[0].send(b'x')
        assert client.recv(1) == b'x'
    """
    assert b"DONE" in cage.attack(program).stdout


@pytest.mark.parametrize(
    "address", ["('1.1.1.1', 443)", "('169.254.169.254', 80)", "('2606:4700::1111', 443)"]
)
def test_no_address_outside_can_be_reached(cage: Cage, address: str) -> None:
    assert "unreachable" in cage.withstands(f"socket.create_connection({address}, timeout=2)")


def test_no_datagram_leaves(cage: Cage) -> None:
    cage.withstands("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))")


def test_a_port_of_the_hosts_loopback_is_another_ones(cage: Cage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=2)"
        assert outside(program)
        cage.withstands(program)


def test_sockets_of_the_host_are_not_there(cage: Cage) -> None:
    abstract, named = f"\0swarm-{os.getpid()}", str(cage.folder / "socket")
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        one.bind(abstract)
        one.listen()
        two.bind(named)
        two.listen()
        for address in (abstract, named):
            program = f"socket.socket(socket.AF_UNIX).connect({address!r})"
            assert outside(program)
            cage.withstands(program)


def test_shared_memory_of_the_host_is_not_there(cage: Cage) -> None:
    libc = ctypes.CDLL(None)
    key = 0x51570000 + os.getpid() % 0xFFFF
    segment = libc.shmget(key, 4096, 0o1666)
    try:
        program = f"assert libc.shmget({key}, 0, 0) >= 0"
        assert outside(program)
        cage.withstands(program)
    finally:
        libc.shmctl(segment, 0, None)


# Room


def test_tmp_is_bounded(cage: Cage) -> None:
    for path in ("/tmp/big", "/dev/shm/big"):
        error = cage.withstands(f"open({path!r}, 'wb').write(bytes(17 << 20))")
        assert "No space left" in error
        cage.attack(f"os.unlink({path!r})")


def test_forged_marks_of_the_overlay_hide_and_show_nothing(tmp_path: Path) -> None:
    needs_namespaces()

    async def work() -> None:
        host = open_host(tmp_path / "scratch", "namespaces")
        base = a_base(tmp_path / "base", {"d/a": "1", "d/b": "2"})
        forge = (
            "import os\n"
            "for name, value in (('opaque', b'y'), ('redirect', b'/etc'), ('whiteout', b'y')):\n"
            "    try: os.setxattr('d', 'user.overlay.' + name, value)\n"
            "    except OSError: pass\n"
            "open('d/c', 'w')\n"
        )
        try:
            sandbox = await host.create(SandboxSpec(tmp_path / "repository"), base)
            await sandbox.exec(("/usr/bin/python3", "-c", forge))
            assert (await sandbox.diff()).paths == (b"d/c",)
        finally:
            await host.close()

    asyncio.run(work())
