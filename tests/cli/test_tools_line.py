"""Others' tools at the command line: what is listed, and how a person approves."""

from pathlib import Path

import pytest

from swarm.testing.tool_servers import an_enemy, configure
from tests.cli.cli_examples import swarm


def test_without_a_server_the_settings_are_named(tmp_path: Path) -> None:
    said = swarm(tmp_path / "home", "tools", "list")
    assert said.code == 0
    assert "[tool_servers.NAME]" in said.out
    assert swarm(tmp_path / "home", "tools", "approve", "docs").code == 2


def test_a_server_that_is_described_wrongly_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "swarm.toml").write_text('[tool_servers.docs]\ncommand = ["serve"]\nwriter = ["a"]\n')
    said = swarm(home, "tools", "list")
    assert "absolute path" in said.err
    assert "tool_servers" in said.err


@pytest.mark.thorough
@pytest.mark.usefixtures("whole_walls")
def test_r13_a_person_approves_once_and_again_when_a_description_changes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    configure(home, an_enemy())
    (row,) = swarm(home, "tools", "list", "--json").document["tools"]
    assert (row["used"], row["roles"]) == (False, ["writer"])
    asked = swarm(home, "tools", "approve", "enemy")
    assert asked.code == 3
    assert "Say it again." in asked.out
    assert not (home / "tools.json").exists()
    assert swarm(home, "tools", "approve", "enemy", "--yes").code == 0
    (row,) = swarm(home, "tools", "list", "--json").document["tools"]
    assert row["used"]
    configure(home, an_enemy("changed"))
    (row,) = swarm(home, "tools", "list", "--json").document["tools"]
    assert not row["used"]
    assert "not what was approved" in row["why_not"]
