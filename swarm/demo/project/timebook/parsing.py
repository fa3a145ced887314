"""Read what people type: durations, clock times, dates and tags.

Durations and clock times are whole minutes everywhere else in the library; this is the only
module that knows how they are written.
"""

import re
from datetime import date, timedelta

MINUTES_PER_DAY = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_HOURS_AND_MINUTES = re.compile(r"(?:(\d+)\s*h)?\s*(?:(\d+)\s*m?)?")
_DECIMAL_HOURS = re.compile(r"(\d+)[.,](\d+)\s*h?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?")
_TAG = re.compile(r"(?<!\S)#([\w-]+)")


def parse_duration(text):
    """Minutes in a duration: `1h30`, `1h 30m`, `1.5h`, `90m`, `90` or `1:30`."""
    cleaned = text.strip().lower()
    if not cleaned:
        raise ValueError("empty duration")
    if ":" in cleaned:
        hours, minutes = cleaned.split(":", 1)
        return _checked_minutes(int(hours), int(minutes))
    decimal = _DECIMAL_HOURS.fullmatch(cleaned)
    if decimal:
        fraction = int(decimal.group(2)) / 10 ** len(decimal.group(2))
        return int(decimal.group(1)) * 60 + round(fraction * 60)
    match = _HOURS_AND_MINUTES.fullmatch(cleaned)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    hours, minutes = match.group(1), match.group(2)
    if hours is None:
        return int(minutes)
    return _checked_minutes(int(hours), int(minutes or 0))


def _checked_minutes(hours, minutes):
    if minutes >= 60:
        raise ValueError(f"{minutes} minutes do not fit into an hour")
    return hours * 60 + minutes


def format_duration(minutes):
    """The short form: `1h30`, `2h`, `45m`, `-1h05`."""
    sign = "-" if minutes < 0 else ""
    hours, rest = divmod(abs(minutes), 60)
    if hours == 0:
        return f"{sign}{rest}m"
    if rest == 0:
        return f"{sign}{hours}h"
    return f"{sign}{hours}h{rest:02d}"


def parse_clock(text):
    """Minutes since midnight for `9`, `9:05` or `17.30`; `24:00` is the end of the day."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a clock time: {text!r}")
    hours, minutes = int(match.group(1)), int(match.group(2) or 0)
    if minutes > 59 or hours * 60 + minutes > MINUTES_PER_DAY:
        raise ValueError(f"no such time of day: {text!r}")
    return hours * 60 + minutes


def format_clock(minutes):
    hours, rest = divmod(minutes, 60)
    return f"{hours:02d}:{rest:02d}"


def parse_date(text, today):
    """A date as `2024-03-01`, `1.3.2024`, `1.3.`, `today`, `yesterday` or a weekday's name.

    A weekday means the last such day before today; on a Monday, `mon` is a week ago.
    """
    cleaned = text.strip().lower()
    if cleaned == "today":
        return today
    if cleaned == "yesterday":
        return today - timedelta(days=1)
    if cleaned[:3] in WEEKDAYS:
        back = (today.weekday() - WEEKDAYS.index(cleaned[:3])) % 7
        return today - timedelta(days=back or 7)
    if "-" in cleaned:
        return date.fromisoformat(cleaned)
    parts = cleaned.rstrip(".").split(".")
    if len(parts) == 2:
        parts.append(str(today.year))
    day, month, year = (int(part) for part in parts)
    return date(year, month, day)


def split_tags(text):
    """Take `#tags` out of a note; return the note without them, and the tags in order."""
    tags = []
    for tag in _TAG.findall(text):
        if tag.lower() not in tags:
            tags.append(tag.lower())
    return " ".join(_TAG.sub("", text).split()), tuple(tags)
