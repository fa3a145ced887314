"""What a task is worth when a given bid is tried first and the rest follow in their order.

The policy "highest index first, stop at the first acceptance" has the value W = net + (1 - a) W', read
from the back. For the bid that is begun with, W' is the value of all the others in order. The others'
chances are taken as they stand: that a failure lowers them enters at the next clearing. Hence the values
of several agents of one kind are somewhat high; the order among them is not touched by that.

Exact integers in units of 1/`SCALE` micro-USD, so fine that two bids whose indices differ by one
micro-USD never come out equal.
"""

from collections.abc import Sequence

from swarm.market.index import SURE, Prospect

SCALE = SURE * SURE


def beginnings(trials: Sequence[Prospect]) -> list[int]:
    """For each bid of one task, the value of beginning with it, over `SCALE`; 0 for a poor bid.

    Poor bids (index not above 0) are in nobody's continuation.
    """
    good = [number for number, trial in enumerate(trials) if trial.index > 0]
    order = sorted(good, key=lambda number: -fine_index(trials[number]))
    values = [0] * len(trials)
    after = _suffixes([trials[number] for number in order])
    for place, number in enumerate(order):
        rest = after[place + 1]
        for earlier in reversed(order[:place]):
            rest = _before(trials[earlier], rest)
        values[number] = _before(trials[number], rest)
    return values


def fine_index(trial: Prospect) -> int:
    """The index, finely enough to sort by."""
    return trial.net * SURE // trial.accept if trial.accept else trial.index * SURE


def _suffixes(ordered: Sequence[Prospect]) -> list[int]:
    values = [0]
    for trial in reversed(ordered):
        values.append(_before(trial, values[-1]))
    return values[::-1]


def _before(trial: Prospect, rest: int) -> int:
    return trial.net * SURE + (SURE - trial.accept) * rest // SURE
