"""How many candidates a second are tried, in a small program and in a project of 10,000 lines and 500 tests.

Run as `python -m benchmarks.repair.rates [SECONDS] [CORES]`. The one failing test asks for what no candidate gives, so
the search goes through all it can think of. Starting pytest and collecting the suite, which every stage
does anew, is counted in; a second is one of the processor. With CORES, the same search by one processor and
by so many, in turn: candidates by the clock, as a ratio.
"""

import asyncio
import sys

from benchmarks.repair.attempts import attempt
from swarm.bench.public_api import BenchTask

_FUNCTION = '''
def step{n}(items, limit, start=0):
    """Sum of what is below the limit, each weighed by its place."""
    total = start
    kept = []
    for place, item in enumerate(items):
        if item < limit and place >= start:
            total += item * (place + {n})
            kept.append(item)
        elif item == limit:
            total -= place
    if not kept:
        return start
    best = max(kept) - min(kept)
    while best > limit and kept:
        best -= kept.pop()
    return total + best


'''
_TEST = """
def test_step{n}():
    assert step{n}([1, 2, 3, 9], 5) == {right}
"""


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if len(sys.argv) > 2:
        _compare(seconds, int(sys.argv[2]))
        return
    for name, modules, functions in (("small", 1, 5), ("10,000 lines", 50, 10)):
        task = _task(name, modules, functions)
        lines = sum(data.count(b"\n") for data in task.files.values())
        measured = asyncio.run(attempt(task, strategies=("templates",), seconds=seconds))
        (tried,) = measured.strategies
        rate = tried.tried / max(tried.search_cpu, 0.01)
        print(
            f"{name}: {lines} lines, {modules * functions} tests: {tried.tried} candidates in "
            f"{tried.search_cpu:.1f} processor seconds, {rate:.0f} a second"
        )


def _compare(seconds: int, cores: int) -> None:
    """In the large project, with a failing test of some milliseconds: so the search is more than its
    beginning.
    """
    rates: dict[int, float] = {}
    for each in (1, cores):
        task = _task("10,000 lines", 50, 10, calls=2000)
        measured = asyncio.run(
            attempt(task, strategies=("templates",), seconds=seconds, cores=each)
        )
        (tried,) = measured.strategies
        rates[each] = tried.tried / max(tried.search_seconds, 0.01)
        print(
            f"{each} processor(s): {tried.tried} candidates in {tried.search_seconds:.1f} s and "
            f"{tried.search_cpu:.1f} processor seconds"
        )
    print(f"ratio: {rates[cores] / rates[1]:.2f}")


def _task(name: str, modules: int, functions: int, calls: int = 1) -> BenchTask:
    """Every test passes but the last, which asks so often for a number that nothing comes to."""
    files: dict[str, bytes] = {}
    for m in range(modules):
        numbers = range(m * functions, (m + 1) * functions)
        names = ", ".join(f"step{n}" for n in numbers)
        files[f"part{m}.py"] = "".join(_FUNCTION.format(n=n) for n in numbers).encode()
        tests = "".join(_TEST.format(n=n, right=_right(n)) for n in numbers)
        files[f"test_part{m}.py"] = f"from part{m} import {names}\n{tests}".encode()
    last = f"test_part{modules - 1}.py"
    called = f"step{modules * functions - 1}([1, 4], 3)"
    impossible = (
        "\n\ndef test_impossible():\n"
        f"    assert {{{called} for _ in range({calls})}} == {{123456}}\n"
    )
    files[last] += impossible.encode()
    return BenchTask(
        name=name,
        suite="rates",
        goal="fix the failing tests",
        level="easy",
        description="",
        expected="impossible",
        files=files,
    )


def _right(n: int) -> int:
    items, limit = [1, 2, 3, 9], 5
    below = [(place, item) for place, item in enumerate(items) if item < limit]
    return sum(item * (place + n) for place, item in below) + 2


if __name__ == "__main__":
    main()
