"""A task that is too large for one is done as its parts, and nothing of it is left open."""

import pytest

from swarm.coordination.public_api import (
    Accepted,
    Attempt,
    Dropped,
    SplitTask,
    planned,
    rebuild,
)
from swarm.domain.errors import Rejected
from swarm.domain.goals import GoalStatus
from swarm.domain.tasks import Contract, Part, TaskKind
from swarm.testing.coordination import World, a_contract, a_world, drive, kind_of

PARTS = tuple(
    Part(title=f"Part {name}", description=f"Do the {name} part of it.") for name in ("one", "two")
)


def a_world_at_work(**given: object) -> tuple[World, Attempt]:
    whole = a_contract().model_copy(update={"targets": (), **given})
    world = a_world(whole)
    drive(world, until=lambda state: any(writes(world, each) for each in state.live()))
    return world, next(each for each in world.state.live() if writes(world, each))


def writes(world: World, attempt: Attempt) -> bool:
    return kind_of(world, attempt) is TaskKind.WRITE


def split(attempt: Attempt, parts: tuple[Part, ...] = PARTS, spent: int = 0) -> SplitTask:
    return SplitTask(
        attempt_id=attempt.attempt_id,
        epoch=attempt.epoch,
        reason="two things",
        parts=parts,
        spent=spent,
    )


def parts_of(world: World) -> list[Contract]:
    tasks = world.state.of_kind(TaskKind.WRITE)
    return [task.contract for task in tasks if "part" in task.contract.features]


def test_its_parts_stand_in_its_place_with_what_is_left_of_its_money() -> None:
    world, attempt = a_world_at_work()
    world.hear(split(attempt, spent=100))
    phase = world.state.tasks[attempt.task_id].phase
    parts = parts_of(world)
    assert isinstance(phase, Dropped)
    assert phase.parts == tuple(each.task_id for each in parts)
    left = world.state.tasks[attempt.task_id].contract.budget - 100
    assert [each.budget for each in parts] == [left // 2, left // 2]
    assert [task.contract for task in planned(world.state)] == parts


def test_the_goal_is_done_when_the_parts_are_and_is_not_partial() -> None:
    world, attempt = a_world_at_work()
    world.hear(split(attempt))
    drive(world)
    assert world.state.status is GoalStatus.DONE
    assert "partial" not in world.state.reason
    assert all(
        isinstance(world.state.tasks[each.task_id].phase, Accepted) for each in parts_of(world)
    )
    assert rebuild(world.events) == {world.goal.goal_id: world.state}


def test_the_same_word_twice_splits_once() -> None:
    world, attempt = a_world_at_work()
    assert len(world.hear(split(attempt))) == 4
    assert world.hear(split(attempt)) == ()


@pytest.mark.parametrize("contract", [{"features": {"part": 1}}, {"targets": ("t.py::test_a",)}])
def test_a_part_and_what_tests_decide_are_not_split(contract: dict[str, object]) -> None:
    world, attempt = a_world_at_work(**contract)
    with pytest.raises(Rejected, match="split"):
        world.hear(split(attempt))
