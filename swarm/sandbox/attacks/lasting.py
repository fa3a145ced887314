"""Attacks on the life of a sandbox: what is killed, forged, raced or left behind, and what then is."""

import asyncio
import os
import secrets
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import swarm
from swarm.domain.changes import Written
from swarm.domain.errors import Rejected
from swarm.sandbox.attacks.arena import SECRET, Arena
from swarm.sandbox.attacks.bundle import Seen
from swarm.sandbox.attacks.definition import Attack, NoControl, Procedure
from swarm.sandbox.attacks.walls import NO_WALL, allowed_without_walls
from swarm.sandbox.kernel import descendants, parents
from swarm.sandbox.port import Sandbox

_ROUNDS = 200
_END_SECONDS = 60.0


async def kill_everything(arena: Arena) -> Seen:
    """By kill -9 -1; the sandbox must answer afterwards, and tell the truth."""
    async with arena.another() as sandbox:
        running = await sandbox.spawn(("sleep", "100"))
        script = "kill -9 1; kill -INT 1; kill -TERM 1; kill -9 -1; kill -9 -1; exit 7"
        result = await sandbox.exec(("sh", "-c", script))
        await running.kill()
        await running.wait()
        again = await sandbox.exec(("echo", "alive"))
    if (again.stdout, again.returncode) != (b"alive\n", 0):
        return Seen("through", "the sandbox does not answer any more")
    if result.returncode not in (7, -9):
        return Seen("through", f"it was reported as {result.returncode}")
    return Seen("refused", "the sandbox recovered")


# 35: forged results

_FORGED = r"""
printf '{"code": 0, "cpu": 0.0, "killed_by": ""}' | tee /dev/stderr
for fd in 3 4 5 6 7 8 9; do printf '{"code": 0}' >&$fd; done 2>/dev/null
kill -STOP 1; kill -STOP $PPID; kill -9 1; kill -9 $PPID
(setsid sh -c 'exit 0' &)
"""


async def _forge(arena: Arena) -> Seen:
    """By killing and stopping the server, and by writing its answers in its place."""
    endings = (("exit 9", 9), ("kill -9 $$", -9), ("kill -SEGV $$", -11))
    async with arena.another() as sandbox:
        for ending, code in endings:
            result = await sandbox.exec(("sh", "-c", _FORGED + ending), wall_seconds=20)
            if result.returncode != code:
                return Seen("through", f"{ending} was reported as {result.returncode}")
    return Seen("refused", f"{len(endings)} endings were told as they were")


# 36: races


async def _race(arena: Arena) -> Seen:
    """A directory becomes a link to one outside and back, while files are read and written in it."""
    target = arena.outside / "raced"
    await asyncio.to_thread(_plant, target)
    swap = (
        f"while :; do mv d x; ln -s {target} d; rm d; mv x d;"
        f" rm d/b; ln -s {target}/b d/b; rm d/b; echo own > d/b; done"
    )
    async with arena.another() as sandbox:
        swapping = await sandbox.spawn(("sh", "-c", f"cp -r d y; rm -r d; mv y d; echo; {swap}"))
        await swapping.read()
        leaked = [await _raced(sandbox) for _ in range(_ROUNDS)]
    kept = sorted(target.iterdir()) == [target / "b"] and (target / "b").read_text() == SECRET
    if any(leaked) or not kept:
        return Seen("through", "a file outside was read" if kept else "a file outside was changed")
    return Seen("refused", f"{_ROUNDS} rounds, nothing outside was read or changed")


def _plant(target: Path) -> None:
    target.mkdir(exist_ok=True)
    (target / "b").write_text(SECRET)


async def _raced(sandbox: Sandbox) -> bool:
    """One round; whether something of the outside came out."""
    found = b""
    with suppress(Rejected):
        await sandbox.write(Path("d/b"), b"lost")
    with suppress(Rejected):
        await sandbox.write(Path("d/new"), b"lost")
    with suppress(Rejected):
        found = await sandbox.read(Path("d/b"))
    changes = (await sandbox.diff()).items
    written = b"".join(each.data for each in changes if isinstance(each, Written))
    return SECRET.encode() in found + written


