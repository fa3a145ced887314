"""What failures at a task say of the next bid."""

import math

from hypothesis import given
from hypothesis import strategies as st

from swarm.market.belief import NODES, WEIGHTS, Belief
from swarm.testing.bids import a_failure

chances = st.integers(0, 1_000_000)


def after(*failures: int, **kin: str) -> Belief:
    return Belief(tuple(a_failure("x", chance=chance, **kin) for chance in failures))


def test_the_nodes_integrate_a_normal_variable() -> None:
    for power, moment in ((0, 1), (1, 0), (2, 1), (4, 3), (6, 15), (8, 105)):
        total = math.fsum(w * x**power for w, x in zip(WEIGHTS, NODES, strict=True))
        assert math.isclose(total, moment, abs_tol=1e-9)


def test_before_any_failure_the_claim_stands() -> None:
    assert Belief().probability(123_456, "s", "f") == 123_456


@given(chances, st.lists(chances, min_size=1, max_size=4))
def test_a_failure_never_makes_a_bid_more_likely(claimed: int, failed: list[int]) -> None:
    used = after(*failed).probability(claimed, "s", "f")
    assert 0 <= used <= after(*failed[:-1]).probability(claimed, "s", "f") <= claimed


@given(st.integers(10_000, 990_000), st.integers(10_000, 990_000))
def test_the_failure_of_a_better_agent_says_more(claimed: int, failed: int) -> None:
    weak, strong = sorted((failed, min(failed + 50_000, 999_000)))
    after_strong = after(strong).probability(claimed, "s", "f")
    assert after_strong <= after(weak).probability(claimed, "s", "f")


def test_kinship_strengthens_what_a_failure_says() -> None:
    belief = after(500_000, strategy="s", family="f")
    across = belief.probability(500_000, "other", "other")
    within = belief.probability(500_000, "other", "f")
    same = belief.probability(500_000, "s", "f")
    assert same < within < across < 500_000


def test_the_update_is_what_the_integral_says() -> None:
    # Two agents of equal claim 1/2: P(second right | first wrong) = (1/2 - E[q^2]) / (1/2), where
    # q = sigmoid(2d) and E[q^2] is integrated here by a fine sum instead of by the 21 nodes.
    step, square, mass = 0.001, 0.0, 0.0
    for n in range(-8000, 8001):
        x = n * step
        density = math.exp(-x * x / 2)
        square += density / (1 + math.exp(-2 * x)) ** 2
        mass += density
    expected = round((0.5 - square / mass) / 0.5 * 1_000_000)
    used = after(500_000, family="f").probability(500_000, "s", "f")
    assert abs(used - expected) < 100


def test_a_refusal_by_a_blind_check_says_nothing() -> None:
    blind = Belief((a_failure("x", family="f"),), alpha=500_000, beta=500_000)
    assert abs(blind.probability(400_000, "s", "f") - 400_000) <= 1


def test_certainty_does_not_survive_failures() -> None:
    assert after(1_000_000, 1_000_000, 1_000_000).probability(1_000_000, "s", "f") < 990_000
