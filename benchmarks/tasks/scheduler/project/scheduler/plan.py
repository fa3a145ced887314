"""When each job begins and ends with any number of workers."""

from scheduler.graph import order


def schedule(needs, minutes):
    """Pairs (start, end) by name: each job starts as soon as all it needs has ended."""
    times = {}
    for name in order(needs):
        start = max((times[before][1] for before in needs.get(name, ())), default=0)
        times[name] = (start, start + minutes[name])
    return times


def critical_path(needs, minutes):
    """The chain of jobs that decides when everything is done."""
    times = schedule(needs, minutes)
    if not times:
        return []
    path = [min(times, key=lambda name: (-times[name][1], name))]
    while True:
        start = times[path[0]][0]
        before = sorted(b for b in needs.get(path[0], ()) if times[b][1] == start)
        if not before:
            return path
        path.insert(0, before[0])