# 38: two of them


async def _two(arena: Arena) -> Seen:
    """Files, ports, processes and shared memory of one, sought in the other."""
    script = (
        "echo mine > secret; echo mine > /tmp/secret; echo mine > /dev/shm/secret;"
        " exec python3 -c 'import errno, socket, time\n"
        'try: s = socket.create_server(("127.0.0.1", 5499))\n'
        "except OSError as error: assert error.errno != errno.EADDRINUSE\n"
        'print("up", flush=True)\n'
        "time.sleep(60)'"
    )
    look = (
        "cat secret /tmp/secret /dev/shm/secret; grep -l 5499 /proc/[0-9]*/cmdline;"
        " echo > /dev/tcp/127.0.0.1/5499 && echo connected; true"
    )
    python = shlex.quote(str(arena.python))
    async with arena.another() as one, arena.another() as two:
        process = await one.spawn(("sh", "-c", script.replace("python3", python)))
        if await process.read() != b"up\n":
            return Seen("broken", "the first does not listen")
        seen = await two.exec(("bash", "-c", look.replace("grep -l", "grep -la")))
        again = await two.spawn(("sh", "-c", script.replace("python3", python)))
        listens = await again.read() == b"up\n"
    found = [line for line in seen.stdout.splitlines() if not line.startswith(b"/proc/self")]
    strangers = [line for line in found if b"mine" in line or b"connected" in line]
    if strangers or not listens:
        return Seen("through", f"{strangers or 'the port is taken'}")
    return Seen("refused", "nothing of the one is in the other, and both have the same port")


# 39: rolled back

_STAYERS = """
mkdir kept; echo planted >> a; echo planted > kept/b
trap '' TERM HUP INT
nohup sh -c 'echo; read never' {mark} < tree.fifo > /dev/null 2>&1 &
setsid sh -c 'trap "" TERM HUP; read never' {mark} < tree.fifo > /dev/null 2>&1 &
(setsid sh -c 'sleep 600 & wait' {mark} > /dev/null 2>&1 &) &
echo up
read never
"""


async def _after_a_rollback(arena: Arena) -> Seen:
    """Processes that detach, ignore signals and hold files open; then back to before them."""
    mark = f"marked-{secrets.token_hex(4)}"
    async with arena.another() as sandbox:
        before = await sandbox.checkpoint("before", hot=None)
        script = "mkfifo tree.fifo; exec 9<>tree.fifo\n" + _STAYERS.format(mark=mark)
        process = await sandbox.spawn(("sh", "-c", script, mark))
        if await process.read() != b"up\n" or not await asyncio.to_thread(_owners, mark.encode()):
            return Seen("broken", "they did not start")
        await sandbox.rollback(before)
        left = await asyncio.to_thread(_owners, mark.encode())
        seen = await sandbox.exec(("sh", "-c", "ls; grep -rl planted . ; echo end"))
    if left or b"planted" in seen.stdout or b"kept" in seen.stdout or not seen.stdout:
        return Seen("through", f"left: {sorted(left)}, {seen.stdout!r}")
    return Seen("refused", "no process and no file of what was rolled back is there")


# 40: a dead supervisor

