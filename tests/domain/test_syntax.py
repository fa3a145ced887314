"""Trees of Python's text."""

import ast
import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from swarm.domain.syntax import tree_of

NESTED = "\n".join(f"def f{n}(a, b=[{n}]):\n    return a.x[{n}](b)(a).c.d.e" for n in range(40))


class Circle:
    """Only the collector ends it, and runs code then: where other threads may go on."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        sum(range(200))


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads and the collector take turns as often as they can."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(1)
    yield
    sys.setswitchinterval(interval)
    gc.set_threshold(*threshold)


def grown(times: int) -> set[str]:
    trees = []
    for _ in range(times):
        [Circle() for _ in range(5)]
        trees.append(ast.dump(tree_of(NESTED)))
    return set(trees)


def test_threads_may_ask_for_trees_at_once(restless: None) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(grown, [20] * 4))
    assert set().union(*found) == {ast.dump(ast.parse(NESTED))}
