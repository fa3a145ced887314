"""What holds before a checkpoint or a rollback holds after it too: bounds, and the way out."""

import asyncio
import sys
from pathlib import Path

import pytest

from swarm.sandbox.public_api import Layer, Limits, Network, Sandbox, SandboxHost, open_host
from swarm.testing.sandbox import a_base
from tests.sandbox.conftest import Place
from tests.sandbox.test_sandbox_checkpoints import a_spec, base_of, with_host

MIB = 1 << 20
BOUNDS = Limits(disk_bytes=20 * MIB, wall_seconds=150)


async def fill(sandbox: Sandbox, file: str, megabytes: int) -> None:
    """Write what there is room for, and wait until somebody may have looked."""
    line = f"head -c {megabytes}M /dev/zero > {file} && sleep 0.5"
    assert (await sandbox.exec(("sh", "-c", line))).killed_by == ""


async def overfill(sandbox: Sandbox, file: str, megabytes: int) -> None:
    """Write what there is no room for. It is looked at least every few seconds."""
    line = f"head -c {megabytes}M /dev/zero > {file} && sleep 120"
    assert (await sandbox.exec(("sh", "-c", line))).killed_by == "disk"


@pytest.mark.thorough
def test_what_is_written_to_a_layer_counts(isolated: Place) -> None:
    sealed = a_base(isolated.folder / "sealed", {}).directory

    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await fill(sandbox, "tree", 12)
        await overfill(sandbox, "/srv/data/layer", 12)

    with_host(isolated, work, layers=(Layer(Path("/srv/data"), sealed),), limits=BOUNDS)


@pytest.mark.thorough
def test_what_a_checkpoint_holds_counts(isolated: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        await sandbox.checkpoint("nothing was written yet")
        await fill(sandbox, "one", 6)
        await sandbox.checkpoint("one")
        await fill(sandbox, "two", 6)
        kept = await sandbox.checkpoint("two")
        await sandbox.checkpoint("nothing since")
        await fill(sandbox, "three", 6)
        await overfill(sandbox, "four", 6)
        await sandbox.rollback(kept)
        await fill(sandbox, "three", 6)
        await overfill(sandbox, "four", 6)
        (fork,) = await sandbox.fork(1, kept)
        await overfill(fork, "three", 12)

    with_host(isolated, work, limits=BOUNDS)


@pytest.mark.thorough
def test_what_was_rolled_back_counts_no_more(isolated: Place) -> None:
    async def work(host: SandboxHost, sandbox: Sandbox) -> None:
        start = await sandbox.checkpoint("start")
        for _again in range(3):
            await fill(sandbox, "one", 12)
            await sandbox.checkpoint("one")
            await sandbox.rollback(start)

    with_host(isolated, work, limits=BOUNDS)


def test_the_way_to_an_allowed_host_lasts(isolated: Place) -> None:
    ask = (
        "import socket, sys\n"
        "with socket.create_connection(('127.0.0.1', 3128)) as way:\n"
        "    way.sendall(f'GET http://127.0.0.1:{sys.argv[1]}/ HTTP/1.0\\r\\n\\r\\n'.encode())\n"
        "    print(way.makefile('rb').read())\n"
    )

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nindex")
        writer.close()

    async def asked(sandbox: Sandbox, port: int) -> bool:
        result = await sandbox.exec((sys.executable, "-I", "-S", "-c", ask, str(port)))
        return b"index" in result.stdout

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        host = open_host(isolated.folder / "scratch", isolated.mode)
        allowed = Network((("127.0.0.1", port),))
        shown = (Path(sys.base_prefix), Path(sys.prefix))
        try:
            spec = a_spec(isolated, network=allowed, readonly=shown)
            sandbox = await host.create(spec, base_of(isolated))
            assert await asked(sandbox, port)
            kept = await sandbox.checkpoint("kept")
            assert await asked(sandbox, port)
            await sandbox.rollback(kept)
            assert await asked(sandbox, port)
            (fork,) = await sandbox.fork(1, kept)
            assert await asked(fork, port)
            assert await asked(sandbox, port)
        finally:
            await host.close()
            server.close()

    asyncio.run(main())
