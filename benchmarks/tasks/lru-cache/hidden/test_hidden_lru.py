from lru import LruCache


def test_a_look_does_not_count_as_use():
    cache = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert "a" in cache
    cache.put("c", 3)
    assert cache.keys() == ["b", "c"]


def test_order_after_many_uses():
    cache = LruCache(3)
    for key in "abc":
        cache.put(key, key)
    for key in "bab":
        cache.get(key)
    assert cache.keys() == ["c", "a", "b"]
    assert len(cache) == 3


def test_a_stored_none_is_a_hit():
    cache = LruCache(2)
    cache.put("a", None)
    cache.put("b", 1)
    cache.get("a")
    cache.put("c", 2)
    assert cache.keys() == ["a", "c"]
    assert cache.hits == 1
