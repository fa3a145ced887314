"""Half-open intervals as pairs (start, end)."""


def merge(intervals):
    """The same set of points as few intervals, in order; touching ones are joined."""
    merged = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def subtract(intervals, holes):
    """What is left of the intervals without the holes."""
    left = []
    holes = merge(holes)
    for start, end in merge(intervals):
        for hole_start, hole_end in holes:
            if hole_end <= start or hole_start >= end:
                continue
            if hole_start > start:
                left.append((start, hole_start))
            start = hole_end
        if start < end:
            left.append((start, end))
    return left


def length(intervals):
    """Points covered, each counted once."""
    return sum(end - start for start, end in merge(intervals))
