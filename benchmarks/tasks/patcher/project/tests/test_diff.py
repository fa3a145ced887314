from patcher.diff import common, hunks


def test_common():
    assert common("abcd", "acbd") == [(0, 0), (2, 1), (3, 3)]


def test_hunks():
    assert hunks(list("abcd"), list("axcde")) == [(1, ["b"], ["x"]), (4, [], ["e"])]


def test_no_difference():
    assert hunks(list("abc"), list("abc")) == []
