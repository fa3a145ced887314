"""An agent asks, and what it has done so far waits with it: for people, and for whoever starts swarm again."""

import os
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, leave
from swarm.coordination.public_api import GoalState, Say, SubmitGoal, fold
from swarm.domain.events import (
    Event,
    GuidanceDelivered,
    PublicationDone,
    QuestionAsked,
    StepRecorded,
)
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import Question, StepTaken, Submission
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal, a_cast, a_goal, carry_out, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.forking import ended, forked, started
from swarm.testing.git import a_repository, git

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*fork:DeprecationWarning"  # the child runs its part and ends; nobody else needs it
)

GOAL = GoalId("g-000001")
DRAFT = "broken = None\n"
MENDED = "broken = False\n"
AT_ONCE = 4
"""A run mostly waits for the disk."""


class Asking(ScriptedEngine):
    """Writes a draft, asks behind its first step, and goes on from what it finds in its sandbox."""

    def __init__(self, found: Path) -> None:
        super().__init__([])
        self.found = found
        """Where it notes what it found and heard: it may be another process then."""

    async def work(self, assignment, sandbox, done, guidance, budget):  # type: ignore[no-untyped-def]
        if not done:
            yield StepTaken("looked", b"1", cost=5, seconds=0.0)
        if len(done) < 2:
            answer = guidance()
            if not answer:
                await sandbox.write(sandbox.root / "one.py", DRAFT.encode())
                await sandbox.write(sandbox.root / "notes", b"unsaid")
                yield Question("which of the two?", write("one.py", DRAFT))
                return
            held = await sandbox.diff()
            seen = {item.path.decode(): item.data.decode() for item in held.items}
            self.found.write_text(f"{sorted(seen)} {seen['one.py']!r} {answer}")
            await sandbox.write(sandbox.root / "one.py", MENDED.encode())
            yield StepTaken("mended", b"2", cost=5, seconds=0.0, changes=write("one.py", MENDED))
        yield Submission(write("one.py", MENDED), "Mend one.py", "It was broken.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _begun(tmp_path, "unsafe-worktree")


def _begun(folder: Path, sandbox: str) -> Path:
    repository = folder / "repository"
    a_repository(repository, {"one.py": "broken = True\n"})
    places = Places(folder / "home")
    places.make()
    goal = a_goal(repository, GOAL, sandbox=sandbox)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    return folder


def _run(folder: Path, dies_at: int = 0) -> None:
    places = Places(folder / "home")
    journal = open_journal(places.journal)
    mortal = MortalJournal(journal, dies_at, dies_at % 2 == 0) if dies_at else journal
    cast = a_cast(("one.py",), (Asking(folder / "found"),))
    carry_out(places, Settings(home=places.home), mortal, cast)
    journal.close()


def _say(folder: Path, text: str = "the first") -> None:
    leave(Places(folder / "home").inbox, Say(command_id=CommandId(text), goal_id=GOAL, text=text))


def _events(folder: Path) -> list[Event]:
    return [record.event for record in read_only(Places(folder / "home").journal).read()]


def _state(folder: Path) -> GoalState:
    goals: dict[GoalId, GoalState] = {}
    for event in _events(folder):
        fold(goals, event)
    return goals[GOAL]


@pytest.mark.thorough
def test_the_work_behind_a_question_is_there_when_it_is_answered(folder: Path) -> None:
    _run(folder)
    assert _state(folder).status is GoalStatus.WAITING
    _say(folder)
    _run(folder)
    assert (folder / "found").read_text() == f"['one.py'] {DRAFT!r} ('the first',)"
    assert _state(folder).status is GoalStatus.DONE
    assert git(folder / "repository", "show", f"swarm/{GOAL}:one.py") == MENDED.strip()


@pytest.mark.thorough
def test_behind_walls_of_overlays_even_what_it_did_not_mention_is_there(tmp_path: Path) -> None:
    folder = _begun(tmp_path, "isolated")
    _run(folder)
    _say(folder)
    _run(folder)
    assert (folder / "found").read_text() == f"['notes', 'one.py'] {DRAFT!r} ('the first',)"
    assert _state(folder).status is GoalStatus.DONE


@pytest.mark.thorough
def test_an_answer_is_on_record_once_with_the_step_that_heard_it(folder: Path) -> None:
    _run(folder)
    _say(folder)
    _run(folder)
    kinds = [type(e) for e in _events(folder) if isinstance(e, GuidanceDelivered | StepRecorded)]
    assert kinds == [StepRecorded, GuidanceDelivered, StepRecorded]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many records a run without accidents has."""
    folder = _begun(tmp_path_factory.mktemp("reference"), "unsafe-worktree")
    _run(folder)
    _say(folder)
    _run(folder)
    return len(_events(folder))


@pytest.mark.thorough
@pytest.mark.timeout(600)
def test_killed_at_any_record_the_question_is_asked_once_and_the_answer_heard(
    records: int, tmp_path: Path
) -> None:
    left, running, bad = list(range(records, 0, -1)), dict[int, int](), list[int]()
    while left or running:
        while left and len(running) < AT_ONCE:
            point = left.pop()
            folder = _begun(tmp_path / str(point), "unsafe-worktree")
            running[started(partial(_killed_and_answered, folder, point))] = point
        point, status = ended(running)
        bad += [point] if status else []
    assert bad == []


def _killed_and_answered(folder: Path, point: int) -> None:
    """Killed there, before the question or after the answer; then without accidents."""
    killed = [forked(lambda: _run(folder, point))]
    if not any(isinstance(event, QuestionAsked) for event in _events(folder)):
        assert forked(lambda: _run(folder)) == 0
    _say(folder)
    killed.append(forked(lambda: _run(folder, point)))
    assert forked(lambda: _run(folder)) == 0
    died = sum(os.WTERMSIG(status) == signal.SIGKILL for status in killed)
    assert died == 1 or len(_events(folder)) < point
    _check(folder)


def _check(folder: Path) -> None:
    events = _events(folder)
    steps = Counter(event.step.action for event in events if isinstance(event, StepRecorded))
    assert steps == {"looked": 1, "mended": 1}
    assert sum(isinstance(event, QuestionAsked) for event in events) == 1
    assert sum(isinstance(event, PublicationDone) for event in events) == 1
    assert (folder / "found").read_text() == f"['one.py'] {DRAFT!r} ('the first',)"
    assert git(folder / "repository", "show", f"swarm/{GOAL}:one.py") == MENDED.strip()
