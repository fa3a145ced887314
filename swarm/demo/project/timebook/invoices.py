"""Invoices: lines from entries, discount, tax, due dates and reminders."""

from dataclasses import dataclass
from datetime import date, timedelta

from timebook.rounding import percent_of, round_minutes
from timebook.workdays import add_workdays, is_workday


@dataclass(frozen=True)
class Line:
    text: str
    minutes: int
    cents: int


@dataclass(frozen=True)
class Invoice:
    number: str
    issued: date
    lines: tuple
    discount: float = 0
    """Percent off the sum of the lines."""

    tax: float = 19
    """Percent, on what is left after the discount."""

    days_to_pay: int = 14

    @property
    def net(self):
        total = sum(line.cents for line in self.lines)
        return total - percent_of(total, self.discount)

    @property
    def gross(self):
        return self.net + percent_of(self.net, self.tax)

    @property
    def due(self):
        """The last day to pay; moved to the next working day when it is none."""
        day = self.issued + timedelta(days=self.days_to_pay)
        return day if is_workday(day) else add_workdays(day, 1)


def lines_for(entries, rates, step=15):
    """One line for each project, in order of name; minutes rounded up once per project."""
    minutes, cents = {}, {}
    for entry in entries:
        if not entry.billable:
            continue
        minutes[entry.project] = minutes.get(entry.project, 0) + entry.minutes
        cents[entry.project] = cents.get(entry.project, 0) + rates.charge(entry)
    return tuple(
        Line(project, round_minutes(minutes[project], step, "up"), cents[project])
        for project in sorted(minutes)
    )


def next_number(existing, year):
    """The number after the highest one of that year: `2024-007`."""
    prefix = f"{year}-"
    taken = [int(number[len(prefix) :]) for number in existing if number.startswith(prefix)]
    return f"{prefix}{max(taken, default=0) + 1:03d}"


def reminder_level(invoice, today, paid=False):
    """0 while there is time; 1 when overdue, then one more for every 14 days, at most 3."""
    if paid or today <= invoice.due:
        return 0
    late = (today - invoice.due).days
    return min(3, 1 + late // 14)


def outstanding(invoices, payments):
    """What is still to be paid, by number; paid invoices are left out.

    `payments` are pairs (number, cents); an invoice may be paid in parts.
    """
    left = {invoice.number: invoice.gross for invoice in invoices}
    for number, cents in payments:
        if number not in left:
            raise LookupError(f"payment for an unknown invoice: {number}")
        left[number] -= cents
    return {number: cents for number, cents in left.items() if cents > 0}
