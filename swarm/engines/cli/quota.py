"""Windows of a subscription as capacity with a price.

Whoever pays by the month pays nothing more for one request, and yet what is used up is missing later: for
the user's own work above all. So a subscription's tokens count with a share of their list price, small
while most of the window is left, the whole of it when little is. A window that is closed offers nothing
until it opens.
"""

import re
from collections.abc import Iterable

from swarm.engines.cli.sightings import Window

MILLION = 1_000_000
LEAST_SHARE = 100_000
"""Parts per million of the list price, while at least half of a window is left."""

HALF, NEARLY_ALL = 500_000, 950_000

MOST_SECONDS = 8 * 24 * 3600
"""The longest window is a week."""

_LATER = re.compile(
    r"(?:again|resets?|retry|available)\s+(?:in|after)\s+"
    r"((?:\d{1,6}(?:\.\d+)?\s*[dhms][a-z]*[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d{1,6})(?:\.\d+)?\s*([dhms])", re.IGNORECASE)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


def share(windows: Iterable[Window], now: int) -> int:
    """Parts per million of the list price that count now."""
    used = max((each.used or 0 for each in windows if is_current(each, now)), default=0)
    if used <= HALF:
        return LEAST_SHARE
    way = min(used, NEARLY_ALL) - HALF
    return LEAST_SHARE + (MILLION - LEAST_SHARE) * way // (NEARLY_ALL - HALF)


def closed_until(windows: Iterable[Window], now: int) -> int | None:
    """When work can go on; None while it can, 0 where nobody said when."""
    shut = [each.resets_at for each in windows if each.closed and is_current(each, now)]
    return max(shut) if shut else None


def is_current(window: Window, now: int) -> bool:
    """What was told of a window counts until it resets."""
    return not window.resets_at or window.resets_at > now


def opens_at(words: str, now: int) -> int | None:
    """What an agent says of a used up quota: `try again in 2 hours 5 minutes`, `will reset after 8h44m7s`.

    In seconds since 1970, the last such words count; None where it says nothing like that, or a time of day
    of it does not say whose.
    """
    told = [match.group(1) for match in _LATER.finditer(words[:10_000])]
    if not told:
        return None
    parts = ((int(number), unit.lower()) for number, unit in _PART.findall(told[-1]))
    seconds = sum(number * _SECONDS[unit] for number, unit in parts)
    return now + min(seconds, MOST_SECONDS)
