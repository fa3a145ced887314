"""What comes after the pull request: a task more, on top of what stands, a few times."""

import pytest

from swarm.coordination.public_api import (
    Attempt,
    Dropped,
    GiveUp,
    GoalState,
    Pause,
    RecordStep,
    RollBack,
    Rules,
    Say,
    Stop,
    Veto,
    books,
    closed,
    duty,
    followed_up,
    is_partial,
    may_follow_up,
    merged,
    reverted,
)
from swarm.domain.errors import Rejected
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, CommitHash
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import mean
from swarm.testing.coordination import World, a_contract, a_finding, a_step, a_world, drive, kind_of
from swarm.testing.events import GOAL

RED = ("ci:tests",)
FINDINGS = (a_finding("tests: E assert 1 == 2"),)


def give_up(world: World, attempt: Attempt) -> GiveUp | None:
    """Writers have no idea."""
    if kind_of(world, attempt) is not TaskKind.WRITE:
        return None
    return GiveUp(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="no idea", spent=0)


def opened(world: World, about: tuple[str, ...] = RED, head: str = "") -> GoalState:
    """What was found there is on record."""
    at = world.state.published
    assert at is not None
    where = CommitHash(head) if head else at.head
    world.keep(followed_up(world.state, where, about, FINDINGS, world.rules, world.at + 5))
    return world.state


def a_published_world(rules: Rules | None = None) -> World:
    world = a_world(a_contract(2), rules=rules)
    drive(world)
    assert world.state.status is GoalStatus.DONE
    return world


def test_a_red_check_becomes_a_task_on_top_of_what_is_published() -> None:
    world = a_published_world()
    there = world.state.joined
    state = opened(world)
    (follow_up,) = state.follow_ups
    task = state.tasks[follow_up.task_id]
    assert there is not None
    assert (task.base, task.findings) == (there.tree, FINDINGS)
    assert (state.status, state.published) == (GoalStatus.RUNNING, None)
    assert state.opened is not None


def test_what_followed_is_voted_on_as_a_whole_and_published_on_the_same_pull_request() -> None:
    world = a_published_world()
    first = world.state.published
    opened(world)
    state = drive(world)
    assert first is not None
    assert state.status is GoalStatus.DONE
    assert state.published is not None
    assert (state.published.number, state.before) == (first.number, None)
    assert state.published.head != first.head
    assert state.certificate is not None
    assert state.joined is not None
    assert state.certificate.subject.tree == state.joined.tree
    assert state.certificate.subject.base == state.goal.base
    assert len(state.joined.pieces) == 2


def test_at_most_two_rounds_follow() -> None:
    world = a_published_world()
    for _ in range(2):
        opened(world)
        assert drive(world).status is GoalStatus.DONE
    before = len(world.events)
    opened(world)
    assert len(world.events) == before


def test_the_same_is_not_followed_up_twice_for_one_commit() -> None:
    world = a_published_world()
    opened(world)
    drive(world, give_up)
    state = world.state
    assert state.published is not None
    assert not may_follow_up(state, state.published.head, RED, world.rules)
    assert may_follow_up(state, state.published.head, (*RED, "review:1"), world.rules)


def test_where_people_have_gone_on_nothing_follows() -> None:
    world = a_published_world()
    assert opened(world, head="f" * 40).follow_ups == ()


def test_a_follow_up_that_nobody_can_do_leaves_what_was_published() -> None:
    world = a_published_world()
    then = world.state
    opened(world)
    state = drive(world, give_up)
    assert isinstance(state.tasks[state.follow_ups[0].task_id].phase, Dropped)
    assert (state.status, state.published, state.joined, state.certificate) == (
        GoalStatus.DONE, then.published, then.joined, then.certificate,
    )  # fmt: skip
    assert "what followed was left" in state.reason
    assert not is_partial(state)


@pytest.mark.parametrize("end", [merged, closed])
def test_what_a_person_decides_meanwhile_ends_it(end: object) -> None:
    world = a_published_world()
    opened(world)
    events = merged(world.state, "said", world.at) if end is merged else closed(world.state, 9)
    world.keep(events)
    world.settle()
    assert (world.state.status, world.state.landed) == (
        GoalStatus.DONE, "merged" if end is merged else "closed",
    )  # fmt: skip
    assert not any(world.state.live())
    assert world.state.published is not None
    assert duty(world.state) is None


def test_a_veto_meanwhile_closes_the_pull_request() -> None:
    world = a_published_world()
    opened(world)
    world.hear(Veto(command_id=CommandId("no"), goal_id=GOAL, reason="not so"))
    world.settle()
    assert world.state.status is GoalStatus.BLOCKED
    world.do_duty()
    assert (world.pull_request, world.state.landed) == ("closed", "closed")


def test_a_stop_meanwhile_leaves_the_pull_request_open() -> None:
    world = a_published_world()
    opened(world)
    world.hear(Stop(command_id=CommandId("stop"), goal_id=GOAL))
    world.settle()
    assert (world.state.status, world.pull_request) == (GoalStatus.CANCELLED, "open")
    assert duty(world.state) is None
    assert opened(world, ("review:2",)).status is GoalStatus.CANCELLED


def test_people_may_guide_and_pause_it() -> None:
    world = a_published_world()
    opened(world)
    world.hear(Say(command_id=CommandId("say"), goal_id=GOAL, text="mind the gap"))
    world.hear(Pause(command_id=CommandId("pause"), goal_id=GOAL))
    assert world.state.status is GoalStatus.PAUSED


def test_nobody_goes_back_behind_what_is_published() -> None:
    world = a_published_world()
    opened(world)
    world.settle()
    (live,) = world.state.live()
    world.hear(RecordStep(attempt_id=live.attempt_id, epoch=live.epoch, step=a_step()))
    with pytest.raises(Rejected, match="has a pull request already"):
        world.hear(RollBack(command_id=CommandId("back"), goal_id=GOAL, step=1))


def test_without_anything_found_nothing_follows() -> None:
    world = a_published_world()
    at = world.state.published
    assert at is not None
    assert followed_up(world.state, at.head, RED, (), world.rules, 1) == ()
    assert followed_up(world.state, at.head, (), FINDINGS, world.rules, 1) == ()


def test_a_restart_meanwhile_changes_nothing() -> None:
    world = a_published_world()
    opened(world)
    assert world.reborn() == world.goals
    drive(world)
    assert world.reborn() == world.goals


def test_its_time_begins_anew() -> None:
    world = a_published_world()
    opened(world)
    assert world.state.timed_from == world.state.touched_at


def test_a_revert_takes_back_what_the_merge_had_taught() -> None:
    world = a_published_world()
    world.keep(merged(world.state, "said", world.at))
    trusted = dict(world.experience)
    world.keep(reverted(world.state, "f" * 40, world.at + 1))
    assert world.state.landed == "reverted"
    assert books([world.state]).balance("agent:template", "credit") <= 0
    lower = [
        key for key, now in world.experience.items() if mean(now.skill) < mean(trusted[key].skill)
    ]
    assert [key[0] for key in lower] == ["template"]
    assert reverted(world.state, "f" * 40, 9) == ()
    assert world.reborn() == world.goals
