"""What a task is worth by now, and goals that cannot be afforded as a whole."""

from swarm.coordination.state import Dropped
from swarm.coordination.worth import PATIENCE_SECONDS, grown
from swarm.domain.goals import GoalStatus
from swarm.domain.tasks import TaskKind
from swarm.testing.coordination import CREW, World, a_card, a_contract, a_world, drive
from swarm.testing.events import a_goal

OTHERS = tuple(card for card in CREW if card.role != "writer")


def two_tasks(budget: int) -> World:
    plan = (a_contract(2, budget=50_000), a_contract(3, budget=50_000))
    writer = a_card("one", price=50_000)
    return a_world(*plan, goal=a_goal(budget=budget), cards=(*OTHERS, writer))


def test_a_goal_that_cannot_be_afforded_as_a_whole_is_not_begun() -> None:
    state = drive(two_tasks(100_000))
    assert (state.status, state.cause) == (GoalStatus.FAILED, "budget")
    assert "cost $0.10 at least" in state.reason
    assert not any(task.attempts for task in state.of_kind(TaskKind.WRITE))


def test_a_goal_that_can_be_afforded_is_begun() -> None:
    state = drive(two_tasks(1_000_000))
    assert not any(isinstance(task.phase, Dropped) for task in state.of_kind(TaskKind.WRITE))


def test_waiting_makes_a_result_worth_more_up_to_twice_as_much() -> None:
    whole = PATIENCE_SECONDS * 1_000
    worths = [grown(1_000, waited) for waited in (-5, 0, whole // 2, whole, 3 * whole)]
    assert worths == [1_000, 1_000, 1_500, 2_000, 2_000]
