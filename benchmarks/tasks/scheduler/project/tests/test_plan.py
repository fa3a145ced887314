from scheduler.plan import critical_path, schedule

NEEDS = {"c": ["a", "b"], "d": ["c"], "e": ["a"]}
MINUTES = {"a": 10, "b": 30, "c": 5, "d": 1, "e": 2}


def test_schedule():
    assert schedule(NEEDS, MINUTES) == {
        "a": (0, 10),
        "b": (0, 30),
        "e": (10, 12),
        "c": (30, 35),
        "d": (35, 36),
    }


def test_critical_path():
    assert critical_path(NEEDS, MINUTES) == ["b", "c", "d"]
    assert critical_path({}, {}) == []
