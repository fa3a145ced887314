"""What `decide` says to commands that come late, twice, out of order, or from nobody."""

import pytest

from swarm.coordination.public_api import (
    Attempt,
    ExpireLease,
    Fail,
    GiveUp,
    Open,
    Pause,
    Play,
    RecordStep,
    Say,
    Stop,
    SubmitGoal,
    Veto,
)
from swarm.domain.errors import Exhausted, Rejected
from swarm.domain.events import GoalEnded
from swarm.domain.goals import GoalStatus
from swarm.domain.names import AttemptId, CommandId, nth_attempt
from swarm.domain.tasks import Step, TaskKind
from swarm.testing.coordination import World, a_contract, a_step, a_world, drive
from swarm.testing.events import GOAL, a_goal

C1, C2 = CommandId("c1"), CommandId("c2")


def a_live_attempt(kind: TaskKind = TaskKind.WRITE) -> tuple[World, Attempt]:
    """A world in which that kind of work has just been given out."""
    world = a_world()
    drive(world, until=lambda s: any(s.tasks[a.task_id].contract.kind is kind for a in s.live()))
    return world, next(world.state.live())


def step(attempt: Attempt, made: Step) -> RecordStep:
    return RecordStep(attempt_id=attempt.attempt_id, epoch=attempt.epoch, step=made)


def test_a_goal_submitted_twice_is_one_goal() -> None:
    world = a_world()
    assert world.hear(SubmitGoal(command_id=C2, goal=world.goal)) == ()


def test_another_goal_cannot_take_a_known_id() -> None:
    with pytest.raises(Rejected, match="taken by another goal"):
        a_world().hear(SubmitGoal(command_id=C1, goal=a_goal(text="something else")))


def test_a_command_for_an_unknown_goal_is_refused() -> None:
    with pytest.raises(Rejected, match="there is no goal"):
        World().hear(Stop(command_id=C1, goal_id=GOAL))


def test_a_command_of_a_human_sent_twice_counts_once() -> None:
    world = a_world()
    say = Say(command_id=C1, goal_id=GOAL, text="mind the API")
    assert len(world.hear(say)) == 1
    assert world.hear(say) == ()
    assert world.state.guidance == ("mind the API",)


def test_a_pause_that_is_heard_again_after_the_play_does_not_pause_again() -> None:
    world = a_world()
    world.hear(Pause(command_id=C1, goal_id=GOAL))
    again = Pause(command_id=C2, goal_id=GOAL)
    world.hear(again)
    world.hear(Play(command_id=CommandId("c3"), goal_id=GOAL))
    assert world.hear(again) == ()
    assert not world.state.paused


def test_nothing_is_given_out_while_a_goal_is_paused() -> None:
    world = World()
    world.submit()
    world.hear(Pause(command_id=C1, goal_id=GOAL))
    world.settle()
    assert (world.state.status, tuple(world.state.live())) == (GoalStatus.PAUSED, ())
    world.hear(Play(command_id=C2, goal_id=GOAL))
    world.settle()
    assert len(tuple(world.state.live())) == 1


def test_a_goal_that_was_paused_goes_on_in_the_status_it_had() -> None:
    world, _ = a_live_attempt()
    world.hear(Pause(command_id=C1, goal_id=GOAL))
    world.hear(Play(command_id=C2, goal_id=GOAL))
    assert world.state.status is GoalStatus.RUNNING


def test_a_stopped_goal_is_cancelled_and_its_leases_are_gone() -> None:
    world, attempt = a_live_attempt()
    world.hear(Stop(command_id=C1, goal_id=GOAL))
    world.settle()
    assert world.state.status is GoalStatus.CANCELLED
    assert world.state.attempts[attempt.attempt_id].outcome == "expired"


def test_a_vetoed_goal_is_blocked_with_the_humans_reason() -> None:
    world, _ = a_live_attempt(TaskKind.TEST)
    world.hear(Veto(command_id=C1, goal_id=GOAL, reason="wrong approach"))
    world.settle()
    assert world.state.status is GoalStatus.BLOCKED
    assert "wrong approach" in world.state.reason


def test_an_ended_goal_takes_no_more_commands() -> None:
    world = a_world()
    drive(world)
    with pytest.raises(Rejected, match="has ended"):
        world.hear(Pause(command_id=C1, goal_id=GOAL))


def test_a_late_message_from_a_lost_lease_is_refused() -> None:
    world, attempt = a_live_attempt()
    late = world.answer(attempt)
    world.hear(ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="silence"))
    with pytest.raises(Rejected, match="lease is lost"):
        world.hear(late)
    assert isinstance(world.state.tasks[attempt.task_id].phase, Open)


def test_a_lease_expires_once() -> None:
    world, attempt = a_live_attempt()
    expire = ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="silence")
    assert len(world.hear(expire)) == 1
    assert world.hear(expire) == ()


def test_an_old_epoch_neither_speaks_nor_expires() -> None:
    world, attempt = a_live_attempt()
    old = world.answer(attempt).model_copy(update={"epoch": attempt.epoch - 1})
    with pytest.raises(Rejected, match="another award"):
        world.hear(old)
    expire = ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch - 1, reason="late")
    assert world.hear(expire) == ()


def test_an_attempt_that_never_was_is_refused() -> None:
    world, attempt = a_live_attempt()
    nobody = nth_attempt(attempt.task_id, 9)
    with pytest.raises(Rejected):
        world.hear(GiveUp(attempt_id=nobody, epoch=attempt.epoch, reason="", spent=0))


