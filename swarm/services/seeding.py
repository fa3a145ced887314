"""Making a sealed directory: create, start, seed, stop, seal; all of it in a sandbox.

In two stages, each kept by a key of its own. An empty service depends on its program alone; a seeded
one on the empty one and on the bytes that it was seeded from. So a patch that changes a seed file
costs the seeding, and not what `initdb` takes.
"""

import asyncio
import hashlib
import platform
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from swarm.domain.canonical import Json, canonical, digest
from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.sandbox.public_api import BaseRef, ExecResult, Layer, Sandbox, SandboxHost, SandboxSpec
from swarm.services.plan import Plan
from swarm.services.sealing import seal
from swarm.services.served import running
from swarm.services.store import Store

_VERSION = "1"
"""Of how services are made: another one makes everything anew."""

_TAIL_BYTES = 2_000


@dataclass(frozen=True, slots=True)
class Seeder:
    host: SandboxHost
    store: Store
    spec: SandboxSpec
    """What seed commands see besides the tree: interpreters, environments, the services' programs."""

    base: BaseRef

    async def sealed(self, plan: Plan) -> Path:
        """The sealed directory of that service. Raises Rejected when its seed fails."""
        empty = await self._empty(plan)

        async def make(to: Path) -> None:
            async with self._sandbox(plan, empty) as sandbox:
                await _seed(sandbox, plan)
                await seal(sandbox, plan.data, to, like=empty)

        key = await asyncio.to_thread(seeded_key, plan, self.base.directory, self.base.tree)
        return await self.store.sealed(key, make)

    async def _empty(self, plan: Plan) -> Path:
        nothing = await self.store.sealed(digest(b"nothing"), _make_nothing)
        if not plan.create:
            return nothing

        async def make(to: Path) -> None:
            async with self._sandbox(plan, nothing) as sandbox:
                result = await sandbox.exec(plan.create)
                _check(result, f"the service {plan.spec.called} cannot be made")
                await seal(sandbox, plan.data, to)

        return await self.store.sealed(empty_key(plan), make)

    @asynccontextmanager
    async def _sandbox(self, plan: Plan, data: Path) -> AsyncIterator[Sandbox]:
        layers = (*self.spec.layers, Layer(plan.data, data))
        sandbox = await self.host.create(replace(self.spec, layers=layers), self.base)
        try:
            yield sandbox
        finally:
            await sandbox.destroy()


async def _make_nothing(to: Path) -> None:
    await asyncio.to_thread(to.mkdir, 0o755)


async def _seed(sandbox: Sandbox, plan: Plan) -> None:
    async with running(sandbox, (plan,)) as served:
        for seeding in plan.seedings:
            result = await served.exec(seeding.argv)
            _check(result, f"the seed {seeding.what} of {plan.spec.called} failed")
        if plan.spec.seed_command:
            result = await served.exec(plan.spec.seed_command)
            what = " ".join(plan.spec.seed_command)
            _check(result, f"the seed command of {plan.spec.called} failed: {what}")


def _check(result: ExecResult, what: str) -> None:
    if result.returncode == 0:
        return
    why = f"a limit ({result.killed_by})" if result.killed_by else f"status {result.returncode}"
    told = (result.stdout + result.stderr)[-_TAIL_BYTES:].decode("utf-8", "replace").strip()
    raise Rejected(f"{what}: {why}\n{told}".strip())


def empty_key(plan: Plan) -> Digest:
    told: list[Json] = [_VERSION, platform.machine(), plan.identity, list(plan.create)]
    return digest(canonical(told))


def seeded_key(plan: Plan, directory: Path, tree: str) -> Digest:
    """The program, what is wanted, and all bytes that the seed is made from."""
    spec = plan.spec.model_dump(mode="json")
    seeds = [[name, _hash(directory, name)] for name in (*plan.spec.seed, *plan.spec.seed_inputs)]
    whole = tree if plan.spec.seed_command and not plan.spec.seed_inputs else ""
    told: list[Json] = [
        _VERSION, platform.machine(), plan.identity, list(plan.create), spec, seeds, whole
    ]  # fmt: skip
    return digest(canonical(told))


def _hash(directory: Path, name: str) -> str:
    """Of a file, or of all files below a folder. Raises Rejected when it is not in the tree."""
    top = directory.resolve()
    place = (top / name).resolve()
    if not place.is_relative_to(top) or not place.exists():
        raise Rejected(f"the seed {name} is not in the repository")
    summed = hashlib.sha256()
    for path in _files(place):
        summed.update(str(path.relative_to(top)).encode("utf-8", "surrogateescape") + b"\0")
        summed.update(hashlib.sha256(path.read_bytes()).digest())
    return summed.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    """Plain files only: a link is followed by whoever seeds, inside."""
    if place.is_file():
        yield place
    for path in sorted(place.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path
