"""Made-up worlds."""

import pytest

from swarm.domain.money import USD
from swarm.market.contest import Setting
from swarm.market.worlds import WORLDS, World, contest_in, made_up

SETTING = Setting(10 * USD, 5 * USD, 0, 0, 1)


def named(name: str) -> World:
    return next(world for world in WORLDS if world.name == name)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_a_world_is_the_same_each_time(world: World) -> None:
    assert made_up(world) == made_up(world)


def test_what_stalls_is_the_cheapest_and_never_right() -> None:
    matrix = made_up(named("stalls"))
    assert matrix.mean_bills[0] == min(matrix.mean_bills)
    assert not any(matrix.right[0])


@pytest.mark.thorough
def test_a_misjudged_value_does_not_change_what_results_are_truly_worth() -> None:
    true, misjudged = (
        list(contest_in(named(name), SETTING, ("cheapest",)))[2].utility
        for name in ("plain", "value x 3")
    )
    assert misjudged == pytest.approx(true, abs=20)


def test_a_family_that_fails_together_is_seen_in_its_outcomes() -> None:
    right = made_up(named("families")).right
    pairs = [
        sum(a == b for a, b in zip(right[0], right[other], strict=True)) for other in (3, 6, 9)
    ]
    strangers = [
        sum(a == b for a, b in zip(right[0], right[other], strict=True)) for other in (1, 2, 4)
    ]
    assert sum(pairs) > sum(strangers)
