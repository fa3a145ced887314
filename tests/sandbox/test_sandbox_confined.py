"""Mode `landlock`: what holds without any namespace, on kernels of every age that know Landlock."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import swarm
from swarm.domain.errors import Lacking
from swarm.sandbox.public_api import ExecResult, Sandbox
from tests.sandbox.conftest import Place, needs_namespaces

pytestmark = pytest.mark.thorough

CODE = str(Path(swarm.__path__[0]).parent)
PYTHON = "/usr/bin/python3"


def attack(place: Place, program: str) -> ExecResult:
    """Run it inside; it prints DONE when it got through."""
    whole = f"import ctypes, os, socket, sys\n{program}\nprint('DONE')"
    return place.run(lambda sandbox: sandbox.exec((PYTHON, "-c", whole)), {"a": "1\n"})


def outside(program: str) -> bool:
    whole = f"import ctypes, os, socket, sys\n{program}\nprint('DONE')"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, check=False)
    return b"DONE" in done.stdout


def test_socket_pairs_pipes_and_threads_go_on_working(confined: Place) -> None:
    program = "import subprocess, threading; a, b = socket.socketpair(); a.send(b'x'); b.recv(1)"
    program += "; threading.Thread(target=print).start(); subprocess.run(['true'], check=True)"
    assert b"DONE" in attack(confined, program).stdout


@pytest.mark.parametrize(
    "program",
    [
        "open('{folder}/secret').read()",
        "open('{folder}/secret', 'a')",
        "os.truncate('{folder}/secret', 0)",
        "os.listdir('{folder}')",
        "os.link('{folder}/secret', 'mine')",
        "os.rename('a', '{folder}/a')",
        "os.kill({pid}, 0)",
        "open('/proc/{pid}/environ').read()",
        "os.listdir('/proc/{pid}/fd')",
        "os.readlink('/proc/{pid}/cwd')",
        "assert ctypes.CDLL(None).ptrace(16, {pid}, 0, 0) == 0",
    ],
)
def test_what_is_outside_is_out_of_reach(confined: Place, program: str) -> None:
    (confined.folder / "secret").write_text("SECRET")
    (confined.folder / "secret").chmod(0o666)
    attacked = attack(confined, program.format(folder=confined.folder, pid=os.getpid()))
    assert b"DONE" not in attacked.stdout
    assert b"SyntaxError" not in attacked.stderr
    assert (confined.folder / "secret").read_text() == "SECRET"


@pytest.fixture
def listening(open_folder: Path) -> Iterator[list[object]]:
    """A port, a named and an abstract socket of the host."""
    abstract, named = f"\0swarm-{os.getpid()}", str(open_folder / "socket")
    with (
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as one,
        socket.socket(socket.AF_UNIX) as two,
    ):
        for each, at in ((one, abstract), (two, named)):
            each.bind(at)
            each.listen()
        Path(named).chmod(0o777)
        yield [port.getsockname(), abstract, named]


def test_no_socket_of_the_host_can_be_met(confined: Place, listening: list[object]) -> None:
    for address in listening:
        family = "AF_UNIX" if isinstance(address, str) else "AF_INET"
        program = f"socket.socket(socket.{family}).connect({address!r})"
        assert outside(program)
        assert b"DONE" not in attack(confined, program).stdout


@pytest.mark.parametrize(
    "program",
    [
        "socket.socket(type=socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "socket.socketpair(type=socket.SOCK_DGRAM)",
        "assert ctypes.CDLL(None).shmget(1, 4096, 0o1666) >= 0",
    ],
)
def test_nothing_that_the_host_shares_can_be_made(confined: Place, program: str) -> None:
    assert b"DONE" not in attack(confined, program).stdout


def test_the_server_cannot_be_ended_from_inside(confined: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        script = "kill -9 $PPID; kill -9 -1; kill -9 -$PPID; echo alive"
        assert (await sandbox.exec(("sh", "-c", script))).stdout == b"alive\n"
        assert (await sandbox.exec(("echo", "again"))).stdout == b"again\n"

    confined.run(work)


@pytest.mark.parametrize("known", [1, 2, 3, 4, 5, 6, 7])
def test_what_every_landlock_holds(open_folder: Path, known: int) -> None:
    (open_folder / "secret").write_text("SECRET")
    program = f"""if True:
        import os, sys
        from pathlib import Path
        from swarm.sandbox import confinement, landlock
        own = sys.argv[1] + "/own"
        os.mkdir(own)
        grants = [(own, "change"), *((each, "read") for each in ("/usr", "/lib", "/proc"))]
        confined = dict(abi={known}, needed=[], grants=grants, spared=[])
        confinement.enter(confined, os.getuid())
        Path(own, "file").write_text("1")
        os.rename(own + "/file", own + "/other")
        for attack in (
            lambda: open(sys.argv[1] + "/secret"),
            lambda: open(sys.argv[1] + "/secret", "a"),
            lambda: os.truncate(sys.argv[1] + "/secret", 0),
            lambda: os.unlink(sys.argv[1] + "/secret"),
            lambda: os.kill(os.getppid(), 0),
        ):
            try:
                attack()
            except PermissionError:
                continue
            raise SystemExit("got through")
        print("HELD")
    """
    argv = [sys.executable, "-B", "-c", program, str(open_folder)]
    done = subprocess.run(argv, env={"PYTHONPATH": CODE}, capture_output=True, check=False)
    assert done.stdout == b"HELD\n", done.stderr.decode()


DEFAULT_CONTAINER = """if True:
    import asyncio, sys
    from pathlib import Path
    from swarm.domain.errors import Lacking
    from swarm.sandbox import kernel, seccomp
    from swarm.testing.sandbox import a_sandbox

    async def main(folder):
        async with a_sandbox(folder, {"a": "1\\n"}, mode="landlock") as sandbox:
            await sandbox.exec(("sh", "-c", "echo 2 >> a"))
            assert (await sandbox.diff()).paths == (b"a",)
        try:
            async with a_sandbox(folder, {}, mode="namespaces"):
                pass
        except Lacking as error:
            print(error, error.advice, sep="; ")

    kernel.install_filter(seccomp.program())  # refuses what an engine's default profile does
    asyncio.run(main(Path(sys.argv[1])))
