import pytest

from patcher.apply import Conflict, apply, reverse
from patcher.diff import hunks

OLD = list("abcdefgh")
NEW = list("xxabdeyygz")


def test_one_hunk():
    assert apply(OLD, [(1, ["b"], ["x", "y"])]) == list("axycdefgh")


def test_several_hunks():
    assert apply(OLD, hunks(OLD, NEW)) == NEW


def test_two_insertions():
    assert apply(list("abc"), [(0, [], ["1", "2"]), (1, [], ["3"]), (2, [], ["4"])]) == list("12a3b4c")


def test_undo():
    assert apply(NEW, reverse(hunks(OLD, NEW))) == OLD


def test_conflict():
    with pytest.raises(Conflict, match="line 2"):
        apply(OLD, [(1, ["z"], [])])
