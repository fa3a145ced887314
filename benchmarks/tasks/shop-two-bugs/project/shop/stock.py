"""What is on the shelves."""


class OutOfStock(Exception):
    pass


class Stock:
    def __init__(self, **amounts):
        self.amounts = dict(amounts)
        self.reserved = {}

    def available(self, item):
        return self.amounts.get(item, 0) - self.reserved.get(item, 0)

    def reserve(self, item, count):
        if count > self.available(item):
            raise OutOfStock(item)
        self.reserved[item] = count

    def ship(self, item, count):
        """Take reserved goods out."""
        if count > self.reserved.get(item, 0):
            raise OutOfStock(item)
        self.reserved[item] -= count
        self.amounts[item] -= count

    def low(self, below=5):
        """Items of which fewer than `below` are available, by name."""
        return sorted(item for item in self.amounts if self.available(item) < below)
