"""Reports as plain text: tables, bars and the week at a glance."""

from datetime import timedelta

from timebook.parsing import format_duration
from timebook.rounding import split_cents
from timebook.workdays import week_bounds


def wrap(text, width):
    """Break text into lines of at most `width` characters, longer words on their own line."""
    lines, line = [], ""
    for word in text.split():
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def shorten(text, width):
    """The text, or as much of it as fits with an ellipsis."""
    if len(text) <= width:
        return text
    return text[: width - 1].rstrip() + "…"


def table(rows, header=None, right=()):
    """Columns as wide as their widest cell; columns named in `right` are right-aligned."""
    all_rows = [list(map(str, row)) for row in ([header] if header else []) + list(rows)]
    if not all_rows:
        return ""
    widths = [max(len(row[n]) for row in all_rows) for n in range(len(all_rows[0]))]
    lines = []
    for row in all_rows:
        cells = [
            cell.rjust(widths[n]) if n in right else cell.ljust(widths[n])
            for n, cell in enumerate(row)
        ]
        lines.append("  ".join(cells).rstrip())
    if header:
        lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def bars(totals, width=20):
    """A bar for each name, the largest as wide as `width`; anything above zero shows."""
    largest = max(totals.values(), default=0)
    lines = []
    for name, minutes in totals.items():
        length = max(1, minutes * width // largest) if minutes else 0
        lines.append(f"{name} {'#' * length}".rstrip())
    return lines


def shares(totals):
    """Whole percents that add up to 100 (largest remainder)."""
    if not any(totals.values()):
        return {name: 0 for name in totals}
    return dict(zip(totals, split_cents(100, list(totals.values()))))


def week(book, day):
    """The week of `day`: a line for each day with work, and the sum."""
    monday, sunday = week_bounds(day)
    by_day = book.by_day(since=monday, until=sunday)
    rows = []
    for n in range(7):
        current = monday + timedelta(days=n)
        if current in by_day:
            rows.append((current.strftime("%a %d.%m."), format_duration(by_day[current])))
    rows.append(("Sum", format_duration(sum(by_day.values()))))
    return table(rows, right=(1,))
