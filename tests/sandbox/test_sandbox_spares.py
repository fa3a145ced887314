"""A sandbox that is half made before anybody asks for one: that it is used, and when it may not be."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from swarm.sandbox.kernel import descendants, parents
from swarm.sandbox.public_api import BaseRef, Sandbox, SandboxHost, SandboxSpec, open_host
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import lacking

pytestmark = pytest.mark.thorough


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if why := lacking():
        pytest.skip(why)
    return tmp_path


def play(folder: Path, act: Callable[[SandboxHost, SandboxSpec, BaseRef], Awaitable[None]]) -> None:
    """After a first sandbox was made, and a spare."""

    async def main() -> None:
        host, spec = open_host(folder / "scratch", "namespaces"), SandboxSpec(folder / "r")
        base = a_base(folder / "base", {"a": "1"})
        try:
            await host.create(spec, base)
            await _ready(host, spec, base)
            await act(host, spec, base)
        finally:
            await host.close()
        assert not _servers()

    asyncio.run(main())


async def _ready(host: SandboxHost, spec: SandboxSpec, base: BaseRef) -> None:
    """Return when there is a spare; whatever else is mounted on the machine meanwhile ends one."""
    for _ in range(30):
        with suppress(TimeoutError):
            await _until(lambda: len(_servers()) == 2, seconds=1)
            return
        await (await host.create(spec, base)).destroy()
    pytest.fail("no spare is made")


async def _until(true: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0)


def _servers() -> set[int]:
    """The first processes of sandboxes, and of what could become one."""
    return {each for each in descendants(parents(), os.getpid()) if _is_inside(each)}


def _is_inside(pid: int) -> bool:
    """It is process 1 in there."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return any(line.split() == ["NSpid:", str(pid), "1"] for line in lines)


def _run(*argv: str | Path) -> None:
    subprocess.run(argv, check=True)


async def _answer(sandbox: Sandbox) -> bytes:
    return (await sandbox.exec(("cat", "a"))).stdout


def test_the_next_sandbox_is_made_out_of_a_process_that_was_there(folder: Path) -> None:
    async def act(host: SandboxHost, spec: SandboxSpec, base: BaseRef) -> None:
        before = _servers()
        second = await host.create(spec, base)
        assert await _answer(second) == b"1"
        assert before <= _servers()
        await second.destroy()
        assert len(before & _servers()) == 1

    play(folder, act)


def test_what_was_mounted_after_it_was_made_is_seen_all_the_same(folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount for all to see")
    late = folder / "late"
    late.mkdir()

    async def act(host: SandboxHost, spec: SandboxSpec, _base: BaseRef) -> None:
        await asyncio.to_thread(_run, "mount", "-t", "tmpfs", "none", late)
        try:
            third = await host.create(spec, a_base(late, {"a": "on the new disk"}))
            assert await _answer(third) == b"on the new disk"
        finally:
            await third.destroy()
            await asyncio.to_thread(_run, "umount", late)

    play(folder, act)


SECOND = """
import asyncio, os, sys
from pathlib import Path
from swarm.sandbox.public_api import SandboxSpec, open_host
from swarm.testing.sandbox import a_base
from tests.sandbox.test_sandbox_spares import _ready

async def main(folder):
    host, spec = open_host(folder / "scratch", "namespaces"), SandboxSpec(folder / "r")
    base = a_base(folder / "base", {"a": "1"})
    try:
        await host.create(spec, base)
        for _ in range(3):
            await _ready(host, spec, base)
            Path("/etc/new").write_text("SECRET=1")
            os.rename("/etc/new", "/etc/environment")
            second = await host.create(spec, base)
            for file in ("/etc/environment", "/proc/self/mountinfo"):
                result = await second.exec(("cat", file))
                print((result.stdout + result.stderr).decode())
            await second.destroy()
    finally:
        await host.close()

asyncio.run(main(Path(sys.argv[1])))
"""


def _said_of_the_second(folder: Path) -> str:
    """Where all that is mounted is shared, and /etc is a copy of which a file is replaced when the spare is made,
    or just being made.
    """
    if os.getuid() != 0:
        pytest.skip("only root can share mounts, and have another /etc")
    etc = folder / "etc"
    (folder / "second.py").write_text(SECOND)
    shell = (
        'cp -a /etc "$1" && touch "$1/environment" && mount --make-rshared / &&'
        ' mount --bind "$1" /etc && shift && exec "$@"'
    )
    path = {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [
            "unshare",
            "-m",
            "sh",
            "-c",
            shell,
            "sh",
            etc,
            sys.executable,
            folder / "second.py",
            folder,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, **path},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_was_replaced_since_it_was_made_is_hidden_all_the_same(folder: Path) -> None:
    said = _said_of_the_second(folder)
    assert "/etc/environment: Permission denied" in said
    assert "SECRET" not in said


def test_what_is_mounted_on_one_side_is_not_mounted_on_the_other(folder: Path) -> None:
    said = _said_of_the_second(folder)
    assert " - overlay " in said
    assert "shared:" not in said
    assert "master:" not in said


def test_one_that_died_is_not_needed(folder: Path) -> None:
    async def act(host: SandboxHost, spec: SandboxSpec, base: BaseRef) -> None:
        zygote = {pid: of for pid, of in parents().items() if of == os.getpid()}
        for each in descendants(parents(), os.getpid()) - set(zygote):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        await _until(lambda: not _servers())
        assert await _answer(await host.create(spec, base)) == b"1"

    play(folder, act)


def test_what_it_becomes_has_the_bounds_that_were_asked_for(folder: Path) -> None:
    async def act(host: SandboxHost, spec: SandboxSpec, base: BaseRef) -> None:
        narrow = replace(spec, limits=replace(spec.limits, processes=12))
        second = await host.create(narrow, base)
        script = "i=0; while [ $i -lt 40 ]; do sleep 60 & i=$((i+1)); done"
        assert (await second.exec(("sh", "-c", script))).returncode != 0
        third = await host.create(spec, base)
        assert (await third.exec(("sh", "-c", script))).returncode == 0

    play(folder, act)
