"""What failures at a task say of the next bid."""

import math
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from swarm.market.belief import Belief, Failure
from swarm.market.difficulty import NODES, WEIGHTS
from swarm.testing.bids import a_failure

chances = st.integers(0, 1_000_000)


def after(*failures: int, **kin: str) -> Belief:
    return Belief(tuple(a_failure("x", chance=chance, **kin) for chance in failures))


def test_the_nodes_integrate_a_normal_variable() -> None:
    for power, moment in ((0, 1), (1, 0), (2, 1), (3, 0), (4, 3)):
        total = math.fsum(w * x**power for w, x in zip(WEIGHTS, NODES, strict=True))
        assert math.isclose(total, moment, rel_tol=0.02, abs_tol=1e-9)


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


def mean(of: Callable[[float], float]) -> float:
    """Over difficulty, for an agent of claim 1/2 that succeeds with chance q; by a fine sum."""
    points = [n / 500 for n in range(-4000, 4001)]
    density = [math.exp(-x * x / 2) for x in points]
    chances = [1 / (1 + math.exp(-4 * x)) for x in points]
    return math.fsum(d * of(q) for d, q in zip(density, chances, strict=True)) / math.fsum(density)


def test_the_update_is_what_the_integral_says() -> None:
    expected = mean(lambda q: (1 - q) * q) / mean(lambda q: 1 - q)
    used = after(500_000, family="f").probability(500_000, "s", "f")
    assert abs(used - expected * 1_000_000) < 100


def test_a_second_failure_is_read_in_the_light_of_the_first() -> None:
    """It was awarded on a chance that the first had already lowered: three equals, two failed."""
    lowered = after(500_000, family="f").probability(500_000, "s", "f")
    failures = (a_failure("x", family="f"), a_failure("y", chance=lowered, family="f"))
    used = Belief(failures).probability(500_000, "s", "f")
    expected = mean(lambda q: (1 - q) ** 2 * q) / mean(lambda q: (1 - q) ** 2)
    assert abs(used - expected * 1_000_000) < 100


def test_a_refusal_by_a_blind_check_says_nothing() -> None:
    blind = Belief((a_failure("x", family="f"),), alpha=500_000, beta=500_000)
    assert abs(blind.probability(400_000, "s", "f") - 400_000) <= 1


def test_certainty_does_not_survive_failures() -> None:
    assert after(1_000_000, 1_000_000, 1_000_000).probability(1_000_000, "s", "f") < 990_000


def test_an_agent_that_fails_again_says_less_than_another_one_that_fails() -> None:
    again = after(500_000, 150_000).probability(500_000, "s", "f")
    failures = (a_failure("x"), a_failure("y", chance=150_000))
    assert Belief(failures).probability(500_000, "s", "f") < again


def test_a_search_that_found_nothing_says_little_of_other_searches() -> None:
    """As measured: where the quick one found nothing, the others keep most of what they claim."""

    def left(family: str) -> int:
        failed = [Failure(strategy=s, family=family, probability_used=300_000) for s in "abc"]
        return Belief(failed, 50_000, 50_000).probability(150_000, "d", family)

    assert left("model:m") < 20_000
    assert 80_000 < left("repair") < 150_000
    again = Failure(strategy="d", family="repair", probability_used=300_000)
    assert Belief([again]).probability(150_000, "d", "repair") < 30_000
