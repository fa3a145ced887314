"""A cold checkpoint is there before its sandbox can be written to again; whoever wants that waits."""

import asyncio
from pathlib import Path

from swarm.sandbox.public_api import BaseRef, Sandbox, SandboxHost, SandboxSpec, open_host
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import Place


async def with_one(place: Place) -> tuple[SandboxHost, SandboxSpec, BaseRef, Sandbox]:
    host = open_host(place.folder / "scratch", place.mode)
    spec, base = SandboxSpec(place.folder / "tree"), a_base(place.folder / "base", {"a": "1\n"})
    return host, spec, base, await host.create(spec, base)


async def sealed(sandbox: Sandbox) -> None:
    await sandbox.write(Path("before"), b"x")
    await sandbox.checkpoint("sealed", hot=False)


def test_what_is_done_right_after_a_cold_checkpoint_is_no_part_of_it(isolated: Place) -> None:
    async def main() -> None:
        host, spec, base, sandbox = await with_one(isolated)
        await sandbox.write(Path("before"), b"x")
        kept = await sandbox.checkpoint("sealed", hot=False)
        await sandbox.exec(("sh", "-c", "rm a; echo y >> before; echo y > after"))
        assert (await sandbox.diff()).paths == (b"a", b"after", b"before")
        other = await host.restore(kept, spec, base)
        assert (await other.diff()).paths == (b"before",)
        assert await other.read(Path("before")) == b"x"
        await host.close()

    asyncio.run(main())


def test_all_that_is_wanted_right_after_a_cold_checkpoint_is_done(isolated: Place) -> None:
    async def main() -> None:
        host, _spec, _base, sandbox = await with_one(isolated)
        for _ in range(3):
            await sealed(sandbox)
            async with asyncio.TaskGroup() as group:
                commands = [group.create_task(sandbox.exec(("cat", "before"))) for _ in range(3)]
                group.create_task(sandbox.write(Path("after"), b"z"))
                group.create_task(sandbox.checkpoint("next"))
                forks = group.create_task(sandbox.fork(1))
            assert {each.result().stdout for each in commands} == {b"x"}
            assert await forks.result()[0].read(Path("before")) == b"x"
            assert await sandbox.read(Path("after")) == b"z"
        await host.close()

    asyncio.run(main())


def test_a_sandbox_is_rolled_back_or_ended_right_after_a_cold_checkpoint(isolated: Place) -> None:
    async def main() -> None:
        host, _spec, _base, sandbox = await with_one(isolated)
        first = await sandbox.checkpoint("first", hot=False)
        await sealed(sandbox)
        await sandbox.rollback(first)
        assert (await sandbox.diff()).items == ()
        await sealed(sandbox)
        await sandbox.destroy()
        await host.close()
        assert not list((isolated.folder / "scratch").glob("host-*"))

    asyncio.run(main())
