"""kill -9 of whole runs with real repair in real sandboxes: one pull request, no step done again."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from swarm.actors.public_api import (
    GoalRequest,
    Places,
    coordinator_alive,
    leave,
    prepare_goal,
)
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.events import GoalEnded, GoalSubmitted, PublicationDone, WorkSubmitted
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId, task_of
from swarm.settings.public_api import Settings
from swarm.testing.git import a_quick_folder, git
from swarm.testing.outside import (
    Outside,
    answer,
    fingerprint,
    house_of,
    nothing_left,
    steps,
    wait_until,
)
from tests.end_to_end.projects import BUG, broken, is_mended

pytestmark = pytest.mark.chaos

POINTS = 20
AT_ONCE = 3
KILLS = 10
KILLS_OF_ONE = 4
"""On a slow machine they may all meet the same task, and one that ends its host six times is given up."""

SEED = 20
GOAL = GoalId("g-000001")
Border = Callable[[Outside, "subprocess.Popen[str]"], bool]


@pytest.fixture
def folder() -> Iterator[Path]:
    """For state folders, in memory."""
    with a_quick_folder() as folder, nothing_left(folder):
        yield folder


def _check(swarm: Outside, repository: Path, goal: GoalId, before: dict[str, str]) -> None:
    events = [event for event in swarm.events() if event.goal_id == goal]
    ended = [event for event in events if isinstance(event, GoalEnded)]
    assert [(e.status, e.reason) for e in ended] == [(GoalStatus.DONE, "pull request #1 is open")]
    assert sum(isinstance(event, PublicationDone) for event in events) == 1
    assert max(steps(events).values()) == 1, "a finished step was done again"
    submitted = [task_of(e.attempt_id) for e in events if isinstance(e, WorkSubmitted)]
    assert len(submitted) == 1
    assert is_mended(repository, f"swarm/{goal}")
    assert git(repository, "rev-list", "--count", f"main..swarm/{goal}") == "1"
    assert fingerprint(repository) == before


# At chosen records ------------------------------------------------------------------------------


def _submitted(home: Path, repository: Path) -> None:
    places = Places(home)
    places.make()
    request = GoalRequest(BUG, repository)
    goal = prepare_goal(request, Settings(home=home), new_id=lambda: GOAL)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))


def _killed_at(record: int, home: Path, repository: Path) -> str:
    """Killed just before the record is written, or just after; then once more without accidents.

    Returns what is wrong.
    """
    _submitted(home, repository)
    before, swarm = fingerprint(repository), Outside(home)
    when = "before" if record % 2 else "after"
    argv = [sys.executable, "-m", "tests.chaos.mortal_house", str(home), str(record), when]
    killed = subprocess.run(argv, start_new_session=True, capture_output=True, check=False)
    # Records that coincide are counted a little differently in each run: the last may not come.
    if killed.returncode != -signal.SIGKILL and len(swarm.events()) >= record:
        return f"{record}: not killed: {killed.stderr.decode()[-2000:]}"
    resumed = swarm.call("resume", "--runtime", "inline")
    try:
        _check(swarm, repository, GOAL, before)
    except AssertionError as error:
        return f"{record} {when}: {error}\n{resumed.told[-3000:]}"
    return ""


@pytest.mark.timeout(1500)
def test_a_run_that_is_killed_at_any_of_twenty_records_ends_in_one_pull_request(
    folder: Path, tmp_path: Path
) -> None:
    reference = broken(tmp_path / "reference")
    _submitted(folder / "reference", reference)
    before, swarm = fingerprint(reference), Outside(folder / "reference")
    assert swarm.call("resume", "--runtime", "inline").code == 0
    _check(swarm, reference, GOAL, before)
    records = len(swarm.events())
    points = sorted({1 + number * (records - 1) // (POINTS - 1) for number in range(POINTS)})
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = pool.map(
            lambda n: _killed_at(n, folder / str(n), broken(tmp_path / str(n))), points
        )
    assert [each for each in wrong if each] == []


# While it begins --------------------------------------------------------------------------------


def _has_begun(swarm: Outside, process: "subprocess.Popen[str]") -> bool:
    """The coordinator's process is there; as a rule it has no orders yet."""
    return bool(house_of(process.pid))