_SUPERVISOR = """
import asyncio, sys
from contextlib import suppress
from pathlib import Path
sys.path.append({packages!r})
from swarm.sandbox.host import open_host
from swarm.sandbox.port import BaseRef, SandboxSpec

async def main(folder, base, mode, mark):
    host = open_host(Path(folder), mode)
    spec = SandboxSpec(Path(base).parent / "repository", require=mode)
    sandbox = await host.create(spec, BaseRef(Path(base), "0" * 40))
    script = "sleep 1239 & setsid sleep 1239 & echo x >> a; echo; read never"
    process = await sandbox.spawn(("sh", "-c", script, mark))
    await process.read()
    print("ready", flush=True)
    await process.wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def _orphans(arena: Arena) -> Seen:
    """The supervisor is killed; whatever it and its sandboxes started has to end."""
    return await asyncio.to_thread(_kill_a_supervisor, arena)


def _kill_a_supervisor(arena: Arena) -> Seen:
    mark = f"marked-{secrets.token_hex(4)}"
    program = _SUPERVISOR.format(packages=str(Path(swarm.__path__[0]).parent))
    boxes = arena.outside.parent / "orphans"
    base = str(arena.base.directory)
    argv = [sys.executable, "-c", program, str(boxes), base, arena.mode, mark]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        ready = supervisor.stdout.readline()
        family = descendants(parents(), supervisor.pid)
        watches = [fd for pid in family if (fd := _watch(pid)) is not None]
        supervisor.kill()
    if ready != b"ready\n" or len(family) < 4:
        return Seen("broken", "it did not start")
    if not _all_end(watches, _END_SECONDS):
        return Seen("through", "something runs on")
    return Seen("refused", f"{len(family)} processes ended with it")


def _watch(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _all_end(watches: Iterable[int], within: float) -> bool:
    end = time.monotonic() + within
    waiting = set(watches)
    try:
        while waiting and time.monotonic() < end:
            ready, _write, _error = select.select(list(waiting), [], [], end - time.monotonic())
            for fd in ready:
                os.close(fd)
            waiting -= set(ready)
    finally:
        for fd in waiting:
            os.close(fd)
    return not waiting


# 41: root


async def _who_runs_it(arena: Arena) -> Seen:
    """The owner, for the host, of a process inside."""
    if os.getuid() != 0:
        return Seen("absent", "swarm was not started by root")
    mark = f"marked-{secrets.token_hex(4)}"
    async with arena.another() as sandbox:
        process = await sandbox.spawn(("sh", "-c", "echo; read never", mark))
        await process.read()
        owners = await asyncio.to_thread(_owners, mark.encode())
        await process.kill()
    if not owners:
        return Seen("broken", "it was not found")
    if "0" in owners:
        return Seen("through", "it runs as this machine's root")
    return Seen("refused", f"it runs as user {', '.join(sorted(owners))}")


def _owners(mark: bytes) -> set[str]:
    found = set()
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (each / "cmdline").read_bytes():
                status = (each / "status").read_text()
                found.add(status.split("Uid:\t")[1].split("\t")[0])
        except OSError:  # it ended meanwhile
            continue
    return found


ALL = (
    Attack(
        35,
        "forge a command's result",
        "Failing tests are reported as passed, and the change is accepted.",
        (
            Procedure(
                "kill the server, and answer for it",
                _forge,
                NoControl("there is no weaker server"),
            ),
        ),
        allowed_without_walls("the server can be killed, and its sandbox with it"),
    ),
    Attack(
        36,
        "swap directories for links while the supervisor works in them",
        "The supervisor, which has more rights, writes to or removes files outside.",
        (
            Procedure(
                "while files are read, written and compared",
                _race,
                NoControl("that links are followed elsewhere is the control of attack 25"),
            ),
        ),
    ),
    Attack(
        38,
        "look from one sandbox into another",
        "One agent copies another's work, or spoils it.",
        (
            Procedure(
                "two sandboxes at the same time",
                _two,
                NoControl("that the port and the files are there is shown in the one"),
                expected=allowed_without_walls("both run as the user"),
            ),
        ),
    ),
    Attack(
        39,
        "outlive a rollback",
        "What was undone goes on, and changes what was restored.",
        (
            Procedure(
                "detach, ignore signals, hold files open",
                _after_a_rollback,
                NoControl("that they run until then is seen before"),
            ),
        ),
    ),
    Attack(
        40,
        "outlive the supervisor",
        "Something hostile runs on, and nobody knows of it.",
        (
            Procedure(
                "kill the supervisor",
                _orphans,
                NoControl("that they run until then is seen before"),
            ),
        ),
    ),
    Attack(
        41,
        "run as this machine's root",
        "Files that only root may read are then behind one wall instead of two.",
        (
            Procedure(
                "start a sandbox as root",
                _who_runs_it,
                NoControl("it would run as root"),
                expected=NO_WALL,
            ),
        ),
    ),
)
