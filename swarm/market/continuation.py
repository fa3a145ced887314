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
_BITS = 96
_FINE = 1 << _BITS
"""One, as a chance of getting so far: finer than any product of chances that still matters."""


def beginnings(trials: Sequence[Prospect]) -> list[int]:
    """For each bid of one task, the value of beginning with it, over `SCALE`; 0 for a poor bid.

    Poor bids (index not above 0) are in nobody's continuation. What comes before a bid in the order and
    what comes after it are summed up once for all bids.
    """
    good = [
        (-(net * SURE // accept), number, net * SURE, SURE - accept)
        for number, (accept, _, _, net, sigma) in enumerate(trials)
        if sigma > 0
    ]
    good.sort()
    after = 0
    suffixes = [after := net + refused * after // SURE for _, _, net, refused in reversed(good)]
    suffixes.reverse()
    suffixes.append(0)
    values = [0] * len(trials)
    earned, reached = 0, _FINE
    for (_, number, net, refused), later in zip(good, suffixes[1:], strict=True):
        rest = earned + (reached * later >> _BITS)
        values[number] = net + refused * rest // SURE
        earned += reached * net >> _BITS
        reached = reached * refused // SURE
    return values


def fine_index(trial: Prospect) -> int:
    """The index, finely enough to sort by."""
    return trial.net * SURE // trial.accept if trial.accept else trial.sigma * SURE
