"""Commands in sandboxes of both modes: what they see, how they end, and that they end."""

import asyncio
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from swarm.domain.errors import Rejected
from swarm.sandbox.kernel import descendants, parents
from swarm.sandbox.public_api import ExecResult, Limits, Sandbox
from tests.sandbox.conftest import Place

NAP = f"sleep {100_000 + os.getpid()}"
"""Where a sandbox sees all processes of the machine, nobody else rests as long as this."""


def shell(place: Place, script: str, limits: Limits | None = None) -> ExecResult:
    return place.run(lambda sandbox: sandbox.exec(("sh", "-c", script)), {"a": "1\n"}, limits)


def test_a_command_runs_in_the_tree(place: Place) -> None:
    result = shell(place, "cat a && pwd")
    assert result.returncode == 0
    assert result.stdout.startswith(b"1\n/")
    assert result.killed_by == ""
    assert not result.truncated


def test_a_command_runs_at_the_root_that_the_sandbox_names(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        result = await sandbox.exec(("pwd",))
        assert result.stdout == os.fsencode(sandbox.root) + b"\n"

    place.run(work)


def test_output_errors_and_exit_code_come_back(place: Place) -> None:
    result = shell(place, "echo out; echo err >&2; exit 3")
    assert (result.returncode, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_a_missing_program_is_the_shells_127(place: Place) -> None:
    result = place.run(lambda sandbox: sandbox.exec(("no-such-program",)))
    assert result.returncode == 127
    assert b"No such file" in result.stderr


def test_a_missing_directory_is_told(place: Place) -> None:
    result = place.run(lambda sandbox: sandbox.exec(("true",), cwd=Path("nowhere")))
    assert result.returncode == 127
    assert b"nowhere" in result.stderr


def test_a_signals_number_is_the_negative_code(place: Place) -> None:
    result = shell(place, "kill -SEGV $$")
    assert (result.returncode, result.killed_by) == (-signal.SIGSEGV, "signal")


def test_a_megabyte_goes_in_and_comes_out(place: Place) -> None:
    data = bytes(range(256)) * 4096
    limits = Limits(output_bytes=2 << 20)
    result = place.run(lambda sandbox: sandbox.exec(("cat",), stdin=data), limits=limits)
    assert result.stdout == data


def test_many_long_arguments_arrive(place: Place) -> None:
    argv = ("echo", "-n", *(["x" * 1000] * 200))
    result = place.run(lambda sandbox: sandbox.exec(argv))
    assert len(result.stdout) == 200 * 1001 - 1


def test_only_the_named_variables_are_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    result = place.run(lambda sandbox: sandbox.exec(("env",), env={"MINE": "1"}))
    names = {line.split(b"=")[0] for line in result.stdout.splitlines()}
    own = {b"TMPDIR"} if place.mode == "landlock" else set()  # it has no /tmp of its own
    assert names == {b"PATH", b"HOME", b"LANG", b"MINE"} | own


def test_a_relative_working_directory_is_below_the_root(place: Place) -> None:
    result = place.run(
        lambda sandbox: sandbox.exec(("cat", "file"), cwd=Path("sub")), {"sub/file": "yes"}
    )
    assert result.stdout == b"yes"


def test_the_clock_ends_a_command_and_all_it_started(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        script = f"{NAP} & setsid {NAP} & {NAP}"
        result = await sandbox.exec(("sh", "-c", script), wall_seconds=0.3)
        assert (result.returncode, result.killed_by) == (-signal.SIGKILL, "time")
        assert await _running(sandbox, NAP) == []

    place.run(work)


def test_spent_processor_time_ends_a_command(place: Place) -> None:
    result = shell(place, "while :; do :; done", Limits(cpu_seconds=1, wall_seconds=120))
    assert result.killed_by == "cpu"
    assert 0.5 < result.cpu_seconds < 5


def grow(megabytes: int, then: str) -> str:
    """A script that takes so much memory, says so, and then does that."""
    return (
        f'awk \'BEGIN {{ s = "x"; while (length(s) < {megabytes * 1_000_000}) s = s s;'
        f' print "grown"; fflush(); {then} }}\''
    )


def test_the_memory_of_one_process_is_bounded(place: Place) -> None:
    assert b"grown" in shell(place, grow(100, ""), Limits(memory_bytes=1 << 30)).stdout
    limits = Limits(memory_bytes=100 << 20, wall_seconds=100)
    result = shell(place, grow(100, 'system("sleep 120")'), limits)
    assert result.returncode != 0
    assert result.killed_by in ("memory", "")  # ended for it, or refused what it asked for


def test_the_memory_of_many_processes_is_bounded(place: Place) -> None:
    each = grow(30, 'system("sleep 120")')
    limits = Limits(memory_bytes=150 << 20, wall_seconds=100)
    result = shell(place, " & ".join([each] * 6) + " & wait", limits)
    assert result.killed_by == "memory"


def test_a_file_cannot_grow_past_its_limit(place: Place) -> None:
    result = shell(place, "exec head -c 3000000 /dev/zero > big", Limits(file_bytes=1 << 20))
    assert (result.returncode, result.killed_by) == (-signal.SIGXFSZ, "disk")


def test_the_first_and_the_last_of_much_output_are_kept(place: Place) -> None:
    script = "echo first; head -c 1000000 /dev/zero; echo last"
    result = shell(place, script, Limits(output_bytes=1000))
    assert result.truncated
    assert result.stdout.startswith(b"first\n")
    assert result.stdout.endswith(b"last\n")
    assert len(result.stdout) < 1100


def test_endless_output_is_ended(place: Place) -> None:
    result = shell(place, "exec yes", Limits(output_bytes=10_000, wall_seconds=120))
    assert result.killed_by == "output"


def test_a_daemon_does_not_outlive_its_command(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        daemon = f"(setsid sh -c '{NAP} & {NAP}' >/dev/null 2>&1 &) ; echo done"
        result = await sandbox.exec(("sh", "-c", daemon))
        assert result.stdout == b"done\n"
        assert await _running(sandbox, NAP) == []

    place.run(work)


def test_what_runs_on_survives_the_end_of_another_command(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        echo = await sandbox.spawn(("cat",))
        await sandbox.exec(("sh", "-c", f"setsid {NAP} & exit 0"))
        assert await _running(sandbox, NAP) == []
        await echo.write(b"still here")
        assert await echo.read() == b"still here"
        await echo.kill()
        assert await echo.wait() == -signal.SIGKILL

    place.run(work)


def test_a_running_commands_output_ends_when_it_does(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        process = await sandbox.spawn(("sh", "-c", "echo one; exit 5"))
        assert process.pid > 0
        assert await process.read() == b"one\n"
        assert await process.read() == b""
        assert await process.wait() == 5
        with pytest.raises(Rejected):
            await process.write(b"late")

    place.run(work)


def test_commands_run_beside_each_other(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(sandbox.exec(("sh", "-c", f"echo {n}; exit {n}")))
                for n in range(8)
            ]
        assert [task.result().returncode for task in tasks] == list(range(8))
        assert [int(task.result().stdout) for task in tasks] == list(range(8))

    place.run(work)


def test_a_cancelled_command_is_killed(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await sandbox.exec(tuple(NAP.split()))
        await sandbox.exec(("true",))
        assert await _running(sandbox, NAP) == []

    place.run(work)


@pytest.mark.thorough
def test_a_frozen_sandbox_stands_still_and_its_clock_with_it(place: Place) -> None:
    """Frozen in the first half of its time, it has the second half left: on a busy machine that takes
    a command with more time.
    """

    async def in_half_its_time(sandbox: Sandbox, seconds: float) -> bool:
        busy, begun = "while :; do echo >> count; done", time.monotonic()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(sandbox.exec(("sh", "-c", busy), wall_seconds=seconds))
            await _until_readable(sandbox, Path("count"))
            await sandbox.freeze()
            if time.monotonic() - begun > seconds / 2:
                await sandbox.thaw()
                return False
            seen = {len(await sandbox.read(Path("count"))) for _ in range(20)}
            done, _waiting = await asyncio.wait([task], timeout=seconds + 0.3)
            assert not done
            await sandbox.thaw()
        assert len(seen) == 1
        assert task.result().killed_by == "time"
        assert len(await sandbox.read(Path("count"))) > max(seen)
        return True

    async def work(sandbox: Sandbox) -> None:
        for seconds in (1.0, 8.0, 64.0):
            if await in_half_its_time(sandbox, seconds):
                return
            await sandbox.exec(("rm", "count"))
        pytest.fail("no command was frozen within 32 s")

    place.run(work)


def test_killing_everything_within_reach_leaves_a_working_sandbox(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        result = await sandbox.exec(("sh", "-c", "kill -9 1; kill -INT 1; kill -9 -1; echo alive"))
        assert result.returncode == 0
        assert (await sandbox.exec(("echo", "again"))).stdout == b"again\n"

    isolated.run(work)


def test_a_fork_bomb_is_bounded_and_leaves_nothing(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        bomb = "f() { f & f & wait; }; f"
        await sandbox.exec(("sh", "-c", bomb), wall_seconds=2)
        result = await sandbox.exec(("sh", "-c", "ls -d /proc/[0-9]* | wc -l"))
        assert int(result.stdout) <= 4

    isolated.run(work, limits=Limits(processes=64, output_bytes=10_000))


async def _running(sandbox: Sandbox, command: str) -> list[str]:
    """Processes of that command line that the sandbox's processes can see."""
    script = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; true"
    result = await sandbox.exec(("sh", "-c", script))
    return [command] if f"{command} " in result.stdout.decode(errors="replace") else []


async def _until_readable(sandbox: Sandbox, path: Path) -> None:
    while True:
        try:
            if await sandbox.read(path):
                return
        except Rejected:
            await asyncio.sleep(0)


FREEZER = Path("/sys/fs/cgroup/freezer")


@contextmanager
def cold() -> Iterator[Path]:
    """A group whose processes do nothing while it is frozen: not even die, or stop."""
    if not os.access(FREEZER, os.W_OK):
        pytest.skip(
            "nothing here keeps a process from what a signal tells it: no freezer of version 1"
        )
    folder = FREEZER / f"swarm-test-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        folder.rmdir()


def into(cold: Path, marked: str) -> None:
    """Freeze the one process that is called so. Right after its fork it is not yet."""
    while not (found := [e for e in descendants(parents(), os.getpid()) if is_called(e, marked)]):
        select.select([], [], [], 0.01)
    (pid,) = found
    (cold / "tasks").write_text(str(pid))
    (cold / "freezer.state").write_text("FROZEN")


def thawed(cold: Path) -> None:
    """After a while."""
    select.select([], [], [], 3.0)
    (cold / "freezer.state").write_text("THAWED")


@pytest.mark.thorough
def test_who_takes_long_to_die_costs_no_other_command_its_life(isolated: Place) -> None:
    """A frozen process stands for one that gets no processor: killed, it dies when it is thawed."""

    async def work(sandbox: Sandbox) -> None:
        other = await sandbox.spawn(("sleep", "1000"))
        ending = await sandbox.spawn(("sh", "-c", "sleep 54321 & echo; read line"))
        await ending.read()
        await asyncio.to_thread(into, group, "54321")
        await ending.write(b"\n")
        await asyncio.to_thread(thawed, group)
        assert await ending.wait() == 0
        assert (await sandbox.exec(("sh", "-c", f"kill -0 {other.pid}"))).returncode == 0

    with cold() as group:
        isolated.run(work)


@pytest.mark.thorough
def test_who_takes_long_to_stop_is_waited_for(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.spawn(("sleep", "54321"))
        await asyncio.to_thread(into, group, "54321")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.to_thread(thawed, group))
            await sandbox.freeze()
        await sandbox.thaw()

    with cold() as group:
        isolated.run(work)


def is_called(pid: int, word: str) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return word.encode() in words
