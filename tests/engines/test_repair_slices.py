"""Lines that the same tests run are told apart by where values came from."""

from swarm.engines.repair.worker.flowing import nearness
from swarm.engines.repair.worker.sources import Source

SHOP = b"""\
class Till:
    def __init__(self, rate):
        self.rate = rate
        self.name = "till"

    def total(self, prices):
        found = sum(prices)
        unused = len(prices)
        if self.rate:
            found += self.rate
        return found
"""
TEST = b"from shop import Till\n\ndef test_it():\n    assert Till(1).total([2]) == 4\n"


def near() -> dict[tuple[str, int], float]:
    sources = {"shop.py": Source("shop.py", SHOP), "test_it.py": Source("test_it.py", TEST)}
    return nearness(sources, [("test_it.py", 4)])


def test_what_a_called_method_returns_is_near_the_assertion() -> None:
    found = near()
    assert found["test_it.py", 4] == 1.0
    assert found["shop.py", 11] == max(v for (path, _), v in found.items() if path == "shop.py")


def test_values_are_followed_through_names_attributes_and_conditions() -> None:
    found = near()
    assert found["shop.py", 11] > found["shop.py", 7] > found["shop.py", 9]
    assert found["shop.py", 9] == found["shop.py", 3] > 0


def test_lines_that_give_the_failure_nothing_are_left_out() -> None:
    found = near()
    assert ("shop.py", 8) not in found
    assert ("shop.py", 4) not in found
