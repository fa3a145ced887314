"""What comparing plausible patches by their behaviour says for and against each.

All of them pass the tests. What is wrong with a wrong one shows where no test looks: it changes results
that nobody asked to have changed, or gives results of a kind that the function never gave. And wrong
patches are wrong each in its own way, while right ones, however written, do the same; so those agree
(clustering by behaviour: Li et al., "Competition-Level Code Generation with AlphaCode", 2022).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from swarm.engines.repair.progress import Plausible, Weighed

_PPM = 1_000_000
Words = Sequence[str]


def weigh(plausible: Sequence[Plausible], answer: Mapping[str, Any]) -> tuple[Weighed | None, ...]:
    """One for each plausible patch, from the worker's answer; None where nothing could be asked."""
    origins: Sequence[str] = answer["origins"]
    words: Sequence[Words] = answer["words"]
    if len(words) != len(plausible) + 2 or not origins:
        return (None,) * len(plausible)
    base, again, *patched = words
    steady = [k for k in range(min(len(base), len(again))) if base[k] == again[k]]
    known = _kinds(base, origins, steady, patched)
    return tuple(
        _weighed(base, mine, origins, steady, known, _agreeing(k, plausible, patched, steady))
        for k, mine in enumerate(patched)
    )


def _kind(word: str) -> str:
    return word.split(" ")[0]


def _kinds(
    base: Words, origins: Sequence[str], steady: Sequence[int], patched: Sequence[Words]
) -> set[str]:
    """Kinds of results that are nothing special: the base's, and those that all patches agree on."""
    known = {_kind(base[k]) for k in steady if origins[k] == "passing"}
    for k in steady:
        if origins[k] == "failing":
            asked = {_kind(mine[k]) if k < len(mine) else "" for mine in patched}
            known |= asked if len(asked) == 1 else set()
    return known


def _weighed(
    base: Words,
    mine: Words,
    origins: Sequence[str],
    steady: Sequence[int],
    known: set[str],
    agreeing: int,
) -> Weighed | None:
    if not mine:
        return None
    changed = {k for k in steady if k >= len(mine) or mine[k] != base[k]}
    odd = {k for k in changed if k >= len(mine) or _kind(mine[k]) not in known}
    odd -= {k for k in odd if k < len(mine) and _kind(mine[k]) == _kind(base[k])}

    def share(of: set[int], *kinds: str) -> int:
        here = [k for k in steady if origins[k] in kinds]
        return _PPM * sum(k in of for k in here) // max(len(here), 1)

    return Weighed(
        recorded=share(changed, "passing"),
        near=share(changed, "near"),
        odd=share(odd, "passing", "near"),
        agreeing=agreeing,
    )


def _agreeing(
    position: int, plausible: Sequence[Plausible], patched: Sequence[Words], steady: Sequence[int]
) -> int:
    """The share of the contested calls in which it comes to the same as another one, on average.

    Changes of one kind in one line are hardly independent: together they count once.
    """
    contested = [k for k in steady if len({_word(words, k) for words in patched if words}) > 1]
    if not contested:
        return _PPM
    mine = plausible[position]
    alike: dict[tuple[str, int, str], list[int]] = {}
    for other, words in zip(plausible, patched, strict=True):
        group = _family(other)
        if words and group != _family(mine):
            same = sum(_word(words, k) == _word(patched[position], k) for k in contested)
            alike.setdefault(group, []).append(_PPM * same // len(contested))
    means = [sum(each) // len(each) for each in alike.values()]
    return sum(means) // max(len(means), 1)


def _family(plausible: Plausible) -> tuple[str, int, str]:
    """A slip undone in one place and everywhere in a statement is the same slip."""
    return plausible.path, plausible.line, plausible.label.split(" (")[0]


def _word(words: Words, k: int) -> str:
    return words[k] if k < len(words) else ""
