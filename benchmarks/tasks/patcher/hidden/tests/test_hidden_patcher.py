from itertools import product

from patcher.apply import apply, reverse
from patcher.diff import hunks

TEXTS = [list(text) for n in range(5) for text in product("ab", repeat=n)]


def test_a_difference_applied_gives_the_other_text():
    assert all(apply(a, hunks(a, b)) == b for a in TEXTS for b in TEXTS)


def test_undone_it_gives_the_first():
    assert all(apply(b, reverse(hunks(a, b))) == a for a in TEXTS for b in TEXTS)
