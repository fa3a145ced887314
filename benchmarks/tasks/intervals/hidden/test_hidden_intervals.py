from itertools import product

from intervals import length, merge, subtract

SMALL = [(a, b) for a in range(4) for b in range(4)]


def points(intervals):
    return {n for start, end in intervals for n in range(start, end)}


def test_merged_intervals_hold_the_same_points():
    for one, other in product(SMALL, SMALL):
        merged = merge([one, other])
        assert points(merged) == points([one, other])
        assert all(a[1] < b[0] for a, b in zip(merged, merged[1:]))
        assert length([one, other]) == len(points([one, other]))


def test_subtract_takes_the_points_away():
    for one, other in product(SMALL, SMALL):
        assert points(subtract([one], [other])) == points([one]) - points([other])
