"""Whole runs through the command line: real repository, real processes, real sandboxes."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, coordinator_alive
from swarm.cli.watching import Watch
from swarm.domain.names import GoalId
from swarm.sandbox.public_api import choose, strongest
from swarm.testing.git import a_repository, git
from swarm.testing.outside import house_of
from tests.cli.cli_examples import program, swarm

BROKEN = {
    "ages.py": "def is_adult(age):\n    return age > 18\n",
    "test_ages.py": (
        "from ages import is_adult\n\n\n"
        "def test_child():\n    assert not is_adult(17)\n\n\n"
        "def test_grown_up():\n    assert is_adult(40)\n\n\n"
        "def test_birthday():\n    assert is_adult(18)\n"
    ),
}
PATIENCE_SECONDS = 200


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A state folder whose coordinator has left at the end."""
    yield tmp_path / "home"
    for _ in range(PATIENCE_SECONDS * 10):
        if not coordinator_alive(Places(tmp_path / "home")):
            return
        signal.sigtimedwait([], 0.1)
    pytest.fail("the coordinator's process did not leave")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    a_repository(tmp_path / "ages", BROKEN)
    return tmp_path / "ages"


@pytest.fixture
def sandbox() -> tuple[str, ...]:
    """What `run` needs where the machine cannot isolate."""
    with tempfile.TemporaryDirectory() as scratch:
        return () if strongest(Path(scratch)) else ("--unsafe-worktree",)


def a_running_program(home: Path, argv: list[str]) -> "subprocess.Popen[str]":
    """What it says comes line by line, as it says it."""
    return subprocess.Popen(
        [sys.executable, "-m", "swarm.cli", *argv],
        env={**os.environ, "SWARM_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.thorough
def test_handing_a_goal_in_reads_nothing_of_those_who_work_on_it() -> None:
    script = "import sys, swarm.cli.running, swarm.cli.minds; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    read = told.stdout.decode().split()
    assert "swarm.cli.running" in read
    heavy = ("swarm.agents", "swarm.engines", "anthropic", "ray.")
    assert [name for name in read if name.startswith(heavy)] == []


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_run_ends_in_a_pull_request_and_leaves_the_work_tree_alone(
    home: Path, repository: Path, sandbox: tuple[str, ...]
) -> None:
    argv = ("--repo", str(repository), "--runtime", "inline", "--json", *sandbox)
    called = program(home, "run", "--fix-failing", *argv)
    made = called.document
    assert (called.code, made["goal"]["status"]) == (0, "done"), called.err
    walls = "unsafe-worktree" if sandbox else choose(home / "work", "auto")
    assert made["sandbox_mode"] == walls
    assert any(bid["verdict"] == "won" for task in made["tasks"] for bid in task["bids"])
    assert git(repository, "rev-parse", made["pull_request"]["branch"])
    assert git(repository, "status", "--porcelain") == ""
    assert "return age >= 18" in swarm(home, "pr", "diff", "1").out
    assert swarm(home, "verify", made["goal"]["id"]).code == 0


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_goal_without_a_handle_waits_for_a_human(
    home: Path, tmp_path: Path, sandbox: tuple[str, ...]
) -> None:
    a_repository(tmp_path / "green", {"test_sums.py": "def test_sum():\n    assert 1 + 1 == 2\n"})
    argv = ("--repo", str(tmp_path / "green"), "--runtime", "inline", *sandbox)
    called = program(home, "run", "Make it nicer", *argv)
    assert called.code == 3
    assert "BLOCKED" in called.out
    assert "needs a model engine" in called.out


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_detached_goal_is_stopped_from_outside(
    home: Path, repository: Path, sandbox: tuple[str, ...]
) -> None:
    argv = ("--repo", str(repository), "--runtime", "inline", "--json", *sandbox)
    goal_id = program(home, "run", "--fix-failing", "--detach", *argv).document["goal"]["id"]
    assert swarm(home, "stop", goal_id).code == 0
    watch = Watch(Places(home)).catch_up()
    assert watch.goals[GoalId(goal_id)].stopped
    watch.close()


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_ctrl_c_pauses_durably_and_resume_goes_on(
    home: Path, repository: Path, sandbox: tuple[str, ...]
) -> None:
    argv = ["run", "--fix-failing", "--repo", str(repository), "--runtime", "inline", *sandbox]
    with a_running_program(home, argv) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if ": Make the failing tests pass" in line)
        running.send_signal(signal.SIGINT)
        said = running.stdout.read()
    assert running.returncode == 130, said
    assert "To go on: swarm resume" in said
    called = program(home, "resume", "--runtime", "inline", "--json")
    (goal,) = called.document["goals"]
    assert (called.code, goal["goal"]["status"]) == (0, "done"), called.err


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_an_estimate_writes_nothing(home: Path, repository: Path) -> None:
    called = swarm(home, "run", "--fix-failing", "--repo", str(repository), "--estimate", "--json")
    made = called.document
    assert (called.code, made["failing_tests"], made["suite_tests"]) == (0, 1, 3), called.err
    assert 0 < made["chance_ppm"] <= 1_000_000
    assert not home.exists()


def test_a_run_that_cannot_begin_leaves_no_state(home: Path, tmp_path: Path) -> None:
    for argv in (("x", "--repo", str(tmp_path / "nowhere")), ("",), ("x", "--budget", "much")):
        called = swarm(home, "run", *argv, "--json")
        assert called.code == 2
        assert json.loads(called.out)["error"]["advice"]
    assert not home.exists()


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_killed_coordinator_is_said_and_resume_goes_on(
    home: Path, repository: Path, sandbox: tuple[str, ...]
) -> None:
    argv = ["run", "--fix-failing", "--repo", str(repository), "--runtime", "inline", *sandbox]
    with a_running_program(home, argv) as running:
        assert running.stdout is not None
        next(line for line in running.stdout if "the plan has 1 task" in line)
        house = house_of(running.pid)
        assert house, "there is no coordinator"
        os.kill(house, signal.SIGKILL)
        said = running.stdout.read()
    assert running.returncode == 1, said
    assert "ended unexpectedly (signal 9)" in said
    assert "`swarm resume` goes on" in said
    assert program(home, "resume", "--runtime", "inline").code == 0


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_the_demo_mends_what_it_planted_and_keeps_it_on_request(home: Path, tmp_path: Path) -> None:
    keep = tmp_path / "demo"
    called = program(home, "demo", "--runtime", "inline", "--keep", str(keep), "--json")
    assert called.code == 0, called.err
    assert called.document["goal"]["repository"] == str(keep / "timebook")
    assert called.document["partial"] is False
    assert git(keep / "timebook", "rev-parse", called.document["pull_request"]["branch"])
