"""Going back to a step, and beginning another goal there."""

from dataclasses import replace

import pytest

from swarm.coordination.public_api import (
    Attempt,
    GiveUp,
    GoalState,
    RecordStep,
    Replay,
    RollBack,
    Say,
    Veto,
    fold,
    lineage,
)
from swarm.domain.errors import Rejected
from swarm.domain.events import GoalEnded, LeaseExpired, StepRecorded
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId, TreeHash, nth_attempt, nth_task
from swarm.domain.tasks import Checkpoint, Step, TaskKind
from swarm.testing.coordination import (
    Script,
    World,
    a_contract,
    a_step,
    a_world,
    drive,
    kind_of,
)
from swarm.testing.events import GOAL

T2, T3 = nth_task(GOAL, 2), nth_task(GOAL, 3)
NEW = GoalId("g-000009")
STEPS = 3


def with_steps(count: int = STEPS) -> Script:
    """Every writer takes so many steps before its result."""

    def script(world: World, attempt: Attempt) -> RecordStep | None:
        number = len(attempt.steps) + 1
        if kind_of(world, attempt) is not TaskKind.WRITE or number > count:
            return None
        return RecordStep(attempt_id=attempt.attempt_id, epoch=attempt.epoch, step=a(number))

    return script


def a(number: int) -> Step:
    """Each step has a tree and a checkpoint of its own."""
    tree, checkpoint = TreeHash(f"{number:040}"), Checkpoint(sandbox=f"c{number}")
    return a_step(number).model_copy(update={"tree": tree, "checkpoint": checkpoint})


def after(count: int) -> World:
    """A goal of two tasks of which so many steps are done."""
    world = a_world(a_contract(2), a_contract(3))
    drive(world, with_steps(), until=lambda state: len(state.marks) == count)
    return world


def go_back(world: World, step: int, name: str = "back") -> GoalState:
    world.hear(RollBack(command_id=CommandId(name), goal_id=GOAL, step=step))
    return world.state


def left_of(state: GoalState) -> tuple[int, ...]:
    """What is left of the first task's steps, by number."""
    ids = [each for each in state.attempts if each.startswith(f"{T2}.")]
    return tuple(step.number for each in ids for step in state.attempts[each].steps)


def test_steps_are_numbered_over_all_tasks_in_the_order_of_the_record() -> None:
    world = after(5)
    recorded = [e.attempt_id for e in world.events if isinstance(e, StepRecorded)]
    assert [mark.attempt_id for mark in world.state.marks] == recorded
    assert len(set(recorded)) == 2
    assert world.state.now_at == 5


def test_what_lies_behind_the_step_is_undone_and_the_work_goes_on_from_there() -> None:
    world = after(2)
    before = world.state
    state = go_back(world, 1)
    assert (state.now_at, left_of(state), state.status) == (1, (1,), GoalStatus.RUNNING)
    assert state.spent == before.spent
    assert not any(state.live())
    world.settle()
    (again,) = (each for each in world.state.live() if each.task_id == T2)
    assert again.attempt_id == nth_attempt(T2, 2)
    assert drive(world, with_steps()).status is GoalStatus.DONE


def test_where_it_goes_on_is_the_world_of_that_step() -> None:
    world = after(3)
    state = go_back(world, 2)
    left = state.attempts[state.marks[1].attempt_id].left
    assert left is not None
    assert (left.tree, left.checkpoint) == (a(2).tree, a(2).checkpoint)


def test_accepted_work_is_undone_with_its_checks_and_done_again() -> None:
    world = a_world()
    drive(world, with_steps(), until=lambda state: state.joined is not None)
    state = go_back(world, 2)
    assert (state.joined, state.certificate) == (None, None)
    ended = drive(world, with_steps())
    assert ended.status is GoalStatus.DONE
    assert len(ended.tasks[T2].attempts) == 2


def test_what_was_said_after_the_step_is_still_said() -> None:
    world = after(1)
    world.hear(Say(command_id=CommandId("say"), goal_id=GOAL, text="not that way"))
    (live,) = (each for each in world.state.live() if each.steps)
    heard = RecordStep(attempt_id=live.attempt_id, epoch=live.epoch, step=a(2), guided=1)
    world.hear(heard)
    state = go_back(world, 1)
    assert state.guidance == ("not that way",)
    assert max(each.guided for each in state.attempts.values()) == 0


