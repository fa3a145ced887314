"""One stretch of work: when, for which project, and what was done."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

MINUTES_PER_DAY = 24 * 60


@dataclass(frozen=True)
class Entry:
    """Work on `day` from `start` to `end`, both in minutes since midnight.

    An entry whose end is not after its start runs past midnight.
    """

    day: date
    start: int
    end: int
    project: str
    note: str = ""
    tags: tuple = ()
    billable: bool = True

    def __post_init__(self):
        if not 0 <= self.start < MINUTES_PER_DAY:
            raise ValueError(f"start is not within the day: {self.start}")
        if not 0 < self.end <= MINUTES_PER_DAY:
            raise ValueError(f"end is not within the day: {self.end}")

    @property
    def over_midnight(self):
        return self.end <= self.start

    @property
    def minutes(self):
        if self.over_midnight:
            return MINUTES_PER_DAY - self.start + self.end
        return self.end - self.start


def split_at_midnight(entry):
    """One or two entries, none of which runs past midnight."""
    if not entry.over_midnight:
        return (entry,)
    evening = replace(entry, end=MINUTES_PER_DAY)
    morning = replace(entry, day=entry.day + timedelta(days=1), start=0)
    return (evening, morning)


def overlaps(one, other):
    """True when some minute belongs to both. Touching ends do not overlap."""
    for a in split_at_midnight(one):
        for b in split_at_midnight(other):
            if a.day == b.day and a.start < b.end and b.start < a.end:
                return True
    return False


def matches(entry, project=None, tag=None, since=None, until=None):
    """Does the entry pass every filter that is given? Both days are included.

    A project matches its sub-projects: `acme` matches `acme/website` but not `acmeworks`.
    """
    if project is not None:
        if entry.project != project and not entry.project.startswith(project + "/"):
            return False
    if tag is not None and tag not in entry.tags:
        return False
    if since is not None and entry.day < since:
        return False
    return until is None or entry.day <= until


def merge_adjacent(entries, gap=0):
    """Join entries of one day, project and note that are at most `gap` minutes apart."""
    merged = []
    for entry in sorted(entries, key=lambda each: (each.day, each.start)):
        last = merged[-1] if merged else None
        if last is not None and _continues(last, entry, gap):
            merged[-1] = replace(last, end=max(last.end, entry.end))
        else:
            merged.append(entry)
    return merged


def _continues(last, entry, gap):
    same = (last.day, last.project, last.note, last.billable) == (
        entry.day,
        entry.project,
        entry.note,
        entry.billable,
    )
    return same and not entry.over_midnight and entry.start - last.end <= gap
