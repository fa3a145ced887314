"""Which touch sets can meet."""

import pytest

from swarm.market.public_api import overlap


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
