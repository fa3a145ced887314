from hypothesis import given
from hypothesis import strategies as st

from swarm.cli.overview import overview
from swarm.cli.standing import _union, bids_on, needs_human, stages, task_status, verdict_on, waits
from swarm.coordination.public_api import evolve
from swarm.domain.events import QuestionAsked
from swarm.domain.names import TaskId
from swarm.testing.events import (
    BEGIN,
    GOAL,
    a_blocked_goal,
    a_finished_goal,
    a_partial_goal,
    a_paused_goal,
    a_planned_goal,
    a_running_goal,
    a_submitted_goal,
)
from tests.cli.cli_examples import NOW, shown, state_of

SPANS = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6)).map(lambda pair: (min(pair), max(pair))),
    max_size=5,
)


@given(SPANS)
def test_time_in_which_several_work_is_counted_once(spans: list[tuple[int, int]]) -> None:
    assert _union(spans) == len({tick for begin, end in spans for tick in range(begin, end)})


def test_a_task_that_is_worked_on_names_its_agent() -> None:
    (wait,) = waits(state_of(a_running_goal()), BEGIN + 30_000, alive=True)
    assert wait.what.startswith("t3 ")
    assert wait.why.startswith("writer-mutation works on it")


def test_without_a_coordinator_the_wait_is_for_resume() -> None:
    (wait,) = waits(state_of(a_running_goal()), NOW, alive=False)
    assert wait.todo == "swarm resume"


def test_a_paused_goal_waits_for_play_whether_or_not_swarm_runs() -> None:
    state = state_of(a_paused_goal())
    assert waits(state, NOW, alive=True) == waits(state, NOW, alive=False)
    assert waits(state, NOW, alive=True)[0].todo == "swarm play g-000001"


def test_a_question_is_shown_with_the_way_to_answer_it() -> None:
    before = state_of(a_running_goal())
    attempt = next(before.live())
    asked = QuestionAsked(
        at=NOW, goal_id=GOAL, attempt_id=attempt.attempt_id, text="which one?", spent=0
    )
    state = evolve(before, asked)
    assert needs_human(state)
    assert task_status(state, state.tasks[attempt.task_id]) == "asks you"
    for alive in (True, False):
        first = waits(state, NOW, alive=alive)[0]
        assert (first.why, first.todo) == ("asks: which one?", f'swarm say {GOAL} "ANSWER"')
    assert "0 going on, 1 waiting for you" in shown(overview([state], NOW, True))


def test_an_open_pull_request_waits_for_a_decision() -> None:
    state = state_of(a_finished_goal())
    assert needs_human(state)
    assert waits(state, NOW, alive=False)[0].todo == "swarm pr show 1"


def test_a_blocked_goal_says_what_it_needs() -> None:
    (wait,) = waits(state_of(a_blocked_goal()), NOW, alive=False)
    assert "model engine" in wait.why


def test_a_goal_that_was_just_taken_up_waits_for_its_plan() -> None:
    (wait,) = waits(state_of(a_submitted_goal()), NOW, alive=True)
    assert wait.what == "t1 Plan"
    assert "nobody has made an offer" in wait.why


def test_announced_tasks_that_nobody_has_wait_for_offers() -> None:
    found = waits(state_of(a_planned_goal()), NOW, alive=True)
    assert [wait.what[:2] for wait in found] == ["t2", "t3"]


def test_bids_come_best_first_with_the_winner_named() -> None:
    task = state_of(a_running_goal()).tasks[TaskId("g-000001.t3")]
    told = [(bid.agent_id, verdict_on(task, bid)) for bid in bids_on(task)]
    assert told == [
        ("writer-template", "lower index"),
        ("writer-mutation", "won"),
        ("writer-crossover", "lower index"),
    ]


def test_every_stage_of_a_finished_goal_took_time() -> None:
    spent = dict(stages(state_of(a_finished_goal()), NOW))
    assert list(spent) == ["plan", "write", "check", "vote", "publish"]
    assert all(spent.values())


def test_a_dropped_task_is_called_dropped() -> None:
    state = state_of(a_partial_goal())
    statuses = [task_status(state, task) for task in state.tasks.values()]
    assert statuses[:3] == ["answered", "accepted", "dropped"]
