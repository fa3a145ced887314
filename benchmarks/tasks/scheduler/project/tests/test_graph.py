import pytest

from scheduler.graph import Cycle, needed_by, order

HOUSE = {"roof": ["walls"], "walls": ["floor"], "door": ["walls"], "paint": ["roof", "door"]}


def test_order():
    assert order(HOUSE) == ["floor", "walls", "door", "roof", "paint"]


def test_all_needs_must_be_done():
    assert order({"a": ["z", "b"], "b": [], "z": []}) == ["b", "z", "a"]


def test_ties_by_name():
    assert order({"b": [], "a": [], "c": []}) == ["a", "b", "c"]


def test_cycle():
    with pytest.raises(Cycle, match="a, b"):
        order({"a": ["b"], "b": ["a"], "c": []})


def test_needed_by():
    assert needed_by(HOUSE, "walls") == {"roof", "door", "paint"}
    assert needed_by(HOUSE, "paint") == set()
