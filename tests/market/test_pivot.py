"""Foreign principals: what they are paid leaves nothing to be gained by a lie."""

from fractions import Fraction
from random import Random

import pytest

from swarm.domain.money import CERTAIN, USD
from swarm.domain.names import AgentId
from swarm.market.index import Prospect, prospect
from swarm.market.pivot import paid_if_accepted, tried_in_order

VALUE = 10 * USD
ME = AgentId("a")
Truth = dict[AgentId, tuple[int, int]]
"""Chance and cost by agent."""


def claims_of(truth: Truth) -> dict[AgentId, Prospect]:
    return {
        agent: prospect(VALUE, 0, cost, chance, 0, 0) for agent, (chance, cost) in truth.items()
    }


def expected(truth: Truth, told: tuple[int, int]) -> Fraction:
    """What `ME` expects when it tells this and all others tell the truth."""
    claims = claims_of(truth | {ME: told})
    order = tried_in_order(claims)
    if ME not in order:
        return Fraction(0)
    reached = Fraction(1)
    for other in order[: order.index(ME)]:
        reached *= Fraction(CERTAIN - truth[other][0], CERTAIN)
    chance, cost = truth[ME]
    return reached * (Fraction(chance, CERTAIN) * paid_if_accepted(VALUE, claims)[ME] - cost)


def most_gained(markets: int, lies: int, seed: int) -> tuple[Fraction, Fraction]:
    """By a joint lie in price and chance, and the least that an honest agent expects."""
    dice = Random(seed)
    gained, least = Fraction(0), Fraction(0)
    for _ in range(markets):
        truth = {
            AgentId(name): (dice.randint(20_000, 980_000), dice.randint(USD // 20, 6 * USD))
            for name in "abcde"[: dice.randint(1, 5)]
        }
        honest = expected(truth, truth[ME])
        least = min(least, honest)
        for _ in range(lies):
            times = dice.choice((0, 20, 50, 80, 100, 130, 200, 400))
            lie = (dice.randint(10_000, 990_000), truth[ME][1] * times // 100)
            gained = max(gained, expected(truth, lie) - honest)
    return gained, least


def test_no_lie_pays_and_no_honest_agent_loses() -> None:
    gained, least = most_gained(markets=100, lies=10, seed=1)
    assert gained <= 2  # micro-USD: amounts are rounded down
    assert least >= -2


@pytest.mark.thorough
def test_nor_in_three_thousand_markets() -> None:
    gained, least = most_gained(markets=3_000, lies=40, seed=2)
    assert gained <= 2
    assert least >= -2


def test_who_is_alone_is_paid_the_whole_value() -> None:
    assert paid_if_accepted(VALUE, claims_of({ME: (500_000, USD)})) == {ME: VALUE}


def test_who_has_rivals_is_paid_the_less_the_better_they_are() -> None:
    def paid(rival: int) -> int:
        truth = {ME: (900_000, USD // 10), AgentId("b"): (rival, USD)}
        return paid_if_accepted(VALUE, claims_of(truth))[ME]

    assert VALUE > paid(300_000) > paid(600_000)
    assert paid(600_000) == VALUE - (6 * USD - USD)
