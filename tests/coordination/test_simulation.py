"""Whole lives of goals under faults. The laws are in `swarm.testing.simulation`, beside the world."""

import functools
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from swarm.domain.goals import GoalStatus
from swarm.testing.coordination import World
from swarm.testing.simulation import NO_FAULTS, Faults, holds_no_float, simulated

whole_runs = settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
"""A seed does not shrink: the run of a smaller one is another run."""

seeds = st.integers(0, 10**6)
chances = st.sampled_from((0, 5, 40))
faults = st.builds(
    Faults,
    moves=st.sampled_from((20, 80)),
    gives_up=chances,
    breaks=chances,
    silent=chances,
    repeats=chances,
    overcharges=chances,
    bad_plan=chances,
    lies=chances,
    says_no=chances,
    unknown=chances,
    conflicts=chances,
    people=st.sampled_from((0, 3, 15)),
    restarts=chances,
)


@pytest.mark.thorough
@whole_runs
@given(seeds, faults)
def test_under_any_faults_the_laws_hold_and_the_goal_ends(seed: int, given_faults: Faults) -> None:
    assert simulated(seed, given_faults).world.state.status.is_final


@whole_runs
@given(seeds, faults)
def test_killed_after_every_move_not_one_event_differs(seed: int, given_faults: Faults) -> None:
    """And the laws, which are asked after each of them, hold."""
    once = simulated(seed, given_faults).world
    assert once.state.status.is_final
    assert simulated(seed, given_faults, kills=True).world.events == once.events


@pytest.mark.thorough
@whole_runs
@given(seeds)
def test_one_seed_is_one_run(seed: int) -> None:
    assert simulated(seed, Faults()).world.events == simulated(seed, Faults()).world.events


@pytest.mark.parametrize("seed", range(20))
def test_without_faults_every_goal_with_money_and_time_is_published(seed: int) -> None:
    state = simulated(seed, NO_FAULTS).world.state
    short = "budget" in state.reason or "time is up" in state.reason
    assert state.status is GoalStatus.DONE or short


@functools.cache
def sixty_worlds() -> tuple[World, ...]:
    return tuple(simulated(seed, Faults()).world for seed in range(60))


@pytest.mark.thorough
def test_the_faults_reach_every_ending() -> None:
    seen = Counter(world.state.status for world in sixty_worlds())
    assert set(seen) == {status for status in GoalStatus if status.is_final}


@pytest.mark.thorough
def test_the_faults_reach_every_event_of_a_goals_life() -> None:
    seen = {event.type for world in sixty_worlds() for event in world.events}
    assert seen >= {
        "goal.guided", "goal.paused", "goal.played", "goal.stopped", "goal.vetoed", "goal.ended",
        "lease.expired", "step.recorded", "work.given_up", "attempt.failed", "task.sent_back",
        "task.reopened", "task.dropped", "quorum.denied", "quorum.reached", "publication.done",
        "question.asked", "publication.withdrawn", "pull_request.closed", "goal.rolled_back",
    }  # fmt: skip


def test_a_float_in_a_state_would_be_noticed() -> None:
    assert holds_no_float({"a": (1, {"b"})})
    assert not holds_no_float({"a": (1, [0.5])})
