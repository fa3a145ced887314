"""Times, by what they were taken of."""

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

Result = TypeVar("Result")


@dataclass(slots=True)
class Stopwatch:
    times: dict[str, list[float]] = field(default_factory=dict)
    """Seconds."""

    async def take(self, name: str, act: Callable[[], Awaitable[Result]]) -> Result:
        began = time.perf_counter()
        result = await act()
        self.note(name, time.perf_counter() - began)
        return result

    def take_plain(self, name: str, act: Callable[[], object]) -> None:
        began = time.perf_counter()
        act()
        self.note(name, time.perf_counter() - began)

    def note(self, name: str, seconds: float) -> None:
        self.times.setdefault(name, []).append(seconds)

    def median(self, name: str) -> float | None:
        return statistics.median(self.times[name]) if name in self.times else None

    def least(self, name: str) -> float:
        return min(self.times[name])
