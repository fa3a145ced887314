"""How sandboxes end: when they are told to, and when whoever made them dies."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import swarm
from swarm.domain.errors import Rejected
from swarm.sandbox.kernel import descendants, parents
from swarm.sandbox.public_api import (
    Sandbox,
    SandboxSpec,
    leftovers,
    open_host,
    remove_leftovers,
)
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import Place

pytestmark = pytest.mark.thorough

SUPERVISOR = """
    import asyncio, sys
    from pathlib import Path
    from swarm.testing.sandbox import a_sandbox

    async def main(folder, mode, mark, script):
        async with a_sandbox(folder, {"a": "1"}, mode=mode) as sandbox:
            process = await sandbox.spawn(("sh", "-c", script, mark))
            await process.read()
            print("ready", flush=True)
            await process.wait()

    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
"""
IDLE = "sleep 1000 & setsid sleep 1000 & echo x >> a; echo; read never"
BUSY = """
    write() { while :; do mkdir -p d/e/$1; touch d/e/$1/$i; rm -rf d/e/$1; i=$((i+1)); done; }
    write 1 & write 2 & write 3 & echo; read never
"""


class Supervisor:
    """A process of its own with a sandbox in which a marked command runs."""

    def __init__(self, place: Place, script: str = IDLE) -> None:
        self.mark = f"marked-{os.getpid()}-{place.folder.name}"
        argv = [sys.executable, "-c", textwrap.dedent(SUPERVISOR)]
        self.process = subprocess.Popen(
            [*argv, str(place.folder), place.mode, self.mark, script],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(swarm.__path__[0]).parent)},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def family(self) -> set[int]:
        """The marked command, all around it, and our zygote."""
        return descendants(parents(), self.process.pid) - {self.process.pid}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def supervisor(place: Place) -> Iterator[Supervisor]:
    made = Supervisor(place)
    yield made
    made.end()


def test_nothing_outlives_a_killed_supervisor(supervisor: Supervisor) -> None:
    family = supervisor.family()
    assert any(_has(pid, supervisor.mark) for pid in family)
    assert len(family) >= 5
    watches = [fd for pid in family if (fd := _watch(pid)) is not None]
    supervisor.process.kill()
    supervisor.process.wait()
    assert _all_end(watches, within=120)


def test_what_a_killed_supervisor_left_is_found_and_removed(
    place: Place, supervisor: Supervisor
) -> None:
    scratch = place.folder / "scratch"
    assert leftovers(scratch) == ()
    watches = [fd for pid in supervisor.family() if (fd := _watch(pid)) is not None]
    supervisor.process.kill()
    supervisor.process.wait()
    assert _all_end(watches, within=120)
    (found,) = leftovers(scratch)
    assert found.bytes > 0
    assert remove_leftovers(scratch) == (found,)
    assert list(scratch.iterdir()) == []


def test_what_is_left_is_removed_from_under_those_who_still_write_to_it(place: Place) -> None:
    for _time in range(3):
        Supervisor(place, BUSY).end()
        remove_leftovers(place.folder / "scratch")
        assert list((place.folder / "scratch").iterdir()) == []


def test_a_sandbox_dies_with_its_zygote_and_the_next_has_another(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        (zygote,) = (
            pid
            for pid, parent in parents().items()
            if _has(pid, "swarm.sandbox.zygote") and parent == os.getpid()
        )
        watches = [
            fd
            for pid in descendants(parents(), zygote) | {zygote}
            if (fd := _watch(pid)) is not None
        ]
        os.kill(zygote, signal.SIGKILL)
        assert await asyncio.to_thread(_all_end, watches, 120)
        with pytest.raises(Rejected):
            await sandbox.exec(("true",))

    place.run(work)


def test_a_host_goes_on_after_its_zygote_died(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        spec = SandboxSpec(place.folder / "r", require=place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        try:
            await host.create(spec, base)
            for pid, parent in parents().items():
                if _has(pid, "swarm.sandbox.zygote") and parent == os.getpid():
                    watch = _watch(pid)
                    os.kill(pid, signal.SIGKILL)
                    assert watch is not None
                    assert await asyncio.to_thread(_all_end, [watch], 120)
            again = await host.create(spec, base)
            assert (await again.exec(("cat", "a"))).stdout == b"1"
        finally:
            await host.close()

    asyncio.run(main())


def test_a_destroyed_sandbox_leaves_nothing(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        script = "mkdir -p x/y; chmod 000 x; i=0; while [ $i -lt 300 ]; do mkdir d && cd d; i=$((i+1)); done"
        await sandbox.exec(("sh", "-c", script))
        running = await sandbox.spawn(("sleep", "1000"))
        await sandbox.destroy()
        await sandbox.destroy()
        with pytest.raises(Rejected):
            await sandbox.exec(("true",))
        assert await running.read() == b""
        (host,) = (place.folder / "scratch").glob("host-*[!k]")
        assert {each.name for each in host.iterdir()} == {"place", "zygote.log"}
        assert (host / "zygote.log").read_text() == ""

    place.run(work)
    assert list((place.folder / "scratch").iterdir()) == []


def test_two_sandboxes_do_not_see_each_other(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        spec = SandboxSpec(place.folder / "r", require=place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        try:
            one, two = await host.create(spec, base), await host.create(spec, base)
            assert one.id != two.id
            await one.exec(("sh", "-c", "echo x > new; rm a"))
            assert (await two.exec(("ls",))).stdout == b"a\n"
            assert not await two.diff()
            assert (await one.diff()).paths == (b"a", b"new")
        finally:
            await host.close()

    asyncio.run(main())


def test_what_was_prepared_is_handed_out_once_and_to_nobody_else(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        spec = SandboxSpec(place.folder / "r", require=place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        try:
            await host.prepare(spec, base, 2)
            other = SandboxSpec(place.folder / "other", require=place.mode)
            made = [await host.create(each, base) for each in (other, spec, spec, spec)]
            assert len({each.id for each in made}) == 4
            assert [int(each.id.rpartition("-")[2]) for each in made] == [3, 2, 1, 4]
            assert [each.spec for each in made] == [other, spec, spec, spec]
            for each in made:
                await each.exec(("sh", "-c", "cat a; echo 2 >> a"))
                assert (await each.exec(("cat", "a"))).stdout == b"12\n"
        finally:
            await host.close()

    asyncio.run(main())
    assert list((place.folder / "scratch").iterdir()) == []


def test_what_is_ready_already_is_not_made_again_and_forgotten_ones_end(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        specs = [SandboxSpec(place.folder / f"r{n}", require=place.mode) for n in range(5)]
        try:
            for _ in range(2):
                await host.prepare(specs[0], base)
            for each in specs:
                await host.prepare(each, base)
            (folder,) = (place.folder / "scratch").glob("host-*[!k]")
            made = sorted(int(each.name.rpartition("-")[2]) for each in folder.glob("*-*"))
            assert made == [2, 3, 4, 5]
        finally:
            await host.close()

    asyncio.run(main())


def killed(processes: set[int]) -> None:
    """Return when they are dead. Some may be just about to end."""
    for each in processes:
        with suppress(ProcessLookupError):
            ended = os.pidfd_open(each)
            os.kill(each, signal.SIGKILL)
            select.select([ended], [], [])
            os.close(ended)


def test_one_that_died_while_it_waited_is_not_handed_out(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        spec = SandboxSpec(place.folder / "r", require=place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        try:
            await host.prepare(spec, base)
            (zygote,) = descendants(direct := parents(), os.getpid()) & set(direct.values())
            await asyncio.to_thread(killed, descendants(direct, zygote))
            sandbox = await host.create(spec, base)
            assert (await sandbox.exec(("cat", "a"))).stdout == b"1"
        finally:
            await host.close()

    asyncio.run(main())


def test_a_host_that_made_nothing_starts_and_leaves_nothing(tmp_path: Path) -> None:
    host = open_host(tmp_path / "scratch", "namespaces")
    asyncio.run(host.close())
    assert not (tmp_path / "scratch").exists()


def test_a_creation_that_is_given_up_does_no_harm(place: Place) -> None:
    async def main() -> None:
        host = open_host(place.folder / "scratch", place.mode)
        spec = SandboxSpec(place.folder / "r", require=place.mode)
        base = a_base(place.folder / "base", {"a": "1"})
        try:
            kept = await host.create(spec, base)
            for milliseconds in range(1, 16, 2):
                with suppress(TimeoutError):
                    async with asyncio.timeout(milliseconds / 1000):
                        await (await host.create(spec, base)).destroy()
            assert (await kept.exec(("cat", "a"))).stdout == b"1"
            await host.create(spec, base)
        finally:
            await host.close()

    asyncio.run(main())
    assert list((place.folder / "scratch").iterdir()) == []


def test_a_sandbox_works_under_one_event_loop_after_the_other(place: Place) -> None:
    host = open_host(place.folder / "scratch", place.mode)
    spec = SandboxSpec(place.folder / "r", require=place.mode)
    sandbox = asyncio.run(host.create(spec, a_base(place.folder / "base", {"a": "1"})))
    assert asyncio.run(sandbox.exec(("cat", "a"))).stdout == b"1"
    asyncio.run(sandbox.freeze())
    asyncio.run(sandbox.thaw())
    asyncio.run(sandbox.write(Path("a"), b"2"))
    assert asyncio.run(sandbox.read(Path("a"))) == b"2"
    asyncio.run(host.close())


# Processes of this machine


def _has(pid: int, mark: str) -> bool:
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return False


def _watch(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _all_end(watches: list[int], within: float) -> bool:
    """Whether the watched processes end within so many seconds."""
    end = time.monotonic() + within
    waiting = set(watches)
    while waiting and time.monotonic() < end:
        ready, _write, _error = select.select(list(waiting), [], [], end - time.monotonic())
        waiting -= set(ready)
    for fd in watches:
        os.close(fd)
    return not waiting
