"""What work costs: processor seconds of the sandboxes, at a configured rate; and how many processors a
piece of work may use.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from swarm.sandbox.public_api import CheckpointRef, ExecResult, Sandbox, SandboxWrapper

SECONDS_PER_HOUR = 3600


def cores_each(writers: int) -> int:
    """Processors for one search, so that all writers of a goal can be at work."""
    return max(1, len(os.sched_getaffinity(0)) // writers)


@dataclass(slots=True)
class Meter:
    cpu_hour: int
    """Micro-USD for an hour of one processor."""

    cpu_seconds: float = 0.0

    def charge(self, cpu_seconds: float) -> None:
        self.cpu_seconds += cpu_seconds

    @property
    def spent(self) -> int:
        """Micro-USD, rounded up."""
        return -int(-self.cpu_seconds * self.cpu_hour // SECONDS_PER_HOUR)


@dataclass(slots=True)
class MeteredSandbox(SandboxWrapper):
    """A sandbox whose commands are charged to a meter."""

    meter: Meter

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        result = await self.inner.exec(
            argv, cwd=cwd, env=env, stdin=stdin, wall_seconds=wall_seconds
        )
        self.meter.charge(result.cpu_seconds)
        return result

    async def fork(self, count: int, at: CheckpointRef | None = None) -> tuple[Sandbox, ...]:
        """What is done in them is charged to the same meter."""
        forks = await self.inner.fork(count, at)
        return tuple(MeteredSandbox(each, self.meter) for each in forks)
