"""Which touch sets can meet."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.market.public_api import overlap
from swarm.market.touch import overlapping


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/a.py", "src/a.py"),
        ("src", "src/a.py"),
        ("src/", "src/deep/a.py"),
        ("./src/a.py", "src/a.py"),
        ("src/*.py", "src/a.py"),
        ("*.py", "src/a.py"),
        ("src/**", "src/deep/a.py"),
        ("src/*/x.py", "src/deep"),
        ("src/*.py", "src/b*"),
        ("**/test_*.py", "tests/test_a.py"),
    ],
)
def test_these_can_meet(one: str, other: str) -> None:
    assert overlap((one,), (other,))
    assert overlap((other,), (one,))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/a.py", "src/b.py"),
        ("src/a", "src/ab"),
        ("src/*.py", "docs/a.py"),
        ("src/*_test.py", "src/a.py"),
        ("src/a*", "src/b*"),
        ("src/**/x.py", "docs/x.py"),
    ],
)
def test_these_cannot_meet(one: str, other: str) -> None:
    assert not overlap((one,), (other,))
    assert not overlap((other,), (one,))


def test_an_empty_set_means_anything_and_meets_everything() -> None:
    assert overlap((), ("src/a.py",))
    assert overlap((), ())


def test_one_common_path_is_enough() -> None:
    assert overlap(("a", "b"), ("c", "b"))
    assert not overlap(("a", "b"), ("c", "d"))


paths = st.lists(
    st.sampled_from(["src", "src/a.py", "src/a/b.py", "./src/a", "lib/", "lib/*.py", "**", "x.py"]),
    max_size=3,
).map(tuple)


@given(st.dictionaries(st.sampled_from("abcd"), paths))
def test_looking_all_pairs_up_finds_what_comparing_them_finds(
    sets: dict[str, tuple[str, ...]],
) -> None:
    pairs = {pair for pair in combinations(sorted(sets), 2) if overlap(*(sets[n] for n in pair))}
    assert set(overlapping(sets)) == pairs
