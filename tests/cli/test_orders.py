"""Commands for the coordinator, with nobody there to hear them."""

from pathlib import Path

import pytest

from swarm.actors.public_api import Places
from swarm.coordination.public_api import HUMAN_COMMAND, HumanCommand
from swarm.testing.events import a_finished_goal, a_running_goal
from tests.cli.cli_examples import a_home, swarm


def left(home: Path) -> list[HumanCommand]:
    return [HUMAN_COMMAND.validate_json(path.read_bytes()) for path in Places(home).inbox.iterdir()]


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (["say", "g-000001", "mind the API"], "say"),
        (["pause", "g-000001"], "pause"),
        (["stop", "g-000001"], "stop"),
        (["veto", "g-000001", "not now"], "veto"),
    ],
)
def test_a_command_is_left_for_the_next_coordinator(
    argv: list[str], kind: str, tmp_path: Path
) -> None:
    home = a_home(tmp_path, a_running_goal())
    called = swarm(home, *argv, "--json")
    assert called.code == 0
    assert called.document["heard"] is False
    assert [command.type for command in left(home)] == [kind]


@pytest.mark.parametrize("argv", [["say", "g-000001", "x"], ["pause", "g-000001"], ["stop", "0"]])
def test_a_goal_that_has_ended_takes_no_commands(argv: list[str], tmp_path: Path) -> None:
    home = a_home(tmp_path, a_finished_goal())
    called = swarm(home, *argv)
    assert called.code == 2
    assert "has ended" in called.err
    assert left(home) == []


@pytest.mark.parametrize("text", ["", "  \n", "x" * 20_001])
def test_nothing_and_too_much_are_not_said(text: str, tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal())
    assert swarm(home, "say", "g-000001", text).code == 2
    assert left(home) == []


def test_a_command_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = a_home(tmp_path, a_running_goal())
    swarm(home, "pause", "g-000001")
    (path,) = Places(home).inbox.iterdir()
    assert path.stat().st_mode & 0o077 == 0