def test_a_step_recorded_twice_is_one_step() -> None:
    world, attempt = a_live_attempt()
    assert len(world.hear(step(attempt, a_step(1)))) == 1
    assert world.hear(step(attempt, a_step(1))) == ()
    assert world.state.attempts[attempt.attempt_id].spent == a_step(1).cost


@pytest.mark.parametrize("made", [a_step(3), a_step(0), a_step(1, action="something else")])
def test_a_step_out_of_order_or_changed_is_told_which_is_next(made: Step) -> None:
    world, attempt = a_live_attempt()
    world.hear(step(attempt, a_step(1)))
    with pytest.raises(Rejected, match="step 2 is next"):
        world.hear(step(attempt, made))


def test_a_step_beyond_the_reservation_is_exhausted() -> None:
    world, attempt = a_live_attempt()
    with pytest.raises(Exhausted):
        world.hear(step(attempt, a_step(1, attempt.reserved + 1)))


def test_a_step_cannot_give_money_back() -> None:
    world, attempt = a_live_attempt()
    with pytest.raises(Rejected, match="less than nothing"):
        world.hear(step(attempt, a_step(1, -1)))


def test_no_more_is_charged_than_was_reserved() -> None:
    world, attempt = a_live_attempt()
    world.hear(world.submitted(attempt).model_copy(update={"spent": 10**9}))
    assert world.state.attempts[attempt.attempt_id].spent == attempt.reserved


def test_no_less_is_charged_than_the_steps_said() -> None:
    world, attempt = a_live_attempt()
    world.hear(step(attempt, a_step(1, 300)))
    given_up = GiveUp(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="", spent=0)
    world.hear(given_up)
    assert world.state.attempts[attempt.attempt_id].spent == 300


def test_a_result_sent_twice_is_one_result_and_another_one_is_refused() -> None:
    world, attempt = a_live_attempt()
    world.hear(world.submitted(attempt))
    assert world.hear(world.submitted(attempt)) == ()
    with pytest.raises(Rejected, match="has ended"):
        world.hear(world.submitted(attempt, "another tree"))


def test_giving_up_and_failing_twice_count_once() -> None:
    world, attempt = a_live_attempt()
    mine = {"attempt_id": attempt.attempt_id, "epoch": attempt.epoch, "spent": 0}
    failed = Fail.model_validate({**mine, "error": "OSError", "message": "no disk", "trace": ""})
    assert len(world.hear(failed)) == 1
    assert world.hear(failed) == ()
    with pytest.raises(Rejected):
        world.hear(GiveUp.model_validate({**mine, "reason": "after all"}))


def test_a_tree_does_not_answer_a_check_nor_a_verdict_a_task() -> None:
    world, attempt = a_live_attempt(TaskKind.TEST)
    with pytest.raises(Rejected, match="does not answer"):
        world.hear(world.submitted(attempt))
    with pytest.raises(Rejected, match="does not answer"):
        world.hear(world.planned(attempt, world.plan))


def test_what_an_agent_has_heard_is_on_record_with_its_next_step_once() -> None:
    world, attempt = a_live_attempt()
    world.hear(Say(command_id=C1, goal_id=GOAL, text="mind the API"))
    heard = step(attempt, a_step(1)).model_copy(update={"guided": 1})
    assert [event.type for event in world.hear(heard)] == ["guidance.delivered", "step.recorded"]
    assert world.hear(heard) == ()
    more = heard.model_copy(update={"step": a_step(2)})
    assert [event.type for event in world.hear(more)] == ["step.recorded"]
    with pytest.raises(Rejected, match="no such guidance"):
        world.hear(more.model_copy(update={"step": a_step(3), "guided": 2}))


BAD_PLANS = {
    "gap in the numbers": (a_contract(3),),
    "a number twice": (a_contract(2), a_contract(2)),
    "waits for itself": (a_contract(2, after=(2,)),),
    "waits for what comes later": (a_contract(2, after=(3,)), a_contract(3)),
    "waits for the plan, which is never accepted": (a_contract(2, after=(1,)),),
    "costs more than the goal has": (a_contract(2, budget=10**9),),
    "hides its cost behind a negative one": (a_contract(2, budget=10**9), a_contract(3, budget=-(10**9))),
    "is not a write task": (a_contract(2).model_copy(update={"kind": TaskKind.TEST}),),
    "is for another goal": (a_contract(2).model_copy(update={"goal_id": "g-another1"}),),
    "too many": tuple(a_contract(number, budget=1) for number in range(2, 11)),
    "nothing, and no reason": (),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_plan_that_is_none_is_refused_and_nothing_is_announced(name: str) -> None:
    world = a_world()
    attempt = next(world.state.live())
    with pytest.raises(Rejected):
        world.hear(world.planned(attempt, BAD_PLANS[name]))
    assert len(world.state.tasks) == 1


def test_a_plan_and_its_announcements_are_one() -> None:
    world = a_world(a_contract(2), a_contract(3, after=(2,)))
    events = world.hear(world.answer(next(world.state.live())))
    assert [event.type for event in events] == ["plan.made", "task.announced", "task.announced"]


def test_messages_to_a_goal_that_the_shell_ended_are_refused() -> None:
    world, attempt = a_live_attempt()
    world.keep((GoalEnded(at=world.at, goal_id=GOAL, status=GoalStatus.FAILED, reason="a bug"),))
    with pytest.raises(Rejected):
        world.hear(step(attempt, a_step(1)))
    assert world.state.reserved == 0
    assert tuple(world.state.live()) == ()


def test_attempts_are_numbered_by_task() -> None:
    _, attempt = a_live_attempt()
    assert attempt.attempt_id == AttemptId(f"{GOAL}.t2.a1")
