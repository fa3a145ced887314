import pytest

from lru import LruCache


def filled(*keys, capacity=3):
    cache = LruCache(capacity)
    for key in keys:
        cache.put(key, key.upper())
    return cache


def test_keeps_no_more_than_its_capacity():
    assert filled("a", "b", "c", "d").keys() == ["b", "c", "d"]


def test_used_value_stays():
    cache = filled("a", "b", "c")
    assert cache.get("a") == "A"
    cache.put("d", "D")
    assert cache.keys() == ["c", "a", "d"]


def test_set_again_counts_as_used():
    cache = filled("a", "b", "c")
    cache.put("a", "new")
    assert cache.keys() == ["b", "c", "a"]
    assert cache.get("a") == "new"


def test_default_and_counts():
    cache = filled("a")
    assert cache.get("z", 7) == 7
    assert cache.get("a") == "A"
    assert (cache.hits, cache.misses) == (1, 1)


def test_no_capacity():
    with pytest.raises(ValueError):
        LruCache(0)
