from collections.abc import Sequence

import pytest

from swarm.cli.lines import line
from swarm.domain.events import Event, GoalGuided, GoalSubmitted, GoalVetoed
from swarm.domain.names import CommandId
from swarm.testing.events import GOAL, a_finished_goal, a_goal, a_partial_goal, a_running_goal
from tests.cli.cli_examples import state_of


def told(story: Sequence[Event]) -> list[str]:
    """Each event's line, with the state of that moment."""
    said = []
    for number in range(1, len(story) + 1):
        event = story[number - 1]
        state = state_of(story[:number]) if number > 1 else None
        found = line(event, state)
        said += [found.text] if found else []
    return said


def test_a_finished_goal_reads_as_a_story() -> None:
    said = told(a_finished_goal())
    assert said[0] == "swarm 0.1.0 takes up its work (inline)"
    assert said[1] == "goal g-000001: Make the failing tests pass"
    assert "the plan has 2 tasks" in said
    assert "t3 writer-mutation tries again (2)" in said
    assert "t3 sent back: tests/test_workdays.py::test_weekdays passed on the base" in " ".join(
        said
    )
    assert said[-2:] == [
        "pull request #1 opened on swarm/g-000001",
        "done: pull request #1 is open",
    ]


def test_an_award_names_winner_price_chance_and_rivals() -> None:
    (award,) = [said for said in told(a_running_goal()) if "goes to" in said]
    assert "t2 goes to writer-template (template) at $0.005, chance 31 %, of 3 bids" in award


def test_a_dropped_task_says_why() -> None:
    assert any(
        said.startswith("t3 dropped: 1 attempts, none accepted") for said in told(a_partial_goal())
    )


@pytest.mark.parametrize("text", ["\x1b]0;owned\x07", "a\u202eb", "line\nbreak"])
def test_foreign_text_stays_on_its_line_and_gives_no_orders(text: str) -> None:
    state = state_of(a_running_goal())
    events = (
        GoalSubmitted(at=1, goal_id=GOAL, goal=a_goal(text=text)),
        GoalGuided(at=1, goal_id=GOAL, command_id=CommandId("c"), text=text),
        GoalVetoed(at=1, goal_id=GOAL, command_id=CommandId("c"), reason=text),
    )
    for event in events:
        said = line(event, state)
        assert said is not None
        assert said.text.isprintable()
