"""Weitzman's index: in which order to open boxes when opening costs and only one prize is kept.

A bid is a box. Opening it costs its price and the delay it causes. What comes out is checked: a right
result is accepted with probability 1 - beta, a wrong one with probability alpha. An accepted right
result is worth V, an accepted wrong one costs L, and the first acceptance ends the search. With

    a = p(1 - beta) + (1 - p)alpha             the chance of acceptance
    e = (V p(1 - beta) - L(1 - p)alpha) / a    the reward when accepted
    c = price + delay                          the cost of trying
    sigma = e - c / a                          the index

it is optimal, for one task and independent agents, to try the highest index first and to stop when none
is positive (M. Weitzman, Optimal Search for the Best Alternative, Econometrica 47, 1979). Taking the
highest V p - c instead begins with expensive agents.
"""

from dataclasses import dataclass
from typing import NamedTuple

from swarm.domain.money import CERTAIN, MicroUsd, Ppm

SURE = CERTAIN * CERTAIN
"""Probability one as a product of two probabilities in parts per million."""


@dataclass(frozen=True, slots=True)
class IndexParts:
    """The index and what it is made of. All but `accept_ppm` are micro-USD, rounded down."""

    accept_ppm: Ppm
    reward: MicroUsd
    cost: MicroUsd
    index: MicroUsd


class Prospect(NamedTuple):
    """What trying a bid comes to, exactly: no rounding has happened yet.

    `accept` and `gain` are numerators over `SURE`: a chance, and micro-USD before the cost. A tuple, because
    a clearing makes one for every bid, and a frozen dataclass takes more than twice as long to make.
    """

    accept: int
    gain: int
    cost: MicroUsd
    net: int
    """Expected gain minus cost when nothing else is tried, over `SURE`."""

    sigma: MicroUsd
    """The index. Rounded down, once. What can never be accepted is below every stop."""

    @property
    def accept_ppm(self) -> Ppm:
        return self.accept // CERTAIN

    @property
    def reward(self) -> MicroUsd:
        return self.gain // self.accept if self.accept else 0


_tuple = tuple.__new__
"""Half the time of `Prospect(...)`, which calls this and nothing else."""


def prospect(
    value: MicroUsd, wrong_cost: MicroUsd, cost: MicroUsd, p_ppm: Ppm, alpha_ppm: Ppm, beta_ppm: Ppm
) -> Prospect:
    right = p_ppm * (CERTAIN - beta_ppm)
    wrong = (CERTAIN - p_ppm) * alpha_ppm
    accept, gain = right + wrong, value * right - wrong_cost * wrong
    net = gain - cost * SURE
    sigma = net // accept if accept else min(-1, -cost)
    return _tuple(Prospect, (accept, gain, cost, net, sigma))


def parts(trial: Prospect) -> IndexParts:
    return IndexParts(
        accept_ppm=trial.accept_ppm,
        reward=trial.reward,
        cost=trial.cost,
        index=trial.sigma,
    )


def index(
    value: MicroUsd,
    wrong_cost: MicroUsd,
    bid_price: MicroUsd,
    delay_cost_per_second: MicroUsd,
    seconds: int,
    p_ppm: Ppm,
    alpha_ppm: Ppm,
    beta_ppm: Ppm,
) -> IndexParts:
    """Weitzman's sigma for one bid. Each figure is rounded down from its exact value, by itself."""
    cost = bid_price + delay_cost_per_second * seconds
    return parts(prospect(value, wrong_cost, cost, p_ppm, alpha_ppm, beta_ppm))
