import stat
from pathlib import Path

from swarm.actors.inbox import MOST_BYTES, leave, waiting
from swarm.coordination.public_api import Pause, Say
from swarm.domain.names import CommandId, GoalId
from swarm.testing.git import a_quick_folder

GOAL = GoalId("g-000001")


def test_a_command_that_was_left_is_found_once_for_each_name(tmp_path: Path) -> None:
    command = Pause(command_id=CommandId("one"), goal_id=GOAL)
    leave(tmp_path / "inbox", command)
    leave(tmp_path / "inbox", command)
    assert [found for _, found in waiting(tmp_path / "inbox")] == [command]


def test_commands_come_in_the_order_in_which_they_were_left() -> None:
    """In memory more of them are left than the clock of files tells apart."""
    names = [f"{number * 7 % 20}" for number in range(20)]
    with a_quick_folder() as inbox:
        for name in names:
            leave(inbox, Say(command_id=CommandId(name), goal_id=GOAL, text=name))
        assert [found.command_id for _, found in waiting(inbox) if found] == names


def test_nobody_else_can_read_a_command(tmp_path: Path) -> None:
    leave(tmp_path / "inbox", Pause(command_id=CommandId("one"), goal_id=GOAL))
    [file] = (tmp_path / "inbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_no_command_is_told_apart_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"type": "erase-everything"}')
    (tmp_path / "huge.json").write_bytes(b" " * (MOST_BYTES + 1))
    (tmp_path / ".draft.json").write_text("half a comm")
    leave(tmp_path, Pause(command_id=CommandId("good"), goal_id=GOAL))
    found = {path.name: command is not None for path, command in waiting(tmp_path)}
    assert found == {"bad.json": False, "huge.json": False, "good.json": True}
