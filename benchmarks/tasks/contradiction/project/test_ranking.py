from ranking import places, podium


def test_places():
    assert places({"a": 10, "b": 30, "c": 20}) == {"a": 3, "b": 1, "c": 2}


def test_equal_points_share_the_better_place():
    assert places({"a": 10, "b": 10, "c": 5}) == {"a": 1, "b": 1, "c": 3}


def test_no_place_is_left_out_after_a_tie():
    assert places({"a": 10, "b": 10, "c": 5}) == {"a": 1, "b": 1, "c": 2}


def test_podium():
    assert podium({"a": 1, "b": 4, "c": 3, "d": 2}) == ["b", "c", "d"]
