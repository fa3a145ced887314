"""A round of search on several processors comes to what it comes to on one."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.engines.port import Submission
from swarm.engines.repair.worker.shares import Bound, behind_all, in_shares, merged, shared_out
from swarm.engines.repair.worker.tallies import Tally
from tests.engines.conftest import Builder

counts = st.integers(0, 40)
cores = st.integers(1, 4)
blocks = st.integers(1, 5)


@given(counts, cores, blocks)
def test_every_candidate_is_in_one_share_and_shares_keep_the_order(
    count: int, cores: int, block: int
) -> None:
    shares = shared_out(count, cores, block)
    assert sorted(place for share in shares for place in share) == list(range(count))
    assert all(share == sorted(share) for share in shares)


@given(counts, cores, blocks, st.data())
def test_what_is_behind_without_a_gap_is_settled(
    count: int, cores: int, block: int, data: st.DataObject
) -> None:
    shares = shared_out(count, cores, block)
    done = [data.draw(st.integers(0, len(share))) for share in shares]
    settled = {place for share, n in zip(shares, done, strict=True) for place in share[:n]}
    behind = behind_all(shares, done, count)
    assert set(range(behind)) <= settled
    assert behind == count or behind not in settled


def a_tally(*indices: int, enough_at: int | None = None) -> Tally:
    found = [{"index": index} for index in indices]
    return Tally(tried=len(indices), plausible=found, enough_at=enough_at)


@given(st.permutations([a_tally(3, 9), a_tally(1, enough_at=8), a_tally(4, 7, enough_at=20)]))
def test_it_does_not_matter_which_processor_was_first(tallies: list[Tally]) -> None:
    both = merged(tallies)
    assert [each["index"] for each in both.plausible] == [1, 3, 4, 7]
    assert (both.tried, both.enough_at) == (5, 8)


def test_all_processors_work_and_are_gone_afterwards() -> None:
    bound = Bound(None)

    def work(indices: list[int], _: object) -> tuple[Tally, int]:
        bound.lower(indices[0])
        return Tally(tried=len(indices), seen=[str(os.getpid())]), len(indices)

    told, behind = in_shares(3, list(range(10, 20)), work, lambda *_: None, block=1)
    assert (told.tried, behind, bound.index) == (10, 10, 10)
    assert len({*told.seen, str(os.getpid())}) == 4
    for process in told.seen:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)


def test_a_processor_that_breaks_is_said_to_have_broken() -> None:
    def work(indices: list[int], _: object) -> tuple[Tally, int]:
        raise ValueError(f"broke at {indices[0]}")

    with pytest.raises(RuntimeError, match="broke at"):
        in_shares(2, [0, 1], work, lambda *_: None, block=1)


SLOW = """\
import time

def area(width, height):
    time.sleep(0.02)
    return width + height
"""
SLOW_TESTS = "from area import area\ndef test_it(): assert area(3, 4) == 12\n"


@pytest.mark.thorough
def test_two_processors_find_the_same_patch_as_one(workshop: Builder) -> None:
    files = {"area.py": SLOW, "test_it.py": SLOW_TESTS}
    shop = workshop(files, {"test_it.py::test_it": "failed"})
    ends = [shop.repair(cores=cores)[-1] for cores in (1, 2)]
    assert all(isinstance(end, Submission) for end in ends)
    assert len({end.changes for end in ends if isinstance(end, Submission)}) == 1
