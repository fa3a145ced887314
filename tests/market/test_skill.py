"""What is believed of an agent, and how outcomes change it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.money import CERTAIN
from swarm.market.difficulty import WEIGHTS
from swarm.market.skill import centre, curve, deviation, half_forgotten, learned, mean, prior

START = prior(0, 1500, ((0, 1), (1000, 1)))
claims = st.integers(0, CERTAIN)


@given(claims)
def test_weights_add_up_to_one_after_any_outcome(claim: int) -> None:
    skill = learned(START, claim, WEIGHTS, [0.0] * len(WEIGHTS))
    assert sum(w for row in skill.rows for w in row.weights) == CERTAIN


@given(claims)
def test_success_raises_and_failure_lowers_what_is_believed(claim: int) -> None:
    nothing = [0.0] * len(WEIGHTS)
    better, worse = learned(START, claim, WEIGHTS, nothing), learned(START, claim, nothing, WEIGHTS)
    assert mean(worse, claim) <= mean(START, claim) <= mean(better, claim)


@given(claims)
def test_the_quick_mean_is_the_mean_of_the_curve(claim: int) -> None:
    slow = math.fsum(p * w for p, w in zip(curve(START, claim), WEIGHTS, strict=True))
    assert math.isclose(mean(START, claim), slow, abs_tol=1e-9)


@given(st.integers(10_000, 900_000), st.integers(10_000, 90_000))
def test_who_claims_more_is_never_believed_less(claim: int, more: int) -> None:
    assert mean(START, claim) <= mean(START, claim + more)


def test_a_claim_is_believed_of_an_agent_that_always_says_the_truth() -> None:
    honest = prior(0, 1, ((1000, 1),))
    for claim in (100_000, 500_000, 800_000):
        assert abs(mean(honest, claim) - claim / CERTAIN) < 0.02


def test_an_agent_that_boasts_is_seen_through() -> None:
    """It claims nine in ten and does two in ten: what is believed comes near what it does."""
    skill = START
    for number in range(60):
        right = float(number % 5 == 0)
        skill = learned(
            skill, 900_000, [right * w for w in WEIGHTS], [(1 - right) * w for w in WEIGHTS]
        )
    assert abs(mean(skill, 900_000) - 0.2) < 0.06


def test_optimism_is_worth_less_the_more_is_known() -> None:
    skill = START
    gains = []
    for number in range(30):
        gains.append(mean(skill, CERTAIN // 2, 1.0) - mean(skill, CERTAIN // 2))
        half = [w * 0.5 for w in WEIGHTS]
        skill = learned(
            skill,
            CERTAIN // 2,
            WEIGHTS if number % 2 else [0.0] * 21,
            [0.0] * 21 if number % 2 else half,
        )
    assert gains[-1] < gains[0] * 0.7


def test_a_new_version_is_half_unknown() -> None:
    good = prior(3000, 200, ((0, 1), (1000, 1)))
    again = half_forgotten(good, START)
    assert centre(START) < centre(again) < centre(good)
    assert deviation(again) > deviation(good)
