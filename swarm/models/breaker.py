"""Stops asking who does not answer: after some failures in a row nothing is sent for a while, then one
try decides whether all may go on. (Nygard, "Release It!", 2007: circuit breaker.)
"""

from dataclasses import dataclass

FAILURES = 5
OPEN_SECONDS = 30.0


@dataclass(slots=True)
class Breaker:
    failures: int = 0
    opened: float | None = None
    trying: bool = False

    def allows(self, now: float) -> bool:
        """Whether a call may leave. Half open, the first who asks is the one that tries."""
        if self.opened is None:
            return True
        if self.trying or now - self.opened < OPEN_SECONDS:
            return False
        self.trying = True
        return True

    def succeeded(self) -> None:
        self.failures, self.opened, self.trying = 0, None, False

    def failed(self, now: float) -> None:
        self.failures += 1
        self.trying = False
        if self.failures >= FAILURES:
            self.opened = now

    def let_go(self) -> None:
        """The try came to nothing that says anything about the other side."""
        self.trying = False
