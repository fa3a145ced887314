"""What a database in a sandbox costs: seeded, started, checkpointed, rolled back, forked, and touched.

Run as `python -m benchmarks.services [ROUNDS] [MEGABYTES]`: so many rounds, and a large table of that
size to read one row of. The load is pgbench's with four clients. Times depend on the machine and its
disk; the load average stands beside them.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from swarm.sandbox.public_api import BaseRef, Limits, Sandbox, SandboxHost, SandboxSpec, open_host
from swarm.services.public_api import Prepared, ServedSandbox, Services, ServiceSpec

Result = TypeVar("Result")
Times = dict[str, list[float]]

SEED = "CREATE TABLE t AS SELECT g AS i, 'seeded' AS v FROM generate_series(1, 1000) g;\n"
LARGE = """
CREATE TABLE large (i int PRIMARY KEY, filler text);
INSERT INTO large SELECT g, repeat('x', 1000) FROM generate_series(1, {rows}) g;
"""
MUTATE = "UPDATE t SET v = 'mutated'; CREATE TABLE junk AS SELECT generate_series(1, 100000)"
POSTGRES = ServiceSpec(
    kind="postgres",
    seed=("seed.sql",),
    env={"PSQL": "{programs}/psql", "BENCH": "{programs}/pgbench"},
)
REDIS = ServiceSpec(kind="redis")


def main() -> dict[str, float]:
    """The medians, in milliseconds, by what was measured."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else 256
    times: Times = {}
    print(f"load average {os.getloadavg()[0]:.1f}, {rounds} rounds; median and least in ms")
    with tempfile.TemporaryDirectory() as folder:
        base = _base(Path(folder))
        asyncio.run(_measure(Path(folder), base, rounds, megabytes, times))
    for name, each in times.items():
        print(f"{name:58} {statistics.median(each) * 1e3:9.1f} {min(each) * 1e3:9.1f}")
    return {name: statistics.median(each) * 1e3 for name, each in times.items()}


def _base(folder: Path) -> Path:
    """Who runs sandboxes may be another user, and has to get through to it."""
    folder.chmod(0o755)
    base = folder / "base"
    base.mkdir()
    (base / "seed.sql").write_text(SEED)
    return base


async def _measure(folder: Path, base: Path, rounds: int, megabytes: int, times: Times) -> None:
    host = open_host(folder / "scratch", "namespaces")
    try:
        bench = _Bench(host, folder, BaseRef(base, "0" * 40), times)
        both = await bench.prepare("both", (POSTGRES, REDIS))
        for _ in range(rounds):
            await bench.live(both)
        await bench.load(await bench.prepared((POSTGRES,)), rounds)
        (base / "seed.sql").write_text(SEED + LARGE.format(rows=megabytes * 930))
        large = await bench.prepare(f"PostgreSQL with {megabytes} MB", (POSTGRES,))
        for _ in range(max(rounds // 3, 1)):
            await bench.touch(large, megabytes)
    finally:
        await host.close()


class _Bench:
    def __init__(self, host: SandboxHost, folder: Path, base: BaseRef, times: Times) -> None:
        self._host, self._folder, self._base, self._times = host, folder, base, times
        self._spec = SandboxSpec(folder / "repository", limits=Limits(disk_bytes=16 << 30))

    async def prepare(self, what: str, wanted: tuple[ServiceSpec, ...]) -> Prepared:
        await self._timed(f"seed {what}, once", lambda: self.prepared(wanted))
        return await self._timed(f"find {what} seeded", lambda: self.prepared(wanted))

    async def prepared(self, wanted: tuple[ServiceSpec, ...]) -> Prepared:
        services = Services(self._host, self._folder / "sealed")
        return await services.prepare(wanted, Path(sys.executable), self._spec, self._base)

    async def sandbox(self, prepared: Prepared) -> Sandbox:
        return await self._host.create(prepared.shown_in(self._spec), self._base)

    async def live(self, prepared: Prepared) -> None:
        """One sandbox's life, with both services and without load."""
        timed = self._timed
        sandbox = await self.sandbox(prepared)
        served = await timed("start both in a new sandbox", lambda: prepared.begin(sandbox))
        kept = await timed("hot checkpoint, first", lambda: served.checkpoint("1", hot=True))
        await timed(
            "hot checkpoint, nothing happened since", lambda: served.checkpoint("2", hot=True)
        )
        await _sql(served, MUTATE)
        after = "hot checkpoint after 100,000 new rows"
        await timed(after, lambda: served.checkpoint("3", hot=True))
        await timed("roll back and restart both", lambda: served.rollback(kept))
        forks = await timed("fork three with both running", lambda: served.fork(3, kept))
        for each in (*forks, served):
            await each.destroy()

    async def load(self, prepared: Prepared, rounds: int) -> None:
        served = await prepared.begin(await self.sandbox(prepared))
        await _shell(served, '"$BENCH" -i -q -s 2')
        line = 'exec "$BENCH" -n -c 4 -j 2 -T 3000 >/dev/null'
        for _ in range(rounds):
            await served.spawn(("/bin/sh", "-c", line))
            await _until_more(served, 200)
            taken = lambda: served.checkpoint("load", hot=True)  # noqa: E731
            kept = await self._timed("hot checkpoint under pgbench with four clients", taken)
            back = partial(served.rollback, kept)
            await self._timed("roll back and restart PostgreSQL, which recovers", back)
        await served.destroy()

    async def touch(self, prepared: Prepared, megabytes: int) -> None:
        served = await prepared.begin(await self.sandbox(prepared))
        read = lambda: _sql(served, "SELECT i FROM large WHERE i = 7")  # noqa: E731
        await self._timed(f"read one row of {megabytes} MB, first (copied up)", read)
        await self._timed(f"read one row of {megabytes} MB, again", read)
        taken = lambda: served.checkpoint("large", hot=True)  # noqa: E731
        await self._timed(f"hot checkpoint after {megabytes} MB were copied up", taken)
        await self._timed("hot checkpoint after that", taken)
        await served.destroy()

    async def _timed(self, name: str, act: Callable[[], Awaitable[Result]]) -> Result:
        started = time.perf_counter()
        result = await act()
        self._times.setdefault(name, []).append(time.perf_counter() - started)
        return result


async def _sql(served: ServedSandbox, statement: str) -> str:
    return await _shell(served, '"$PSQL" -X -v ON_ERROR_STOP=1 -qAtc "$1"', statement)


async def _shell(served: ServedSandbox, line: str, *words: str) -> str:
    result = await served.exec(("/bin/sh", "-c", line, "sh", *words))
    if result.returncode != 0:
        raise RuntimeError(result.stderr.decode("utf-8", "replace"))
    return result.stdout.decode()


async def _until_more(served: ServedSandbox, transactions: int) -> None:
    counted = "SELECT count(*) FROM pgbench_history"
    before = int(await _sql(served, counted))
    while int(await _sql(served, counted)) < before + transactions:
        pass


if __name__ == "__main__":
    main()
