"""The clock, held at the rim and handed down."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Milliseconds since 1970, for people and records. It may jump."""
        ...

    def elapsed(self) -> float:
        """Seconds that only grow, for deadlines; their zero means nothing."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    elapsed: Callable[[], float] = time.monotonic

    def now(self) -> int:
        return int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - this is the clock
