"""The text format: one entry a line, readable and easy to edit by hand.

    2024-03-01 09:00-10:30 acme/website | fix the menu #bug
    2024-03-01 11:00-11:30 ~office | mail        (a tilde: not billable)

Empty lines and lines that begin with `;` are left alone.
"""

import csv
import io
from datetime import date

from timebook.entries import Entry
from timebook.parsing import format_clock, parse_clock, split_tags


class BadLine(ValueError):
    """A line that cannot be read; says which one."""

    def __init__(self, number, reason):
        super().__init__(f"line {number}: {reason}")
        self.number = number


def read_line(line):
    """The entry on a line, or None when there is none on it."""
    stripped = line.strip()
    if not stripped or stripped.startswith(";"):
        return None
    head, _, note = stripped.partition("|")
    fields = head.split()
    if len(fields) != 3:
        raise ValueError("expected: day start-end project | note")
    day, span, project = fields
    start, _, end = span.partition("-")
    billable = not project.startswith("~")
    text, tags = split_tags(note)
    return Entry(
        day=date.fromisoformat(day),
        start=parse_clock(start),
        end=parse_clock(end),
        project=project.lstrip("~").lower(),
        note=text,
        tags=tags,
        billable=billable,
    )


def write_line(entry):
    tilde = "" if entry.billable else "~"
    span = f"{format_clock(entry.start)}-{format_clock(entry.end)}"
    note = " ".join([entry.note, *(f"#{tag}" for tag in entry.tags)]).strip()
    line = f"{entry.day.isoformat()} {span} {tilde}{entry.project}"
    return f"{line} | {note}" if note else line


def load(text):
    """All entries of a text. Raises BadLine with the number of the first bad line."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = read_line(line)
        except ValueError as error:
            raise BadLine(number, error) from error
        if entry is not None:
            entries.append(entry)
    return entries


def dump(entries):
    """The text of some entries, with an empty line between days."""
    lines = []
    previous = None
    for entry in entries:
        if previous is not None and entry.day != previous:
            lines.append("")
        lines.append(write_line(entry))
        previous = entry.day
    return "\n".join(lines) + "\n" if lines else ""


def export_csv(entries, decimal=","):
    """Semicolon-separated values with hours in decimals, as spreadsheets here expect them."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(["day", "project", "hours", "billable", "note"])
    for entry in entries:
        hours = f"{entry.minutes / 60:.2f}".replace(".", decimal)
        answer = "yes" if entry.billable else "no"
        writer.writerow([entry.day.isoformat(), entry.project, hours, answer, entry.note])
    return out.getvalue()
