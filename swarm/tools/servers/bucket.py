"""How often somebody may call: a bucket that fills at a rate, and from which each call takes one.

(Turner, "New directions in communications", 1986: leaky bucket, as a meter.)
"""

from dataclasses import dataclass, field

MINUTE = 60.0


@dataclass(slots=True)
class Bucket:
    """Full at first: a quarter of a minute's calls may come at once."""

    per_minute: int
    _held: float = field(init=False)
    _at: float | None = None

    def __post_init__(self) -> None:
        self._held = self.most

    @property
    def most(self) -> float:
        return max(self.per_minute / 4, 1.0)

    def wait(self, now: float) -> float:
        """Takes one and returns zero; or the seconds until there is one. `now`: monotonic seconds."""
        passed = 0.0 if self._at is None else max(now - self._at, 0.0)
        self._at = now
        self._held = min(self._held + passed * self.per_minute / MINUTE, self.most)
        if self._held >= 1.0:
            self._held -= 1.0
            return 0.0
        return (1.0 - self._held) * MINUTE / self.per_minute
