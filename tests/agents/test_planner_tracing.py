"""Tracing real tests in a real sandbox."""

import asyncio
import sys
from pathlib import Path

import pytest

from swarm.agents.planning.tracing import Coverage, Place, trace
from swarm.domain.names import TestId as Id
from swarm.sandbox.public_api import BaseRef, SandboxSpec, open_host
from swarm.testing.workbench import tree_of, write_files
from swarm.tools.public_api import detect_environment

PYTHON = Path(sys.executable)

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": (
        "def price(count):\n    if count > 9:\n        return half(count)\n    return count\n\n\n"
        "def half(count):\n    return count / 3\n"
    ),
    "shop/loops.py": "def forever():\n    while True:\n        pass\n",
    "test_shop.py": (
        "import threading\n"
        "from shop.loops import forever\nfrom shop.prices import price\n"
        "def test_one(): assert price(1) == 1\n"
        "def test_two(): assert price(2) == 2\n"
        "def test_many(): assert price(10) == 5\n"
        "def test_threads():\n"
        "    worker = threading.Thread(target=price, args=(10,))\n"
        "    worker.start(); worker.join()\n"
        "    assert False\n"
        "def test_hangs(): forever()\n"
    ),
}
PRICE = Place("shop/prices.py", "price", 1)
HALF = Place("shop/prices.py", "half", 7)


def traced(folder: Path, failing: tuple[str, ...], passing: tuple[str, ...] = ()) -> Coverage:
    project = write_files(folder / "project", FILES)

    async def once() -> Coverage:
        environment = await detect_environment(
            project, project, python=None, test_command=None, own_python=PYTHON
        )
        host = open_host(folder / "scratch", "unsafe-worktree")
        try:
            spec = SandboxSpec(project, require="unsafe-worktree")
            sandbox = await host.create(spec, BaseRef(project, "t"))
            return await trace(
                sandbox,
                environment,
                tree_of(project),
                failing=tuple(Id(f"test_shop.py::{name}") for name in failing),
                passing=tuple(Id(f"test_shop.py::{name}") for name in passing),
                seconds=120.0,
                nonce="5f0c",
                hangs_after=1.5,
            )
        finally:
            await host.close()

    return asyncio.run(once())


@pytest.mark.thorough
def test_failing_tests_are_told_apart_and_passing_ones_counted(tmp_path: Path) -> None:
    coverage = traced(tmp_path, ("test_many",), ("test_one", "test_two"))
    lines = coverage.failing[Id("test_shop.py::test_many")].lines
    assert {place: sorted(lines[place]) for place in (PRICE, HALF)} == {PRICE: [2, 3], HALF: [8]}
    assert coverage.passing[PRICE] == {2: 2, 4: 2}
    assert HALF not in coverage.passing
    assert coverage.counted == 2


@pytest.mark.thorough
def test_calls_of_threads_are_seen(tmp_path: Path) -> None:
    coverage = traced(tmp_path, ("test_threads",))
    assert HALF in coverage.failing[Id("test_shop.py::test_threads")].lines


@pytest.mark.thorough
def test_a_test_that_hangs_is_traced_as_far_as_it_came(tmp_path: Path) -> None:
    coverage = traced(tmp_path, ("test_hangs", "test_many"), ("test_one",))
    assert (
        Place("shop/loops.py", "forever", 1)
        in coverage.failing[Id("test_shop.py::test_hangs")].lines
    )
    assert coverage.passing[PRICE] == {2: 1, 4: 1}


@pytest.mark.thorough
def test_the_depth_is_that_of_the_longest_chain_of_calls(tmp_path: Path) -> None:
    assert traced(tmp_path, ("test_many",)).failing[Id("test_shop.py::test_many")].depth == 3
