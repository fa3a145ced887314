"""A bounded mapping that forgets what was not used for longest."""

from collections import OrderedDict


class LruCache:
    def __init__(self, capacity):
        if capacity < 1:
            raise ValueError("the capacity must be positive")
        self.capacity = capacity
        self.hits = 0
        self.misses = 0
        self._items = OrderedDict()

    def __len__(self):
        return len(self._items)

    def __contains__(self, key):
        return key in self._items

    def get(self, key, default=None):
        """The value; using it makes it the most recent one."""
        if key not in self._items:
            self.misses += 1
            return default
        self.hits += 1
        return self._items[key]

    def put(self, key, value):
        """Set a value; forget the oldest when there are too many."""
        if key in self._items:
            self._items.move_to_end(key)
        self._items[key] = value
        if len(self._items) > self.capacity:
            self._items.popitem(last=False)

    def keys(self):
        """Oldest first."""
        return list(self._items)
