"""Sandboxes with services; their seeds are sealed once for all tests."""

import asyncio
import functools
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from swarm.sandbox.public_api import Limits, Sandbox, SandboxHost, SandboxSpec, open_host, why_not
from swarm.services.public_api import Prepared, ServedSandbox, Services, ServiceSpec
from swarm.testing.sandbox import a_base

Result = TypeVar("Result")
Work = Callable[[ServedSandbox], Awaitable[Result]]

SQL = """
CREATE TABLE t (i int PRIMARY KEY, v text);
INSERT INTO t SELECT g, 'seeded' FROM generate_series(1, 1000) g;
CREATE TABLE other AS SELECT 1 AS one;
"""
COMMANDS = "SET counter 41\nRPUSH queue a b c\n"
FILES = {"db/seed.sql": SQL, "redis.txt": COMMANDS, "app.py": "x = 1\n"}

POSTGRES = ServiceSpec(
    kind="postgres", database="app", seed=("db/seed.sql",), env={"BIN": "{programs}"}
)
REDIS = ServiceSpec(kind="redis", seed=("redis.txt",), env={"REDIS_BIN": "{programs}"})
BOTH = (POSTGRES, REDIS)


@functools.cache
def lacking() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return why_not(Path(scratch))


async def sql(sandbox: Sandbox, statement: str) -> str:
    """What psql prints, row by row."""
    line = '"$BIN/psql" -X -v ON_ERROR_STOP=1 -qAtc "$1"'
    result = await sandbox.exec(("/bin/sh", "-c", line, "sh", statement))
    assert result.returncode == 0, result.stderr.decode()
    return result.stdout.decode().strip()


async def redis(sandbox: Sandbox, *words: str) -> str:
    result = await sandbox.exec(("/bin/sh", "-c", '"$REDIS_BIN/redis-cli" "$@"', "sh", *words))
    assert result.returncode == 0
    return result.stdout.decode().strip()


@dataclass(frozen=True)
class Place:
    folder: Path
    sealed: Path

    def run(
        self,
        work: Work[Result],
        wanted: tuple[ServiceSpec, ...] = BOTH,
        files: Mapping[str, str | bytes] = FILES,
    ) -> Result:
        async def main() -> Result:
            async with self.served(wanted, files) as served:
                return await work(served)

        return asyncio.run(main())

    @asynccontextmanager
    async def served(
        self,
        wanted: tuple[ServiceSpec, ...] = BOTH,
        files: Mapping[str, str | bytes] = FILES,
        limits: Limits | None = None,
    ) -> AsyncIterator[ServedSandbox]:
        async with self.host() as host:
            prepared, spec = await self.prepared(host, wanted, files, limits)
            base = a_base(self.folder / "base", files)
            sandbox = await host.create(prepared.shown_in(spec), base)
            yield await prepared.begin(sandbox)

    async def prepared(
        self,
        host: SandboxHost,
        wanted: tuple[ServiceSpec, ...] = BOTH,
        files: Mapping[str, str | bytes] = FILES,
        limits: Limits | None = None,
    ) -> tuple[Prepared, SandboxSpec]:
        spec = SandboxSpec(self.folder / "repository", limits=limits or Limits())
        base = a_base(self.folder / "base", files)
        services = Services(host, self.sealed)
        return await services.prepare(wanted, Path(sys.executable), spec, base), spec

    @asynccontextmanager
    async def host(self) -> AsyncIterator[SandboxHost]:
        host = open_host(self.folder / "scratch", "namespaces")
        try:
            yield host
        finally:
            await host.close()


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sealed")


@pytest.fixture
def place(tmp_path: Path, sealed: Path) -> Place:
    if lacking():
        pytest.skip(f"no namespaces here: {lacking()}")
    return Place(tmp_path, sealed)
