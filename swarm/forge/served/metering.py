"""How many calls who has made: so many are allowed in an hour. What has not changed is not counted."""

from collections import Counter
from dataclasses import dataclass, field

PER_HOUR = 5000


@dataclass(slots=True)
class Meter:
    hour: int = 0
    used: "Counter[str]" = field(default_factory=Counter)
    """Calls of this hour, by login."""

    ever: "Counter[str]" = field(default_factory=Counter)
    """Calls since it runs, by login."""

    def left(self, login: str, now: int) -> int:
        if now // 3600 != self.hour:
            self.hour, self.used = now // 3600, Counter()
        return PER_HOUR - self.used[login]

    def count(self, login: str) -> None:
        self.used[login] += 1
        self.ever[login] += 1
