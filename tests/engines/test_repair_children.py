"""Children that run code under test: what ends them."""

import signal
import time

import pytest

from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory

MEMORY = 1 << 30


def test_a_child_that_rests_is_ended_after_its_patience() -> None:
    def work(tell: Tell) -> None:
        tell("begun")
        signal.pause()

    limit = own_memory() + MEMORY
    tries = (in_child(work, patience, limit) for patience in (0.3, 3.0, 30.0))
    ended = next(each for each in tries if each.lines)  # a busy machine may not even let it begin
    assert (ended.how, ended.lines) == ("timeout", ["begun"])


def test_a_child_that_computes_is_ended_by_its_own_limit() -> None:
    def work(tell: Tell) -> None:
        limit_cpu(0.2)
        while True:
            pass

    assert in_child(work, 5.0, own_memory() + MEMORY).how == "timeout"


@pytest.mark.thorough
def test_a_child_that_computes_without_a_limit_is_ended_all_the_same() -> None:
    began = time.monotonic()

    def work(tell: Tell) -> None:
        while True:
            pass

    assert in_child(work, 0.2, own_memory() + MEMORY).how == "timeout"
    assert time.monotonic() - began >= 0.2
