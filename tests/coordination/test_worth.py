"""What a task is worth by now, and goals that cannot be afforded as a whole."""

from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.coordination.state import Accepted, Dropped, GoalState, Open, Phase, Task
from swarm.coordination.worth import PATIENCE_SECONDS, banked, grown, share
from swarm.domain.clearings import Clearing
from swarm.domain.goals import GoalStatus
from swarm.domain.money import CERTAIN, USD
from swarm.domain.names import AttemptId, TreeHash
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


@cache
def done_goal() -> GoalState:
    return drive(a_world(*(a_contract(n) for n in (2, 3, 4)), goal=a_goal(budget=3 * USD)))


def three_tasks(*phases: Phase, odds: int = CERTAIN) -> tuple[GoalState, tuple[Task, ...]]:
    """A goal of three tasks worth 100 each in these phases, and what the last clearing said of each."""
    state = done_goal()
    tasks = tuple(
        replace(
            task,
            contract=task.contract.model_copy(update={"value": 100}),
            phase=phase,
            clearing=said_of(task, odds),
        )
        for task, phase in zip(state.of_kind(TaskKind.WRITE), phases, strict=True)
    )
    return replace(state, tasks={task.contract.task_id: task for task in tasks}), tasks


def said_of(task: Task, odds: int) -> Clearing | None:
    if task.clearing is None:
        return None
    scores = [
        score.model_copy(update={"accept": odds})
        for score in task.clearing.scores
        if score.task_id == task.contract.task_id
    ]
    return task.clearing.model_copy(update={"scores": tuple(scores[:1])})


def shares(*phases: Phase, odds: int = CERTAIN) -> list[int]:
    state, tasks = three_tasks(*phases, odds=odds)
    return [share(state, task) for task in tasks]


DONE, GONE = Accepted(AttemptId("g-000000.t2.a1"), TreeHash("0" * 40)), Dropped("nobody could")


def test_tasks_that_are_sure_to_be_done_share_the_goal_evenly() -> None:
    assert shares(Open(), Open(), Open()) == [100, 100, 100]


def test_the_last_task_that_is_missing_is_worth_what_makes_the_whole() -> None:
    assert shares(DONE, DONE, Open())[2] == 50 + 150


def test_a_task_whose_fellow_failed_is_worth_half() -> None:
    assert shares(GONE, Open(), Open())[1:] == [50, 50]


def test_a_task_is_worth_less_the_less_likely_its_fellows_are() -> None:
    assert shares(Open(), Open(), DONE, odds=CERTAIN // 2)[:2] == [50 + 75 // 2] * 2
    assert shares(Open(), Open(), Open(), odds=CERTAIN // 2) == [50 + 50 // 4] * 3


@settings(max_examples=15)
@given(st.lists(st.sampled_from([Open(), DONE, GONE]), min_size=3, max_size=3), st.integers(0, 10))
def test_what_is_missing_is_never_worth_more_than_the_goal(phases: list[Phase], odds: int) -> None:
    worths = shares(*phases, odds=odds * CERTAIN // 10)
    missing = [worth for worth, phase in zip(worths, phases, strict=True) if phase == Open()]
    assert sum(missing) <= 300 - 50 * phases.count(DONE)


def test_in_the_books_a_part_is_half_of_the_whole() -> None:
    whole, tasks = three_tasks(DONE, DONE, DONE)
    part, _ = three_tasks(DONE, DONE, GONE)
    assert (banked(whole, tasks[0]), banked(part, tasks[0])) == (100, 50)
