"""A sandbox around another one: whatever a wrapper does not say anew, the inner one answers."""

import socket
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.changes import Changes
from swarm.sandbox.port import (
    Blocked,
    CheckpointRef,
    ExecResult,
    Guarantees,
    Process,
    Sandbox,
    SandboxMode,
    SandboxSpec,
)


@dataclass(slots=True)
class SandboxWrapper:
    """Implements `Sandbox`. Forks are not wrapped: who wraps says what that means."""

    inner: Sandbox

    @property
    def id(self) -> str:
        return self.inner.id

    @property
    def mode(self) -> SandboxMode:
        return self.inner.mode

    @property
    def guarantees(self) -> Guarantees:
        return self.inner.guarantees

    @property
    def spec(self) -> SandboxSpec:
        return self.inner.spec

    @property
    def root(self) -> Path:
        return self.inner.root

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        return await self.inner.exec(argv, cwd=cwd, env=env, stdin=stdin, wall_seconds=wall_seconds)

    async def spawn(
        self, argv: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Process:
        return await self.inner.spawn(argv, cwd=cwd, env=env)

    async def read(self, path: Path, most: int = 64 << 20) -> bytes:
        return await self.inner.read(path, most)

    async def write(self, path: Path, data: bytes, *, executable: bool = False) -> None:
        await self.inner.write(path, data, executable=executable)

    async def apply(self, changes: Changes) -> None:
        await self.inner.apply(changes)

    async def diff(self) -> Changes:
        return await self.inner.diff()

    async def freeze(self) -> None:
        await self.inner.freeze()

    async def thaw(self) -> None:
        await self.inner.thaw()

    async def listen(self, port: int) -> socket.socket:
        return await self.inner.listen(port)

    async def blocked(self) -> tuple[Blocked, ...]:
        return await self.inner.blocked()

    async def checkpoint(self, label: str, *, hot: bool | None = None) -> CheckpointRef:
        return await self.inner.checkpoint(label, hot=hot)

    async def rollback(self, to: CheckpointRef) -> None:
        await self.inner.rollback(to)

    async def fork(self, count: int, at: CheckpointRef | None = None) -> tuple[Sandbox, ...]:
        return await self.inner.fork(count, at)

    async def destroy(self) -> None:
        await self.inner.destroy()
