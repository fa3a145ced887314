"""kill -9 at every record of a run: the run goes on, no finished step is repeated, one pull request.

Journal, blobs, keys, git and sandboxes are real; only planning, writing and checking are scripted.
Each run is a forked process, so that a kill is a kill.
"""

import functools
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, leave
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.events import PublicationDone, StepRecorded, WorkSubmitted
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import StepTaken, Submission
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal, a_cast, a_goal, carry_out, goals_of, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.forking import ended, forked, started
from swarm.testing.git import a_quick_folder, a_repository, git

FILES = {"one.py": "broken = True\n", "two.py": "broken = True\n"}
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*fork:DeprecationWarning"  # the child runs its part and ends; nobody else needs it
)

GOAL = GoalId("g-000001")
AT_ONCE = 4
"""Crash points tried at the same time."""


def _script(assignment: object) -> list[StepTaken | Submission]:
    path = assignment.contract.touch[0]  # type: ignore[attr-defined]
    changes = write(path, "broken = False\n")
    return [
        StepTaken("looked", b"1", cost=10, seconds=0.0),
        StepTaken("changed", b"2", cost=10, seconds=0.0, changes=changes),
        Submission(changes, f"Mend {path}", "It was broken."),
    ]


def _run(places: Places, dies_at: int = 0, *, before: bool = False) -> None:
    settings = Settings(home=places.home)
    journal = open_journal(places.journal)
    mortal = MortalJournal(journal, dies_at, before) if dies_at else journal
    engine = ScriptedEngine(_script, strategy="scripted")
    carry_out(places, settings, mortal, a_cast(tuple(FILES), (engine,)))
    journal.close()


def _killed_and_resumed(folder: Path, home: Path, dies_at: int) -> None:
    """Killed when the record is written, or (every other one) just before; then run again."""
    places = _new(folder, home)
    killed = forked(lambda: _run(places, dies_at, before=dies_at % 2 == 0))
    # Records that coincide are counted a little differently in each run: the last may not come.
    assert (
        os.WTERMSIG(killed) == signal.SIGKILL or read_only(places.journal).head().position < dies_at
    )
    assert forked(lambda: _run(places)) == 0
    _check(places, folder / "repository")


def _new(folder: Path, home: Path | None = None) -> Places:
    repository = folder / "repository"
    a_repository(repository, FILES)
    places = Places(home or folder / "home")
    places.make()
    command = SubmitGoal(command_id=CommandId("submit"), goal=a_goal(repository, GOAL))
    leave(places.inbox, command)
    return places


def _check(places: Places, repository: Path) -> None:
    events = [record.event for record in read_only(places.journal).read()]
    steps = Counter(
        (event.attempt_id.rsplit(".", 1)[0], event.step.action)
        for event in events
        if isinstance(event, StepRecorded)
    )
    assert set(steps.values()) == {1}, "a finished step was done again"
    assert len(steps) == 4
    assert sum(isinstance(event, PublicationDone) for event in events) == 1
    submitted = {e.attempt_id.rsplit(".", 1)[0] for e in events if isinstance(e, WorkSubmitted)}
    assert len(submitted) == 2
    assert git(repository, "show", f"swarm/{GOAL}:one.py") == "broken = False"
    assert git(repository, "show", f"swarm/{GOAL}:two.py") == "broken = False"
    assert git(repository, "rev-list", "--count", f"main..swarm/{GOAL}") == "2"


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many records a run without accidents has."""
    folder = tmp_path_factory.mktemp("reference")
    places = _new(folder)
    assert forked(lambda: _run(places)) == 0
    _check(places, folder / "repository")
    return read_only(places.journal).head().position


def _killed_at(points: list[int], folder: Path) -> list[int]:
    """At which of these points it went wrong. What a killed process wrote stays whether or not it
    reached the disk: homes are in memory.
    """
    left, running, bad = points[::-1], dict[int, int](), list[int]()
    with a_quick_folder() as homes:
        while left or running:
            while left and len(running) < AT_ONCE:
                point = left.pop()
                name = str(point)
                run = functools.partial(_killed_and_resumed, folder / name, homes / name, point)
                running[started(run)] = point
            point, status = ended(running)
            bad += [point] if status else []
    return bad


def test_a_run_that_is_killed_at_some_records_ends_in_one_pull_request(
    records: int, tmp_path: Path
) -> None:
    """Every thirteenth: odd and even points take turns."""
    assert _killed_at(list(range(1, records + 1, 13)), tmp_path) == []


@pytest.mark.thorough
def test_a_run_that_is_killed_at_any_record_ends_in_one_pull_request(
    records: int, tmp_path: Path
) -> None:
    assert _killed_at(list(range(1, records + 1)), tmp_path) == []


def test_a_goal_ends_as_done_with_everything_spent_on_record(records: int, tmp_path: Path) -> None:
    places = _new(tmp_path)
    forked(lambda: _run(places))
    state = goals_of(places)[GOAL]
    assert state.status is GoalStatus.DONE
    assert state.reserved == 0
    assert 40 <= state.spent <= state.goal.budget


@pytest.mark.thorough
def test_a_merge_by_the_user_is_noticed_at_the_next_start(tmp_path: Path) -> None:
    places, repository = _new(tmp_path), tmp_path / "repository"
    forked(lambda: _run(places))
    git(repository, "merge", "--quiet", f"swarm/{GOAL}")
    forked(lambda: _run(places))
    merges = [r.event for r in read_only(places.journal).read() if r.event.type.endswith("merged")]
    assert [event.goal_id for event in merges] == [GOAL]