"""


def test_it_works_where_a_container_engine_refuses_namespaces(confined: Place) -> None:
    argv = [sys.executable, "-B", "-c", DEFAULT_CONTAINER, str(confined.folder)]
    done = subprocess.run(
        argv, env={"PYTHONPATH": CODE}, capture_output=True, text=True, check=False
    )
    assert "cannot make a sandbox: " in done.stdout, done.stderr
    assert "--security-opt seccomp=unconfined" in done.stdout


MASKED = """if True:
    import asyncio, sys
    from pathlib import Path
    from swarm.sandbox.public_api import probe_all
    from swarm.testing.sandbox import a_sandbox

    async def main(folder):
        async with a_sandbox(folder, {"a": "1\\n"}, mode="shared-proc") as sandbox:
            script = "echo 2 >> a; ls -d /proc/[0-9]* | wc -l; echo x > /proc/self/comm"
            seen = await sandbox.exec(("sh", "-c", f"{script}; cat /proc/{sys.argv[2]}/environ"))
            assert int(seen.stdout.split()[0]) > 3, seen
            assert b"CANARY" not in seen.stdout
            assert seen.returncode != 0
            assert (await sandbox.diff()).paths == (b"a",)

    asyncio.run(main(Path(sys.argv[1])))
    print(*(f"{each.mode}={each.works}" for each in probe_all(Path(sys.argv[1]) / "scratch", anew=True)))
"""


def test_where_proc_is_covered_only_the_walls_around_processes_are_lost(tmp_path: Path) -> None:
    needs_namespaces()
    if os.getuid() != 0:
        pytest.skip("only root can cover parts of /proc for a test")
    cover = 'mount --bind /dev/null /proc/keys && exec "$0" "$@"'
    argv = ["unshare", "-m", "sh", "-c", cover, sys.executable, "-B", "-c", MASKED, str(tmp_path)]
    done = subprocess.run(
        [*argv, str(os.getpid())],
        env={**os.environ, "PYTHONPATH": CODE, "CANARY": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "namespaces=False shared-proc=True" in done.stdout, done.stderr


def test_a_folder_that_is_closed_to_the_other_user_is_named(confined: Place) -> None:
    if os.getuid() != 0:
        pytest.skip("an ordinary user's commands run as that user")
    closed = confined.folder / "closed"
    closed.mkdir(0o700)
    with pytest.raises(Lacking) as caught:
        Place("landlock", closed).run(lambda sandbox: sandbox.exec(("true",)))
    assert f"chmod o+x {closed}" in caught.value.advice
