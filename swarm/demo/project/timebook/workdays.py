"""Working days, weeks, months and public holidays."""

from datetime import date, timedelta

FIXED_HOLIDAYS = ((1, 1), (5, 1), (12, 25), (12, 26))


def easter(year):
    """Easter Sunday in the Gregorian calendar (the anonymous algorithm of 1876)."""
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def holidays(year):
    """Public holidays of a year, in order: the fixed ones, Good Friday and Easter Monday."""
    sunday = easter(year)
    days = [date(year, month, day) for month, day in FIXED_HOLIDAYS]
    days.append(sunday - timedelta(days=2))
    days.append(sunday + timedelta(days=1))
    return sorted(days)


def is_workday(day, closed=()):
    """Monday to Friday, no public holiday, and not one of the `closed` days."""
    return day.weekday() < 5 and day not in holidays(day.year) and day not in closed


def add_workdays(day, count, closed=()):
    """The working day that is `count` working days after `day` (before it when negative)."""
    step = timedelta(days=1 if count >= 0 else -1)
    left = abs(count)
    while left > 0:
        day += step
        if is_workday(day, closed):
            left -= 1
    return day


def count_workdays(first, last, closed=()):
    """Working days from `first` to `last`, both included."""
    days = (last - first).days + 1
    return sum(is_workday(first + timedelta(days=n), closed) for n in range(days))


def week_bounds(day):
    """Monday and Sunday of the week of `day`."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def month_bounds(day):
    """The first and the last day of the month of `day`."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following - timedelta(days=1)


def quarter(day):
    """A label like `2024-Q2`."""
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def expected_minutes(first, last, per_day=480, closed=()):
    """Minutes that a full-time person works in this period."""
    return count_workdays(first, last, closed) * per_day