def test_one_can_go_forward_again_to_what_was_undone() -> None:
    world = after(3)
    go_back(world, 1)
    drive(world, with_steps(), until=lambda state: len(state.marks) == 4)
    assert lineage(world.state.marks, 4) == (1, 4)
    state = go_back(world, 3, "forward")
    assert (lineage(state.marks, state.now_at), left_of(state)) == ((1, 2, 3), (1, 2, 3))


def test_a_goal_that_has_failed_goes_on_from_a_step_with_all_of_its_time() -> None:
    world = a_world()

    def gives_up(world: World, attempt: Attempt) -> RecordStep | GiveUp | None:
        step = with_steps(1)(world, attempt)
        if step is not None or kind_of(world, attempt) is not TaskKind.WRITE:
            return step  # type: ignore[return-value]
        ids = {"attempt_id": attempt.attempt_id, "epoch": attempt.epoch}
        return GiveUp.model_validate(ids | {"reason": "no idea", "spent": 1})

    assert drive(world, gives_up).status is GoalStatus.FAILED
    state = go_back(world, 1)
    assert (state.status, state.reason, state.ended_at) == (GoalStatus.RUNNING, "", 0)
    assert state.timed_from > state.submitted_at
    assert drive(world, with_steps()).status is GoalStatus.DONE


def test_what_others_may_have_seen_is_not_undone() -> None:
    world = a_world()
    drive(world, with_steps())
    assert world.state.published is not None
    with pytest.raises(Rejected, match="pull request") as refused:
        go_back(world, 1)
    assert "swarm replay" in refused.value.advice


def test_a_veto_is_not_undone() -> None:
    world = after(1)
    world.hear(Veto(command_id=CommandId("veto"), goal_id=GOAL, reason="never"))
    with pytest.raises(Rejected, match="vetoed"):
        go_back(world, 1)


@pytest.mark.parametrize("step", [4, 99])
def test_a_step_that_was_never_done_is_refused_with_what_there_is(step: int) -> None:
    with pytest.raises(Rejected, match=f"has 3 steps, there is no step {step}"):
        go_back(after(3), step)


def test_going_back_is_done_once_however_often_it_is_heard() -> None:
    world = after(2)
    back = RollBack(command_id=CommandId("back"), goal_id=GOAL, step=1)
    assert {type(event) for event in world.hear(back)[:-1]} <= {LeaseExpired}
    assert world.hear(back) == ()


# Another goal -----------------------------------------------------------------------------------


def replay(world: World, step: int) -> World:
    """The other goal in a world of its own, as the same journal has it."""
    command = Replay(command_id=CommandId("replay"), goal_id=GOAL, step=step, new=NEW)
    world.hear(command)
    assert world.hear(command) == ()
    state = world.goals[NEW]
    other = World(goal=state.goal, cards=world.cards, at=world.at + 1)
    other.events, other.goals = world.events, dict(world.goals)
    return other


def test_another_goal_begins_with_the_record_up_to_the_step_and_ends_by_itself() -> None:
    world = a_world()
    drive(world, with_steps())
    other = replay(world, 2)
    assert (other.state.now_at, other.state.spent, other.state.of) == (2, 0, GOAL)
    assert [each.step.number for each in other.state.marks] == [1, 2]
    ended = drive(other, with_steps())
    assert ended.status is GoalStatus.DONE
    assert other.goals[GOAL].published == world.state.published
    assert [mark.step.number for mark in ended.marks] == [1, 2, 1, 2, 3]


def test_nothing_of_the_other_goal_bears_the_name_of_the_first() -> None:
    world = after(3)
    state = replay(world, 3).state
    drawn_with = f"'{GOAL}:"  # lots are recorded as they were drawn
    assert str(GOAL) not in repr(replace(state, of=None)).replace(drawn_with, "")


def test_a_step_of_a_replay_can_be_gone_back_to() -> None:
    world = after(3)
    other = replay(world, 3)
    other.hear(RollBack(command_id=CommandId("back"), goal_id=NEW, step=1))
    assert other.state.now_at == 1
    assert drive(other, with_steps()).status is GoalStatus.DONE


def test_a_replay_in_the_journal_is_the_same_for_whoever_reads_it() -> None:
    world = after(3)
    replay(world, 2)
    again: dict[GoalId, GoalState] = {}
    for event in world.events:
        fold(again, event)
    assert again == world.goals
    assert not any(isinstance(event, GoalEnded) for event in world.events)
