"""A sandbox whose services are there before every command, whatever happened to them before.

What starts a server is a command, a rollback and a fork; a server that a command killed is started
again before the next one. Every command is told where the services are.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm.sandbox.public_api import CheckpointRef, ExecResult, Process, Sandbox, SandboxWrapper
from swarm.services.plan import Plan
from swarm.services.running import Running, has_ended, is_ready, launch, stop, until_ready


@dataclass(slots=True)
class ServedSandbox(SandboxWrapper):
    """A sandbox whose services run before each command."""

    plans: tuple[Plan, ...]
    _running: dict[str, Running] = field(default_factory=dict)
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _in_doubt: bool = False
    """The last command ended badly: it may have taken a server with it, and the news of that may
    still be on its way.
    """

    @property
    def env(self) -> dict[str, str]:
        """What every command is given. The first of two that say the same stands."""
        told: dict[str, str] = {}
        for plan in reversed(self.plans):
            told |= plan.env
        return told

    async def begin(self) -> None:
        """Start what does not run, and return when clients are served."""
        async with self._starting:
            for running in await self.launch():
                await until_ready(self.inner, running)

    async def launch(self) -> tuple[Running, ...]:
        """Start what does not run, all at once. None of it serves clients yet."""
        gone = [plan for plan in self.plans if not await self._runs(plan)]
        self._in_doubt = False
        launched = tuple([await launch(self.inner, plan) for plan in gone])
        self._running |= {each.plan.spec.called: each for each in launched}
        return launched

    async def end(self) -> None:
        """Stop every service in its own way: a cold checkpoint is possible then."""
        async with self._starting:
            for name, running in tuple(self._running.items()):
                if not await has_ended(running):
                    await stop(self.inner, running)
                del self._running[name]

    async def _runs(self, plan: Plan) -> bool:
        running = self._running.get(plan.spec.called)
        if running is None or await has_ended(running):
            return False
        if self._in_doubt and not await is_ready(self.inner, plan):
            await running.process.kill()
            await running.process.wait()
            return False
        return True

    # Sandbox

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        await self.begin()
        result = await self.inner.exec(
            argv, cwd=cwd, env=self._told(env), stdin=stdin, wall_seconds=wall_seconds
        )
        self._in_doubt = self._in_doubt or result.returncode != 0
        return result

    async def spawn(
        self, argv: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Process:
        await self.begin()
        return await self.inner.spawn(argv, cwd=cwd, env=self._told(env))

    def _told(self, env: dict[str, str] | None) -> dict[str, str]:
        return {**self.env, **(env or {})}

    async def checkpoint(self, label: str, *, hot: bool | None = None) -> CheckpointRef:
        """Services are part of it. `hot=False` stops them for it, and starts them again."""
        if hot is not False:
            return await self.inner.checkpoint(label, hot=hot)
        await self.end()
        kept = await self.inner.checkpoint(label, hot=False)
        await self.begin()
        return kept

    async def rollback(self, to: CheckpointRef) -> None:
        """Services run again over what they held then."""
        self._running.clear()
        await self.inner.rollback(to)
        await self.begin()

    async def fork(self, count: int, at: CheckpointRef | None = None) -> tuple[Sandbox, ...]:
        forks = await self.inner.fork(count, at)
        served = tuple(ServedSandbox(each, self.plans) for each in forks)
        launched = [(each, await each.launch()) for each in served]
        for each, started in launched:
            for running in started:
                await until_ready(each.inner, running)
        return served

    async def destroy(self) -> None:
        self._running.clear()
        await self.inner.destroy()


async def begin(sandbox: Sandbox, plans: tuple[Plan, ...]) -> ServedSandbox:
    """The same sandbox with its services running; they end with it."""
    served = ServedSandbox(sandbox, plans)
    await served.begin()
    return served


@asynccontextmanager
async def running(sandbox: Sandbox, plans: tuple[Plan, ...]) -> AsyncIterator[ServedSandbox]:
    """Services for a while: stopped in their own way at the end."""
    served = await begin(sandbox, plans)
    yield served
    await served.end()
