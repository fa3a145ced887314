"""People pause, resume, tell, stop and interrupt goals that are being worked on."""

import os
import signal
from pathlib import Path

import pytest

from swarm.domain.events import (
    CoordinatorStarted,
    Event,
    GoalGuided,
    GoalPlayed,
    GoalSubmitted,
    StepRecorded,
)
from swarm.domain.names import GoalId
from swarm.testing.git import a_repository, git
from swarm.testing.outside import (
    Outside,
    answer,
    descendants,
    fingerprint,
    seconds_of,
    steps,
    wait_until,
)
from tests.end_to_end.projects import BUG, broken, is_mended

HANGS = """\
import ctypes


def test_hangs():
    ctypes.CDLL(None).prctl(15, b"spinning")
    while True:
        pass
"""
"""It gives its process a name, by which that is found from outside."""


@pytest.mark.thorough
def test_a_running_goal_hears_pause_play_say_and_stop(swarm: Outside, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"test_calc.py": HANGS})
    before = fingerprint(repository)
    running = swarm.start_run("fix the failing tests", repository)
    spinning = _spinning()
    (goal,) = swarm.goal_ids()

    told = swarm.call("pause", goal)
    assert (told.code, told.out) == (0, f"{goal}: paused; `swarm play {goal}` goes on\n")
    wait_until(lambda: _is_stopped(spinning))
    spent = seconds_of(spinning)
    assert swarm.call("show", goal).code == 0
    assert seconds_of(spinning) == spent, "what is paused is frozen"
    assert running.poll() is None, "a run stays with its paused goal"
    running.send_signal(signal.SIGINT)
    interrupted = answer(running)
    assert interrupted.code == 130
    assert f"swarm play {goal}" in interrupted.told
    wait_until(lambda: not Path(f"/proc/{spinning}").exists())

    refused = swarm.call("pause", "g-nosuch")
    assert refused.code == 2
    assert "there is no goal g-nosuch" in refused.told

    resumed = swarm.start("resume", "--runtime", "inline")
    spinning = _spinning()
    assert swarm.call("pause", goal).code == 0
    wait_until(lambda: _is_stopped(spinning))
    spent = seconds_of(spinning)
    played = swarm.start("play", goal, "--runtime", "inline")
    wait_until(lambda: seconds_of(spinning) > spent)
    assert swarm.call("say", goal, "look at the loop").code == 0
    stopped = swarm.call("stop", goal, "--json")
    assert stopped.document["heard"]
    for ended in (answer(resumed), answer(played)):
        assert ended.code == 1
        assert "CANCELLED" in ended.told
    kinds = {type(event) for event in swarm.events()}
    assert {GoalGuided, GoalPlayed} <= kinds
    assert fingerprint(repository) == before


def _spinning() -> int:
    """The process of the test that never ends, when it is there."""
    found: list[int] = []

    def look() -> bool:
        found[:] = [each for each in descendants(os.getpid()) if _told(each, "Name") == "spinning"]
        return bool(found)

    wait_until(look, seen=lambda: "no process that spins")
    return found[0]


def _is_stopped(process: int) -> bool:
    return _told(process, "State").startswith("T")


def _told(process: int, what: str) -> str:
    """What the kernel says of it."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has ended
        return ""
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{what}:"))


@pytest.mark.thorough
def test_two_goals_for_one_bug_an_interruption_and_a_branch_in_the_way(
    swarm: Outside, tmp_path: Path
) -> None:
    """One coordinator serves both; what is interrupted goes on where it was; a branch that a person
    made is left alone.
    """
    repository = broken(tmp_path / "repository")
    first = swarm.start_run(BUG, repository)
    swarm.wait_for(GoalSubmitted)
    second = swarm.start_run(BUG, repository)
    swarm.wait_for(GoalSubmitted, 2)
    one, other = swarm.goal_ids()
    git(repository, "branch", f"swarm/{other}")
    before, head = fingerprint(repository), git(repository, "rev-parse", "HEAD")

    wait_until(lambda: any(_is_step(event, one) for event in swarm.events()))
    first.send_signal(signal.SIGINT)
    interrupted, blocked = answer(first), answer(second)
    assert interrupted.code == 130
    assert f"Paused: {one}. To go on: swarm resume" in interrupted.told
    assert blocked.code == 3
    assert f"has a branch swarm/{other} that swarm did not write" in blocked.told
    assert sum(isinstance(event, CoordinatorStarted) for event in swarm.events()) == 1

    resumed = swarm.call("resume", "--runtime", "inline", "--json")
    assert resumed.code == 0
    assert resumed.document["goals"][0]["goal"]["id"] == one
    assert is_mended(repository, f"swarm/{one}")
    assert git(repository, "rev-parse", f"swarm/{other}") == head
    assert fingerprint(repository) == before
    assert max(steps(swarm.events()).values()) == 1, "a finished step was done again"


def _is_step(event: Event, goal: GoalId) -> bool:
    return isinstance(event, StepRecorded) and event.goal_id == goal
