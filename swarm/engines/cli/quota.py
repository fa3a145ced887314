"""Windows of a subscription as capacity with a price.

Whoever pays by the month pays nothing more for one request, and yet what is used up is missing later: for
the user's own work above all. So a subscription's tokens count with a share of their list price, small
while most of the window is left, the whole of it when little is. A window that is closed offers nothing
until it opens.
"""

from collections.abc import Iterable

from swarm.engines.cli.sightings import Window

MILLION = 1_000_000
LEAST_SHARE = 100_000
"""Parts per million of the list price, while at least half of a window is left."""

HALF, NEARLY_ALL = 500_000, 950_000


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
