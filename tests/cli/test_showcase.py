"""What the demo leaves behind, and what it tells to type next."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from swarm.cli.showcase import has_own_home, steps
from swarm.domain.events import Event
from swarm.testing.events import a_finished_goal, a_paused_goal, an_exhausted_goal
from tests.cli.cli_examples import state_of

HOME = Path("/demo/state")


def commands(story: Sequence[Event]) -> list[str]:
    told = steps(HOME, state_of(story), kept=True, own_home=True)
    return [command for command, _ in told]


def test_a_diff_is_only_named_where_there_is_a_pull_request() -> None:
    assert "SWARM_HOME=/demo/state swarm pr diff 1" in commands(a_finished_goal())
    for story in (a_paused_goal(), an_exhausted_goal()):
        assert not any("swarm pr diff" in command for command in commands(story))


def test_an_interrupted_demo_says_how_to_go_on() -> None:
    assert commands(a_paused_goal())[0] == "SWARM_HOME=/demo/state swarm resume"


@pytest.mark.parametrize(
    ("environ", "kept", "own"),
    [
        ({"SWARM_HOME": "/mine"}, False, True),
        ({"SWARM_HOME": "/mine"}, True, False),
        ({}, False, True),
        ({}, True, True),
    ],
)
def test_what_is_thrown_away_is_in_no_state_folder_of_the_users(
    environ: dict[str, str], kept: bool, own: bool
) -> None:
    assert has_own_home(environ, kept=kept) is own
