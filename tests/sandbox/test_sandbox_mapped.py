"""Mode `idmapped`: root gives each sandbox a user of its own, and shows files as that user's."""

import asyncio
import os
from itertools import permutations
from pathlib import Path
from typing import get_args

import pytest

from swarm.domain.errors import Lacking
from swarm.sandbox import users
from swarm.sandbox.public_api import BaseRef, Limits, Sandbox, SandboxMode, SandboxSpec, open_host
from tests.sandbox.conftest import Place


async def ids_of(sandbox: Sandbox) -> tuple[int, int]:
    """The machine's numbers of who runs a command inside, user and group."""
    mark = f"mark-of-{sandbox.id}"
    process = await sandbox.spawn(("sh", "-c", "echo ready; read end", mark))
    assert await process.read() == b"ready\n"
    ids = _owner_of(mark)
    await process.kill()
    return ids


def _owner_of(mark: str) -> tuple[int, int]:
    (running,) = (each for each in Path("/proc").iterdir() if mark in _words(each))
    status = running.stat()
    return status.st_uid, status.st_gid


def _words(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")
    except OSError:  # no process, or one that has just ended
        return []


def test_each_sandbox_runs_as_a_user_that_nobody_else_is(mapped: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        (other,) = await sandbox.fork(1)
        found = []
        for each in (sandbox, other):
            found.append(await ids_of(each))
            await each.destroy()
        (one, another) = found
        assert one != another
        assert all(number >= 0x70000000 for number in (*one, *another))

    mapped.run(work)


def test_files_of_the_system_are_roots_and_the_trees_are_ones_own(mapped: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        done = await sandbox.exec(("stat", "-c", "%u:%g", "/usr", "/bin/sh", ".", "a"))
        assert done.stdout.split() == [b"0:0", b"0:0", b"1000:1000", b"1000:1000"]

    mapped.run(work, {"a": "1\n"})


def test_what_is_written_belongs_on_disk_to_no_user_of_the_sandbox(mapped: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec(("sh", "-c", "umask 077; mkdir d; echo 1 > d/made; echo 2 > a"))
        (upper,) = (mapped.folder / "scratch").glob("*/*/layers/upper-0/0")
        owners = {each.lstat().st_uid for each in (upper, *upper.rglob("*"))}
        assert owners == {65534}
        assert {each.name for each in upper.rglob("*")} == {"d", "made", "a"}

    mapped.run(work, {"a": "1\n"})


def test_what_hides_behind_a_closed_directory_counts_after_a_checkpoint_too(mapped: Place) -> None:
    """The server looks through mounts in which all files are its user's."""

    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec(("sh", "-c", "echo 2 > a"))
        await sandbox.checkpoint("one", hot=False)
        script = "mkdir d; chmod 700 d; head -c 60000000 /dev/zero > d/big; sleep 120"
        done = await sandbox.exec(("sh", "-c", script))
        assert done.killed_by == "disk"

    mapped.run(work, {"a": "1\n"}, Limits(disk_bytes=8 << 20))


def test_a_checkpoint_fits_the_mode_without_mapped_users_and_the_other_way_round(
    mapped: Place,
) -> None:
    folder = mapped.folder
    (folder / "base").mkdir()
    base = BaseRef(folder / "base", "0" * 40)

    async def main() -> None:
        for modes in permutations(get_args(SandboxMode)[:2]):
            hosts = [open_host(folder / "scratch", each) for each in modes]
            spec = SandboxSpec(folder / "r")
            sandbox = await hosts[0].create(spec, base)
            await sandbox.exec(("sh", "-c", "umask 077; mkdir d; echo kept > d/a"))
            kept = await sandbox.checkpoint("one")
            other = await hosts[1].restore(kept, spec, base)
            done = await other.exec(("sh", "-c", "cat d/a; echo more >> d/a; stat -c %u d/a"))
            assert done.stdout == b"kept\n1000\n"
            for each in hosts:
                await each.close()

    asyncio.run(main())


def test_the_users_of_sandboxes_lie_where_nobody_is_put() -> None:
    drawn = {users.draw() for _ in range(1000)}
    assert len(drawn) > 990
    assert min(drawn) >= 0x70000000 + users.SYSTEM_COUNT
    assert max(drawn) <= 0x7FFDFFFF


def test_only_root_can_make_them(tmp_path: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("this is root")
    with pytest.raises(Lacking, match="root"):
        open_host(tmp_path, "idmapped")
