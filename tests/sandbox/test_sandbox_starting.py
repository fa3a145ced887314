"""How commands are started: in a child that borrows memory when nothing else runs, else forked."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.sandbox import starting
from swarm.sandbox.chain import Call, Chain
from swarm.sandbox.public_api import Sandbox
from tests.sandbox.conftest import Place

LIMITS = {"cpu": 7, "file": 1 << 20, "files": 64, "core": 0}


@pytest.fixture
def chain() -> Chain:
    try:
        return Chain(starting.CALLS)
    except OSError:
        pytest.skip("this C library has no contexts")


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def program(path: str, *words: str) -> tuple[list[Call], object]:
    """The last two calls of a chain, and what has to be held until they were made."""
    argv = (ctypes.c_char_p * (len(words) + 2))(path.encode(), *map(os.fsencode, words), None)
    env = (ctypes.c_char_p * 1)(None)
    name = ctypes.create_string_buffer(path.encode())
    addresses = (ctypes.addressof(name), ctypes.addressof(argv), ctypes.addressof(env))
    return [("execve", addresses), ("_exit", (127,))], (argv, env, name)


def test_the_calls_of_a_chain_are_made_in_their_order(chain: Chain) -> None:
    last, _held = program("/bin/sh", "-c", "exit $(umask | tr -d 0)")
    assert ended(chain.run([("umask", (0o02,)), ("umask", (0o07,)), *last])) == 7
    assert ctypes.get_errno() == 0


def test_a_chain_changes_nothing_of_who_runs_it(chain: Chain, tmp_path: Path) -> None:
    last, _held = program("/bin/true")
    before = (os.getsid(0), Path("/proc/self/limits").read_text())
    rows = [("setsid", ()), ("close", (1,)), ("umask", (0o77,)), *last]
    for _ in range(20):
        assert ended(chain.run(rows)) == 0
    assert (os.getsid(0), Path("/proc/self/limits").read_text()) == before
    assert os.umask(0o22) == 0o22
    os.fstat(1)


def test_a_chain_is_used_again_with_other_calls_and_arguments(chain: Chain) -> None:
    for mask in (0o01, 0o05, 0o05, 0o03):
        last, _held = program("/bin/sh", "-c", "exit $(umask | tr -d 0)")
        assert ended(chain.run([("umask", (mask,)), *last])) == mask
        last, _held = program("/nowhere")
        assert ended(chain.run([("umask", (0o02,)), ("umask", (mask,)), *last])) == 127


def test_a_call_of_a_chain_that_fails_is_known_by_its_error(chain: Chain) -> None:
    last, _held = program("/nowhere")
    assert ended(chain.run(last)) == 127
    assert ctypes.get_errno() == 2


def test_who_has_rehearsed_starts_commands_as_ever_and_has_no_child_left(tmp_path: Path) -> None:
    order = {"argv": ["./run"], "cwd": str(tmp_path), "env": {}, "limits": LIMITS}
    (tmp_path / "run").write_text("#!/bin/sh\nulimit -t; ulimit -n\n")
    (tmp_path / "run").chmod(0o755)
    script = (
        "import os\n"
        "from swarm.sandbox import server, starting\n"
        "chain = server.rehearsed()\n"
        "assert chain is not None and not server._has_children()\n"
        f"pid = starting.start({order!r}, [0, 1, 2], chain)\n"
        "os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"7\n64\n", b"")


@pytest.mark.parametrize("argv", [["true"], ["/usr/bin/env", "true"], ["./run", "x"]])
def test_an_ordinary_command_is_started_without_a_fork(tmp_path: Path, argv: list[str]) -> None:
    (tmp_path / "run").write_text('#!/bin/sh\ntest "$1" = x\n')
    (tmp_path / "run").chmod(0o755)
    order = {"argv": argv, "cwd": str(tmp_path), "env": {"PATH": "/bin"}, "limits": LIMITS}
    script = (
        "import os, sys\n"
        "from swarm.sandbox import starting\n"
        "from swarm.sandbox.chain import Chain\n"
        "sys.addaudithook(lambda name, _: print(name) if name == 'os.fork' else None)\n"
        f"pid = starting.start({order!r}, [0, 1, 2], Chain(starting.CALLS))\n"
        "print(os.waitpid(pid, 0)[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"0\n", b"")


ODD: list[tuple[list[str], dict[str, str], int, str]] = [
    (["nowhere"], {}, 127, "nowhere: No such file or directory\n"),
    (["./text"], {}, 127, "./text: Exec format error\n"),
    (["./closed"], {}, 127, "./closed: Permission denied\n"),
    (["true", "a\0b"], {}, 127, "embedded null byte\n"),
    (["true"], {"a=b": "c"}, 127, "illegal environment variable name\n"),
    (["sh", "-c", "exit 3"], {}, 3, ""),
]


@pytest.mark.parametrize(("argv", "env", "code", "told"), ODD)
def test_what_cannot_be_started_says_why(
    isolated: Place, argv: list[str], env: dict[str, str], code: int, told: str
) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("text"), b"\0\0", executable=True)
        await sandbox.write(Path("closed"), b"#!/bin/sh\n")
        for _again in range(2):
            result = await sandbox.exec(tuple(argv), env=env)
            assert (result.returncode, result.stderr.decode()) == (code, told)

    isolated.run(work)


def test_a_command_is_the_same_beside_another_and_alone(isolated: Place) -> None:
    """One borrows memory, the other is forked."""
    look = (
        "ulimit -a; ulimit -H -a; umask; pwd; env | sort; grep Sig /proc/self/status;"
        "ls /proc/self/fd; test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo leads"
    )

    async def work(sandbox: Sandbox) -> None:
        alone = await sandbox.exec(("sh", "-c", look))
        await sandbox.spawn(("sleep", "1000"))
        beside = await sandbox.exec(("sh", "-c", look))
        assert alone.stdout == beside.stdout
        assert alone.stdout.endswith(b"leads\n")
        assert b"SigBlk:\t0000000000000000\n" in alone.stdout
        assert (alone.stderr, beside.stderr) == (b"", b"")

    isolated.run(work)
