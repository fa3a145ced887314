from intervals import length, merge, subtract


def test_overlapping_intervals_are_merged():
    assert merge([(5, 8), (1, 4), (3, 6)]) == [(1, 8)]


def test_touching_intervals_are_joined():
    assert merge([(1, 3), (3, 5)]) == [(1, 5)]


def test_contained_intervals_vanish():
    assert merge([(1, 10), (2, 3)]) == [(1, 10)]


def test_empty_intervals_vanish():
    assert merge([(2, 2), (4, 3)]) == []


def test_subtract():
    assert subtract([(0, 10)], [(2, 3), (5, 12)]) == [(0, 2), (3, 5)]
    assert subtract([(0, 4)], []) == [(0, 4)]


def test_length():
    assert length([(0, 2), (1, 3), (10, 11)]) == 4
