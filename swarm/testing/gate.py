"""An engine that waits at a gate behind its first step, so that a test finds it in the middle of its work.

However slow or fast the machine is: the engine goes on when the gate is opened, and not before. The gate is a
named pipe, because engines work in other processes: opening one to read waits for whoever opens it to write.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path

from swarm.actors.working_api import Cast, default_cast
from swarm.domain.bids import Curve
from swarm.engines.public_api import Assignment, Done, Engine, Item, StepTaken
from swarm.sandbox.public_api import Sandbox
from swarm.settings.public_api import Settings


class GatedEngine:
    """Another engine, which passes a gate when its first step is on record."""

    def __init__(self, inner: Engine, gate: Path) -> None:
        self.strategy = inner.strategy
        self.family = inner.family
        self.needs = inner.needs
        self._inner = inner
        self._gate = gate

    def curves(self) -> tuple[Curve, ...]:
        return self._inner.curves()

    async def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        is_first = not done
        work = self._inner.work(assignment, sandbox, done, guidance, budget)
        async with aclosing(work) as items:  # type: ignore[type-var]
            async for item in items:
                yield item
                if is_first and isinstance(item, StepTaken):
                    is_first = False
                    await asyncio.to_thread(_pass, self._gate)


def _pass(gate: Path) -> None:
    os.close(os.open(gate, os.O_RDONLY))


def gated_cast(gate: Path, settings: Settings) -> Cast:
    """The agents that come with swarm, their writers behind the gate."""
    cast = default_cast(settings)
    return replace(cast, engines=tuple(GatedEngine(each, gate) for each in cast.engines))


def a_gate(path: Path) -> Path:
    """A closed one."""
    os.mkfifo(path)
    return path


@contextmanager
def opened(gate: Path) -> Iterator[None]:
    """Whoever waits goes on, and whoever comes later does not wait."""
    writer = os.open(gate, os.O_RDWR)  # which does not wait for a reader
    try:
        yield
    finally:
        os.close(writer)
