import itertools

import pytest

from scheduler.graph import Cycle, order


def test_each_comes_after_all_it_needs():
    names = "abcd"
    pairs = [(a, b) for a in names for b in names if a != b]
    for chosen in itertools.combinations(pairs, 3):
        needs = {name: [b for a, b in chosen if a == name] for name in names}
        try:
            done = order(needs)
        except Cycle:
            continue
        assert sorted(done) == list(names)
        assert all(done.index(b) < done.index(a) for a, b in chosen)


def test_a_cycle_behind_a_finished_job_is_found():
    with pytest.raises(Cycle, match="b, c"):
        order({"b": ["a", "c"], "c": ["b"], "a": []})
