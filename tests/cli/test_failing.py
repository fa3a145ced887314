import pytest

from swarm.cli.failing import exit_code, told
from swarm.cli.running import code_of
from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.events import Cause, Event, GoalEnded
from swarm.domain.goals import GoalStatus
from swarm.testing.events import (
    BEGIN,
    GOAL,
    a_blocked_goal,
    a_finished_goal,
    a_partial_goal,
    a_paused_goal,
    a_planned_goal,
    an_exhausted_goal,
)
from tests.cli.cli_examples import state_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Rejected("x"), 2),
        (NeedsHuman("x"), 3),
        (Exhausted("x"), 4),
        (Lacking("x"), 5),
        (Transient("x"), 1),
    ],
)
def test_an_error_has_the_exit_code_of_what_to_do_about_it(error: SwarmError, code: int) -> None:
    assert exit_code(error) == code


def test_an_error_is_told_in_three_lines_without_giving_orders_to_the_terminal() -> None:
    lines = told(Lacking("no git in \x1b[31m\nhere", advice="install git"))
    assert lines == (
        "swarm: this machine lacks something",
        "  why: no git in [U+001B][31m here",
        "  do:  install git",
    )


def test_what_nothing_can_be_done_about_has_no_advice() -> None:
    assert len(told(Rejected("x"))) == 2


@pytest.mark.parametrize(
    ("story", "code"),
    [
        (a_finished_goal(), 0),
        (a_partial_goal(), 0),
        (a_blocked_goal(), 3),
        (a_paused_goal(), 3),
        (an_exhausted_goal(), 4),
    ],
)
def test_a_goals_end_has_its_exit_code(story: tuple[Event, ...], code: int) -> None:
    assert code_of(state_of(story)) == code


@pytest.mark.parametrize(
    ("status", "cause", "code"),
    [
        (GoalStatus.FAILED, "", 1),
        (GoalStatus.FAILED, "time", 4),
        (GoalStatus.BLOCKED, "environment", 5),
        (GoalStatus.CANCELLED, "", 1),
    ],
)
def test_a_cause_decides_before_the_status(status: GoalStatus, cause: Cause, code: int) -> None:
    end = GoalEnded(at=BEGIN, goal_id=GOAL, status=status, reason="", cause=cause)
    assert code_of(state_of((*a_planned_goal(), end))) == code
