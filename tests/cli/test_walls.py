"""Which walls a run asks for, as it is typed: whose words, who watches, what this machine can make."""

import json
from pathlib import Path

import pytest

from swarm.cli.failing import LACKS, WAITS
from swarm.sandbox.public_api import choose, strongest
from swarm.testing.git import a_repository
from tests.cli.cli_examples import Called, program, swarm

MODES = ("idmapped", "namespaces", "shared-proc", "landlock")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    a_repository(tmp_path / "project", {"test_it.py": "def test_it():\n    assert False\n"})
    return tmp_path / "project"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def only(home: Path, *works: str) -> None:
    """Remember in the state folder that these modes can be made, and no others."""
    work = home / "work"
    work.mkdir(mode=0o700, parents=True)
    home.chmod(0o700)
    strongest(work)
    kept = json.loads((work / "modes.json").read_text())
    kept["reports"] = [
        {"mode": mode, "works": mode in works, "why": "refused here", "remedy": "do this"}
        for mode in MODES
    ]
    (work / "modes.json").write_text(json.dumps(kept))


def run(home: Path, repository: Path, *more: str) -> Called:
    return swarm(home, "run", "fix it", "--repo", str(repository), "--runtime", "inline", *more)


def test_others_words_are_never_worked_on_without_walls_while_nobody_watches(
    home: Path, repository: Path
) -> None:
    for watched in ((), ("--detach",)):  # here nothing is a terminal
        called = run(home, repository, "--untrusted", "--unsafe-worktree", *watched)
        assert called.code == WAITS
        assert "an unsafe worktree is never used unattended" in called.err


def test_others_words_are_not_worked_on_behind_landlock_unless_the_settings_say_so(
    home: Path, repository: Path
) -> None:
    only(home, "landlock")
    called = run(home, repository, "--untrusted", "--detach")
    assert called.code == WAITS
    assert 'the settings say sandbox = "landlock"' in called.err
    assert "swarm doctor" in called.err


def test_a_setting_says_that_all_goals_are_others_words(
    home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_UNTRUSTED", "true")
    called = run(home, repository, "--unsafe-worktree", "--detach")
    assert called.code == WAITS


def test_where_nothing_works_a_run_is_refused_with_what_helps(home: Path, repository: Path) -> None:
    only(home)
    called = run(home, repository, "--json")
    assert called.code == LACKS
    told = called.document["error"]
    assert (told["message"], told["advice"]) == ("refused here", "do this")


def test_nothing_is_taken_that_is_weaker_than_what_the_settings_ask_for(
    home: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(home, "shared-proc", "landlock")
    monkeypatch.setenv("SWARM_SANDBOX", "isolated")
    called = run(home, repository)
    assert called.code == LACKS
    assert "SWARM_SANDBOX=shared-proc swarm run" in called.err


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_detached_run_of_others_words_is_worked_on_in_a_whole_sandbox(
    home: Path, repository: Path
) -> None:
    (home / "work").mkdir(parents=True)
    home.chmod(0o700)
    found = strongest(home / "work", "shared-proc")
    if found is None:
        pytest.skip("this machine makes no whole sandbox")
    called = program(
        home,
        *("run", "--fix-failing", "--untrusted", "--repo", str(repository)),
        *("--runtime", "inline", "--json", "--minutes", "1"),
    )
    assert called.document["sandbox_mode"] == choose(home / "work", "auto") == found


CALLING_HOME = """
import socket

from ages import is_adult


def test_birthday():
    try:
        socket.create_connection(("203.0.113.7", 443), timeout=2)
    except OSError:
        pass
    assert is_adult(18)
"""


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_who_tried_to_reach_the_network_is_told_with_the_result(home: Path, tmp_path: Path) -> None:
    (home / "work").mkdir(parents=True)
    home.chmod(0o700)
    if strongest(home / "work", "shared-proc") is None:
        pytest.skip("this machine makes no sandbox that sees attempts to reach the network")
    files = {"ages.py": "def is_adult(age):\n    return age > 18\n", "test_ages.py": CALLING_HOME}
    a_repository(tmp_path / "ages", files)
    called = program(
        home,
        *("run", "--fix-failing", "--repo", str(tmp_path / "ages")),
        *("--runtime", "inline", "--json"),
    )
    made = called.document
    assert made["goal"]["status"] == "done", called.err
    assert ("203.0.113.7", 443) in {(e["host"], e["port"]) for e in made["sandbox"]["blocked"]}
    assert made["sandbox"]["limits"]["memory_bytes"] == 2 << 30
    assert made["sandbox"]["mode"] == made["sandbox_mode"]
    body = made["pull_request"]["body"]
    assert "| 203.0.113.7 | 443 |" in body
    assert "| limit of memory | 2048 MiB |" in body
    shown = swarm(home, "show", made["goal"]["id"])
    assert "203.0.113.7" in shown.out
