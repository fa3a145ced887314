"""The book: all entries of one person, without overlaps."""

from timebook.entries import matches, overlaps


class Overlap(ValueError):
    """The new entry claims time that is already taken."""


class Book:
    def __init__(self, entries=()):
        self._entries = []
        for entry in entries:
            self.add(entry)

    def __len__(self):
        return len(self._entries)

    def __iter__(self):
        return iter(self._entries)

    def add(self, entry):
        """Add an entry, keeping the book in order of time. Raises Overlap."""
        for other in self._entries:
            if overlaps(entry, other):
                raise Overlap(f"{entry.project} overlaps {other.project} on {other.day}")
        self._entries.append(entry)
        self._entries.sort(key=lambda each: (each.day, each.start))

    def remove(self, entry):
        self._entries.remove(entry)

    def select(self, **filters):
        """Entries that pass the filters of `timebook.entries.matches`."""
        return [entry for entry in self._entries if matches(entry, **filters)]

    def total(self, **filters):
        """Minutes of the selected entries."""
        return sum(entry.minutes for entry in self.select(**filters))

    def by_project(self, depth=None, **filters):
        """Minutes per project, largest first; with `depth`, sub-projects are added up."""
        totals = {}
        for entry in self.select(**filters):
            name = "/".join(entry.project.split("/")[:depth])
            totals[name] = totals.get(name, 0) + entry.minutes
        return dict(sorted(totals.items(), key=lambda item: (-item[1], item[0])))

    def by_day(self, **filters):
        """Minutes per day, in order."""
        totals = {}
        for entry in self.select(**filters):
            totals[entry.day] = totals.get(entry.day, 0) + entry.minutes
        return totals

    def gaps(self, day, shortest=1):
        """Pairs (start, end) between the entries of a day where nothing is noted."""
        found = []
        free_from = None
        for entry in self.select(since=day, until=day):
            if free_from is not None and entry.start - free_from >= shortest:
                found.append((free_from, entry.start))
            free_from = entry.end
        return found

    def longest_streak(self):
        """The largest number of days in a row with at least one entry."""
        best = run = 0
        previous = None
        for day in self.by_day():
            if previous is not None and (day - previous).days == 1:
                run += 1
            else:
                run = 1
            best = max(best, run)
            previous = day
        return best

    def last(self, project=None):
        """The latest entry, or None when there is none."""
        selected = self.select(project=project)
        return selected[-1] if selected else None
