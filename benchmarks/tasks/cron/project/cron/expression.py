"""A whole expression, and when it comes next."""

from datetime import timedelta

from cron.fields import parse_field

YEARS = 8


class Expression:
    def __init__(self, text):
        fields = text.split()
        if len(fields) != 5:
            raise ValueError("five fields are needed")
        parsed = [parse_field(field, place) for place, field in enumerate(fields)]
        self.minutes, self.hours, self.days, self.months, self.weekdays = parsed
        self.any_day = fields[2].startswith("*")
        self.any_weekday = fields[4].startswith("*")

    def matches_day(self, day):
        """When both day fields are restricted, one of them is enough."""
        if day.month not in self.months:
            return False
        by_day = day.day in self.days
        by_weekday = (day.weekday() + 1) % 7 in self.weekdays
        return by_day and by_weekday

    def matches(self, moment):
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and self.matches_day(moment)
        )

    def following(self, moment):
        """The first matching minute after `moment`. Raises ValueError when none comes."""
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        limit = start.replace(day=1).year + YEARS
        current = start
        while current.year <= limit:
            if not self.matches_day(current):
                current = current + timedelta(days=1)
            elif current.hour not in self.hours:
                current = current.replace(minute=0) + timedelta(hours=1)
            elif current.minute not in self.minutes:
                current += timedelta(minutes=1)
            else:
                return current
        raise ValueError("never")
