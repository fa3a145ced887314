from collections.abc import Callable, Sequence

import pytest

from swarm.cli.ending import Proposal, diff, ending, next_steps, pull_request
from swarm.cli.lines import Line
from swarm.cli.live import live
from swarm.cli.overview import overview
from swarm.cli.page import page
from swarm.domain.events import Event
from swarm.domain.goals import Goal
from swarm.domain.names import AttemptId
from swarm.testing.events import (
    BEGIN,
    BODY,
    TITLE,
    a_blocked_goal,
    a_finished_goal,
    a_goal,
    a_partial_goal,
    a_paused_goal,
    a_running_goal,
    a_submitted_goal,
    an_exhausted_goal,
)
from tests.cli.cli_examples import NOW, folded, shown, state_of

EVIL = "\x1b]0;owned\x07\u202e[bold]not bold[/bold]"
STORIES = (
    a_submitted_goal,
    a_running_goal,
    a_paused_goal,
    a_finished_goal,
    a_partial_goal,
    a_blocked_goal,
    an_exhausted_goal,
)
PATCH = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n"


# Everything -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("story", STORIES)
def test_no_view_lets_a_foreign_text_through_as_it_is(
    story: Callable[[Goal], Sequence[Event]], width: int
) -> None:
    state = state_of(story(a_goal(text=EVIL)))
    proposal = Proposal(EVIL, EVIL, ((EVIL, 1, 1),), f"+{EVIL}")
    views = (
        page(state, NOW, True),
        live(state, NOW, {}, (Line(EVIL),)),
        ending(state, NOW, proposal, next_steps(state)),
        overview([state], NOW, True),
    )
    for view in views:
        text = shown(view, width=width)
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_markup_in_a_goal_is_shown_as_it_was_written() -> None:
    assert "[bold]x[/bold]" in shown(
        page(state_of(a_running_goal(a_goal(text="[bold]x[/bold]"))), NOW, True)
    )


# One goal ---------------------------------------------------------------------------------------


def test_a_goals_page_has_tasks_attempts_bids_steps_checks_and_findings() -> None:
    text = shown(page(state_of(a_running_goal()), BEGIN + 30_000, True))
    for expected in (
        "t3 Fix tests/test_workdays.py::test_holiday",
        "t3.a2",
        "writer-crossover",
        "lower index",
        "tried 36 templates; 1 makes the target pass",
        "suite: one test turned red",
        "(timebook/workdays.py:21)",
    ):
        assert expected in text


def test_a_goals_page_shows_what_was_said_to_the_agents() -> None:
    assert "mind the API" in shown(page(state_of(a_paused_goal()), NOW, True))


# While it runs ----------------------------------------------------------------------------------


def test_the_live_view_tells_how_long_the_present_step_takes() -> None:
    since = {AttemptId("g-000001.t3.a2"): BEGIN + 28_000}
    text = shown(live(state_of(a_running_goal()), BEGIN + 30_500, since, (Line("last"),)))
    assert "writer-mutation step 2 2.5 s" in text
    assert "$0.0085 of $2.00" in text
    assert text.rstrip().endswith("last")


def test_the_live_view_waits_for_the_first_task_in_words() -> None:
    state = state_of(a_submitted_goal()[:2])
    assert "waiting for the first task" in shown(live(state, NOW, {}, ()))


# The end ----------------------------------------------------------------------------------------


def test_the_end_shows_the_pull_request_who_won_votes_cost_time_and_what_to_type() -> None:
    state = state_of(a_finished_goal())
    proposal = Proposal(TITLE, BODY, (("timebook/rounding.py", 1, 2),), PATCH)
    text = shown(ending(state, NOW, proposal, next_steps(state)))
    for expected in (
        "DONE pull request #1 is open",
        TITLE,
        "How tested: 61 of 61 tests pass",
        "timebook/rounding.py  +1  -2",
        "+new",
        "won",
        "reviewer-behaviour",
        "abstain",
        "quorum reached",
        "$0.013 of $2.00",
        "plan 3.0 s",
        "git -C /home/ada/timebook merge swarm/g-000001",
        "swarm pr diff 1",
    ):
        assert expected in text
    assert "Tasks and attempts" not in text


def test_a_long_change_is_counted_and_not_shown() -> None:
    proposal = Proposal(TITLE, BODY, (("a.py", 99, 0),), "+x\n" * 99)
    text = shown(pull_request(proposal, 60))
    assert "+99" in text
    assert "+x" not in text


def test_a_pull_request_unfolds_on_request() -> None:
    assert "Tasks and attempts" in shown(pull_request(Proposal(TITLE, BODY), 0, folded=False))


def test_a_diff_shows_tabs_and_every_line() -> None:
    assert shown(diff("+\tx\n-y")).splitlines() == ["+    x", "-y"]


def test_a_goal_that_ran_out_of_money_names_a_larger_budget() -> None:
    state = state_of(an_exhausted_goal())
    assert any("--budget 6" in command for command, _ in next_steps(state))


def test_a_goal_that_needs_a_model_names_what_works_without() -> None:
    state = state_of(a_blocked_goal())
    assert any("--fix-failing" in command for command, _ in next_steps(state))
    assert "BLOCKED needs a model engine" in shown(ending(state, NOW, None, next_steps(state)))


def test_a_partial_end_says_what_was_dropped() -> None:
    text = shown(ending(state_of(a_partial_goal()), NOW, None, ()))
    assert "partial, 1 task(s) open" in text
    assert "no candidate is left" in text


# Everything that is open ------------------------------------------------------------------------


def test_the_overview_puts_what_goes_on_before_what_waits_and_what_ended() -> None:
    goals = folded(
        a_finished_goal(),
        a_running_goal(a_goal("g-000002")),
        an_exhausted_goal(a_goal("g-000003")),
    )
    text = shown(overview(goals.values(), NOW, True))
    assert "1 going on, 1 waiting for you" in text
    places = [text.index(name) for name in ("g-000002", "g-000001", "g-000003")]
    assert places == sorted(places)


def test_the_overview_of_nothing_says_how_to_begin() -> None:
    assert "swarm run" in shown(overview([], NOW, False))
