"""A clock that goes only when it is told to."""

from dataclasses import dataclass


@dataclass(slots=True)
class ManualClock:
    seconds: float = 1_000.0
    epoch: int = 1_700_000_000_000
    """Milliseconds since 1970 at second 0."""

    def now(self) -> int:
        return self.epoch + int(self.seconds * 1000)

    def elapsed(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
