"""Steps by number, and the commands that go back to one."""

from pathlib import Path

import pytest

from swarm.actors.public_api import Places
from swarm.cli.lines import line
from swarm.coordination.public_api import HUMAN_COMMAND, HumanCommand, Replay, RollBack
from swarm.domain.events import GoalRolledBack, StepRecorded
from swarm.domain.names import CommandId, GoalId
from swarm.testing.events import GOAL, a_finished_goal, a_running_goal
from tests.cli.cli_examples import NOW, a_home, folded, swarm


def left(home: Path) -> list[HumanCommand]:
    return [HUMAN_COMMAND.validate_json(path.read_bytes()) for path in Places(home).inbox.iterdir()]


def back(step: int) -> GoalRolledBack:
    return GoalRolledBack(at=NOW, goal_id=GOAL, command_id=CommandId("back"), step=step)


def test_steps_are_shown_by_the_number_that_one_goes_back_to(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    steps = [event.step for event in a_finished_goal() if isinstance(event, StepRecorded)]
    shown = swarm(home, "show", GOAL).out
    assert all(f"{n}" in shown and step.action in shown for n, step in enumerate(steps, start=1))
    told = swarm(home, "show", GOAL, "--json").document["steps"]
    assert [each["step"] for each in told] == list(range(1, len(steps) + 1))
    assert [each["action"] for each in told] == [step.action for step in steps]


def test_the_checkpoint_of_a_step_names_its_record_in_the_journal(tmp_path: Path) -> None:
    story = a_finished_goal()
    home = a_home(tmp_path, story)
    told = swarm(home, "show", GOAL, "--json").document["steps"]
    places = [n for n, event in enumerate(story, start=1) if isinstance(event, StepRecorded)]
    assert [each["checkpoint"]["record"] for each in told] == places


def test_what_was_undone_is_told_apart(tmp_path: Path) -> None:
    story = (*a_running_goal(), back(1))
    home = a_home(tmp_path, story)
    told = swarm(home, "show", GOAL, "--json").document["steps"]
    assert [each["undone"] for each in told] == [False, *[True] * (len(told) - 1)]
    assert "here" in swarm(home, "show", GOAL).out


def test_going_back_is_a_line_of_the_log() -> None:
    story = (*a_running_goal(), back(1))
    said = line(story[-1], folded(story)[GoalId(GOAL)])
    assert said is not None
    assert said.text.startswith("back at step 1: ")


def test_going_back_is_left_for_the_next_coordinator(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal())
    called = swarm(home, "rollback", GOAL, "1", "--json")
    assert called.code == 0
    assert called.document["heard"] is False
    (command,) = left(home)
    assert isinstance(command, RollBack)
    assert command.step == 1


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("rollback", GOAL, "99"), "there is no step 99"),
        (("replay", GOAL, "--from", "99"), "there is no step 99"),
        (("rollback", "g-nosuch", "1"), "there is no goal g-nosuch"),
        (("rollback", GOAL, "0"), "STEP"),
        (("rollback", GOAL, "one"), "STEP"),
        (("replay", GOAL), "--from"),
    ],
)
def test_what_cannot_be_gone_back_to_is_said_and_nothing_left(
    argv: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    home = a_home(tmp_path, a_running_goal())
    called = swarm(home, *argv)
    assert called.code == 2
    assert said in called.err
    assert left(home) == []


def test_a_published_goal_is_replayed_and_not_rolled_back(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    called = swarm(home, "rollback", GOAL, "1")
    assert called.code == 2
    assert f"swarm replay {GOAL} --from 1" in called.err


def test_commands_to_go_back_survive_their_bytes() -> None:
    for command in (
        RollBack(command_id=CommandId("c"), goal_id=GoalId(GOAL), step=1),
        Replay(command_id=CommandId("c"), goal_id=GoalId(GOAL), step=1, new=GoalId("g-000002")),
    ):
        assert HUMAN_COMMAND.validate_json(HUMAN_COMMAND.dump_json(command)) == command
