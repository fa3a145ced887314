"""What an hour costs: per project, from a day on, with surcharges."""

from dataclasses import dataclass
from datetime import date

from timebook.entries import split_at_midnight
from timebook.rounding import divide_half_up, percent_of
from timebook.workdays import is_workday

ANY_PROJECT = "*"
EVENING = 20 * 60
"""Minutes since midnight from which work counts as evening work."""


@dataclass(frozen=True)
class Rate:
    """Cents per hour for a project (`*` for any), valid from a day on."""

    project: str
    cents: int
    since: date


@dataclass(frozen=True)
class Surcharges:
    """Percentages on top of the rate. Where both apply, the higher one counts."""

    evening: int = 25
    free_day: int = 50


class RateCard:
    """All rates that were ever agreed on."""

    def __init__(self, rates, surcharges=Surcharges()):
        self.rates = sorted(rates, key=lambda rate: rate.since)
        self.surcharges = surcharges

    def rate_for(self, project, day):
        """The latest rate that holds on that day: of the project, of its parents, or of `*`."""
        for name in (*_with_parents(project), ANY_PROJECT):
            valid = [rate for rate in self.rates if rate.project == name and rate.since <= day]
            if valid:
                return valid[-1].cents
        raise LookupError(f"no rate for {project!r} on {day}")

    def charge(self, entry):
        """Cents for an entry; nothing when it is not billable."""
        if not entry.billable:
            return 0
        return sum(self._charge_part(part) for part in split_at_midnight(entry))

    def _charge_part(self, entry):
        rate = self.rate_for(entry.project, entry.day)
        evening = max(0, entry.end - max(entry.start, EVENING))
        daytime = entry.minutes - evening
        total = divide_half_up(rate * entry.minutes, 60)
        if not is_workday(entry.day):
            daytime_extra = self.surcharges.free_day
            evening_extra = max(self.surcharges.free_day, self.surcharges.evening)
        else:
            daytime_extra = 0
            evening_extra = self.surcharges.evening
        total += percent_of(divide_half_up(rate * daytime, 60), daytime_extra)
        total += percent_of(divide_half_up(rate * evening, 60), evening_extra)
        return total


def _with_parents(project):
    """`a/b/c`, `a/b`, `a`."""
    parts = project.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts), 0, -1)]
