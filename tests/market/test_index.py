"""Weitzman's index against hand-checked figures and against every possible order."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.money import USD
from swarm.market.continuation import SCALE, beginnings
from swarm.market.index import SURE, Prospect, index, prospect

HALF = 500_000


def test_a_perfect_check_gives_value_minus_cost_per_success() -> None:
    parts = index(10_000_000, 5_000_000, 1_000_000, 0, 60, HALF, 0, 0)
    assert (parts.accept_ppm, parts.reward, parts.cost) == (HALF, 10_000_000, 1_000_000)
    assert parts.index == 8_000_000


def test_a_leaky_check_lowers_the_reward_and_raises_the_chance_of_acceptance() -> None:
    # a = .5 x .9 + .5 x .1 = .5;  e = (10 x .45 - 5 x .05) / .5 = 8.5;  sigma = 8.5 - 1 / .5 = 6.5
    parts = index(10_000_000, 5_000_000, 1_000_000, 0, 0, HALF, 100_000, 100_000)
    assert (parts.accept_ppm, parts.reward, parts.index) == (HALF, 8_500_000, 6_500_000)


def test_delay_is_a_cost() -> None:
    slow = index(100, 0, 10, 2, 20, HALF, 0, 0)
    assert slow.cost == 50
    assert slow.index == 0


def test_a_fraction_of_a_micro_dollar_is_rounded_down() -> None:
    assert index(10, 0, 1, 0, 0, 300_000, 0, 0).index == 6  # 10 - 1 / 0.3 = 6.67
    assert index(1, 0, 1, 0, 0, 300_000, 0, 0).index == -3  # 1 - 3.33 = -2.33


def test_what_can_never_be_accepted_is_never_worth_trying() -> None:
    assert index(10**9, 0, 0, 0, 0, 0, 0, 0).index < 0


def test_a_cheap_weak_agent_can_come_before_a_strong_dear_one() -> None:
    cheap = index(10_000_000, 0, 50_000, 0, 0, 200_000, 0, 0)
    dear = index(10_000_000, 0, 2_000_000, 0, 0, 900_000, 0, 0)
    assert cheap.index > dear.index


trials = st.lists(
    st.builds(
        prospect,
        value=st.just(12 * USD),
        wrong_cost=st.integers(0, 8).map(lambda dollars: dollars * USD),
        cost=st.integers(0, 6).map(lambda dollars: dollars * USD),
        p_ppm=st.sampled_from([0, 100_000, 250_000, 500_000, 750_000, 1_000_000]),
        alpha_ppm=st.sampled_from([0, 250_000]),
        beta_ppm=st.sampled_from([0, 250_000]),
    ),
    min_size=1,
    max_size=4,
)


def worth(order: Iterable[Prospect]) -> Fraction:
    """Exact value of trying in this order until something is accepted, in micro-USD."""
    value = Fraction(0)
    for trial in reversed(tuple(order)):
        value = Fraction(trial.net, SURE) + (1 - Fraction(trial.accept, SURE)) * value
    return value


@given(trials)
def test_the_index_order_is_worth_as_much_as_the_best_of_all_orders(some: list[Prospect]) -> None:
    best = max(worth(order) for n in range(len(some) + 1) for order in permutations(some, n))
    good = [trial for trial in some if trial.sigma > 0]
    assert worth(sorted(good, key=lambda trial: -trial.sigma)) == best
    assert best - max(beginnings(some)) / Fraction(SCALE) < Fraction(1, 10**20)


@given(trials)
def test_beginning_with_the_highest_index_is_the_best_beginning(some: list[Prospect]) -> None:
    values = beginnings(some)
    first = max(range(len(some)), key=lambda n: some[n].sigma)
    assert values[first] == max(values) or some[first].index in {
        trial.index for n, trial in enumerate(some) if n != first
    }