def _is_handed_in(swarm: Outside, process: "subprocess.Popen[str]") -> bool:
    """The coordinator's process is being told."""
    return any((swarm.home / "inbox").glob("*")) or bool(swarm.goal_ids())


def _works(swarm: Outside, process: "subprocess.Popen[str]") -> bool:
    """The coordinator holds the journal's lock, or did."""
    return coordinator_alive(Places(swarm.home)) or bool(swarm.goal_ids())


BORDERS = (_has_begun, _is_handed_in, _works)
RUNTIMES = ("inline", pytest.param("ray", marks=pytest.mark.ray))


def _kill(house: int) -> None:
    with suppress(ProcessLookupError):  # it has just left
        os.killpg(house, signal.SIGKILL)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("border", BORDERS)
def test_a_run_that_is_killed_while_it_begins_leaves_nothing_running_and_goes_on(
    folder: Path, tmp_path: Path, border: Border, runtime: str
) -> None:
    swarm, repository = Outside(folder / "home"), broken(tmp_path / "repository")
    before = fingerprint(repository)
    with nothing_left(folder):
        process = swarm.start("run", BUG, "--repo", repository, "--runtime", runtime)
        wait_until(lambda: border(swarm, process))
        house = house_of(process.pid)
        process.kill()
        answer(process)
        known = _is_handed_in(swarm, process)
        if known and house:  # without orders it leaves by itself
            _kill(house)
    again = ("resume",) if known else ("run", BUG, "--repo", repository)
    assert swarm.call(*again, "--runtime", "inline").code == 0
    (goal,) = swarm.goal_ids()
    _check(swarm, repository, goal, before)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_another_house_is_started_for_one_that_is_killed_before_its_orders(
    folder: Path, tmp_path: Path, runtime: str
) -> None:
    swarm, repository = Outside(folder / "home"), broken(tmp_path / "repository")
    before = fingerprint(repository)
    process = swarm.start("run", BUG, "--repo", repository, "--runtime", runtime)
    wait_until(lambda: _has_begun(swarm, process))
    process.send_signal(signal.SIGSTOP)
    known = _is_handed_in(swarm, process)
    _kill(house_of(process.pid))
    process.send_signal(signal.SIGCONT)
    # Where this was too late, the run says how to go on.
    assert answer(process).code == 0 or known
    assert swarm.call("resume", "--runtime", "inline").code == 0
    (goal,) = swarm.goal_ids()
    _check(swarm, repository, goal, before)


# At random moments ------------------------------------------------------------------------------


@pytest.mark.timeout(900)
def test_goals_whose_processes_are_killed_ten_times_at_random_moments_end(
    folder: Path, tmp_path: Path
) -> None:
    rng, kills, number = random.Random(SEED), 0, 0
    while kills < KILLS:
        number += 1
        swarm, repository = Outside(folder / str(number)), broken(tmp_path / str(number))
        before = fingerprint(repository)
        process = swarm.start_run(BUG, repository)
        swarm.wait_for(GoalSubmitted)  # what is killed before has to be typed again
        for _ in range(min(KILLS_OF_ONE, KILLS - kills)):
            if not _killed(process, rng):
                break
            kills += 1
            process = swarm.start("resume", "--runtime", "inline")
        told = answer(process)
        assert told.code == 0, told.told
        _check(swarm, repository, swarm.goal_ids()[0], before)
    assert kills == KILLS


def _killed(process: "subprocess.Popen[str]", rng: random.Random) -> bool:
    """Kill what leads a process group, and its group, after a while: the coordinator's process, with
    or without the command line. False when it was too late.
    """
    both = rng.choice((True, False))
    threading.Event().wait(rng.uniform(0.2, 9.0))
    if process.poll() is not None:
        return False
    if house := house_of(process.pid):
        with suppress(ProcessLookupError):  # it has just left
            os.killpg(house, signal.SIGKILL)
    if both:
        os.killpg(process.pid, signal.SIGKILL)
    told = answer(process)
    return told.code in (1, -signal.SIGKILL)
