"""Budgets: how much time a project may take each month, and what is left of it."""

from dataclasses import dataclass

from timebook.workdays import month_bounds


@dataclass(frozen=True)
class Budget:
    project: str
    minutes: int
    """For each month."""

    warn_at: int = 80
    """Percent from which a budget is `close`."""


def used(budget, book, day):
    """Minutes booked on the project in the month of `day`."""
    first, last = month_bounds(day)
    return book.total(project=budget.project, since=first, until=last)


def state(budget, book, day):
    """`fine`, `close` or `over`. A budget that is used up exactly is close, not over."""
    minutes = used(budget, book, day)
    if minutes > budget.minutes:
        return "over"
    if minutes * 100 >= budget.minutes * budget.warn_at:
        return "close"
    return "fine"


def carry_over(budget, used_by_month, most=None):
    """Minutes left after some months, when what is left goes into the next month.

    A month that went over takes from the following ones. `most` bounds what may be carried.
    """
    left = 0
    for minutes in used_by_month:
        left += budget.minutes - minutes
        if most is not None:
            left = min(left, most)
    return left


def forecast(budget, book, day):
    """Minutes at the end of the month if it goes on like this; by calendar days."""
    first, last = month_bounds(day)
    so_far = book.total(project=budget.project, since=first, until=day)
    elapsed = (day - first).days + 1
    length = (last - first).days + 1
    return so_far * length // elapsed
