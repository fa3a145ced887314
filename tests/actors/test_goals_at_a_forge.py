"""An approved issue, to the end that a person gives it, by polling alone: and the process is killed.

The forge is the embedded one, over HTTP, in a process of its own. Beside it are its people and its CI:
what is first pushed they find red, what follows they find green; when the pull request is ready for
review, its owner merges it. Only planning, writing and checking are scripted.
"""

import asyncio
import functools
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.public_api import Places, SystemClock, leave
from swarm.actors.working_api import clone_of, keep_token, run_inline
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.errors import Rejected
from swarm.domain.events import (
    Event,
    FollowUpOpened,
    PublicationDone,
    PullRequestMerged,
    StepRecorded,
)
from swarm.domain.names import CommandId
from swarm.engines.public_api import Assignment, StepTaken, Submission
from swarm.forge.public_api import Wire, approved_issue
from swarm.journal.public_api import open_journal, read_only
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal, a_cast, a_goal, write
from swarm.testing.engine import ScriptedEngine
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.forking import ended, forked, started
from swarm.testing.git import a_repository
from swarm.testing.outside import wait_until

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.timeout(3000),
]
AT_ONCE = 6
LONG = 400.0
"""Seconds for one life of an issue; it takes a few."""

LOG = "##[group]Run pytest\nE   assert not broken\n##[error]Process completed with exit code 1.\n"


def script(assignment: Assignment) -> list[StepTaken | Submission]:
    """What follows is known by what was found: CI's own words reach the writer."""
    said = " ".join(finding.message for finding in assignment.findings)
    follows = "assert not broken" in said
    changes = write("one.py", "broken = None\n" if follows else "broken = False\n")
    title = "Follow CI" if follows else "Mend"
    return [
        StepTaken(f"looked, to {title}", b"1", cost=10, seconds=0.0),
        Submission(changes, title, "It was broken."),
    ]


# The processes ----------------------------------------------------------------------------------


def serve(folder: Path) -> None:
    """The forge, until it is killed. Its address is in a file."""
    with a_forge(folder, folder / "source") as served:
        draft = folder / "url.draft"
        draft.write_text(served.url)
        draft.replace(folder / "url")
        threading.Event().wait()


def work(folder: Path, url: str, issue: int, dies_at: int = 0) -> None:
    """swarm, for ever: takes the issue up while it is open, and looks after its goal."""
    places = Places(folder / "home")
    places.make()
    keep_token(places, url, token_of("swarm-bot"))
    submit(places, url, issue)
    journal = open_journal(places.journal)
    mortal = MortalJournal(journal, dies_at, before=dies_at % 2 == 0) if dies_at else journal
    settings = Settings(home=places.home, forge_seconds=1)
    cast = a_cast(("one.py",), (ScriptedEngine(script, strategy="scripted"),))
    asyncio.run(run_inline(places, settings, mortal, SystemClock(), forever=True, cast=cast))


def submit(places: Places, url: str, issue: int) -> None:
    """As `serve` does: an approval always leads to the same goal."""
    wire = Wire(url, lambda: token_of("swarm-bot"), pause=0.0)
    try:
        found = asyncio.run(approved_issue(wire, REPOSITORY, issue))
    except Rejected:
        return  # it is closed: its pull request was merged
    goal = a_goal(clone_of(places, found), found.goal_id, tracker=found.tracker)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))


@dataclass(slots=True)
class Scene:
    """The people at the forge, and its CI. They know nothing but what the forge shows."""

    folder: Path
    served: Served
    issue: int

    def act(self) -> bool:
        """One look, and what follows from it. True when the issue's life is over."""
        for pull in self.served.done("eve", "GET", "/pulls?state=all"):
            if pull["state"] == "open":
                self.look_after(pull)
        labels = self.served.done("eve", "GET", f"/issues/{self.issue}")["labels"]
        return "swarm:settled" in [each["name"] for each in labels]

    def look_after(self, pull: dict[str, Any]) -> None:
        head = pull["head"]["sha"]
        runs = self.served.done("eve", "GET", f"/commits/{head}/check-runs")["check_runs"]
        if not runs:
            text = http_git(self.clone(), "show", f"{head}:one.py")
            word = "success" if text == "broken = None" else "failure"
            run = {"name": "tests", "head_sha": head, "conclusion": word, "log": LOG}
            self.served.done("bob", "POST", "/check-runs", run)
        elif not pull["draft"]:
            self.served.merge_by_hand(self.folder, pull["head"]["ref"])

    def clone(self) -> Path:
        path = self.folder / "ci"
        if not path.exists():
            http_git(self.folder, "clone", "--quiet", self.served.clone_url("bob"), "ci")
        http_git(path, "fetch", "--quiet", "origin")
        return path


def a_life(folder: Path, dies_at: int = 0) -> None:
    """From the approval to the merge; swarm is killed at that record, and started again."""
    folder.mkdir(parents=True, exist_ok=True)
    a_repository(folder / "source", {"one.py": "broken = True\n"})
    forge = started(lambda: serve(folder))
    processes = [forge]
    try:
        wait_until((folder / "url").exists)
        scene = begun(folder, (folder / "url").read_text())
        url = scene.served.url
        processes.append(started(lambda: work(folder, url, scene.issue, dies_at)))
        until, pause = time.monotonic() + LONG, threading.Event()
        while not scene.act():
            assert time.monotonic() < until, [event.type for event in events_of(folder)]
            ended, status = os.waitpid(processes[-1], os.WNOHANG)
            if ended:
                assert os.WTERMSIG(status) == signal.SIGKILL
                processes[-1] = started(lambda: work(folder, url, scene.issue))
            pause.wait(0.1)
        check(folder, scene)
    finally:
        for process in processes:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def begun(folder: Path, url: str) -> Scene:
    """An issue that Ann approves."""
    served = Served(None, url)  # type: ignore[arg-type]  # its world is in another process
    issue = served.open_issue(title="It is broken")
    served.done("ann", "POST", f"/issues/{issue}/labels", {"labels": ["approved"]})
    return Scene(folder, served, issue)


def events_of(folder: Path) -> list[Event]:
    return [record.event for record in read_only(Places(folder / "home").journal).read()]


def check(folder: Path, scene: Scene) -> None:
    """One pull request, one comment, two commits; settled; no step was taken twice."""
    served, events = scene.served, events_of(folder)
    (pull,) = served.done("eve", "GET", "/pulls?state=all")
    assert (pull["merged_at"] is not None, pull["draft"]) == (True, False)
    comments = served.done("eve", "GET", f"/issues/{scene.issue}/comments")
    assert [each["user"]["login"] for each in comments] == ["swarm-bot"]
    done = [event for event in events if isinstance(event, PublicationDone)]
    assert {event.number for event in done} == {pull["number"]}
    assert len({event.head for event in done}) == 2
    assert sum(isinstance(event, FollowUpOpened) for event in events) == 1
    assert sum(isinstance(event, PullRequestMerged) for event in events) == 1
    steps = Counter(event.step.action for event in events if isinstance(event, StepRecorded))
    assert steps == {"looked, to Mend": 1, "looked, to Follow CI": 1}
    ours = http_git(scene.clone(), "rev-list", "--count", "--no-merges", "origin/main")
    assert ours == "3"
    assert served.done("eve", "GET", f"/issues/{scene.issue}")["state"] == "closed"


# What holds -------------------------------------------------------------------------------------


# Not in memory: sandboxes show a clone that lies in the state folder, and /dev is their own.


@pytest.mark.thorough
def test_an_approved_issue_goes_its_way_to_the_merge_by_polling_alone(tmp_path: Path) -> None:
    assert forked(lambda: a_life(tmp_path)) == 0


@pytest.mark.chaos
def test_it_does_so_when_the_process_is_killed_at_any_record(tmp_path: Path) -> None:
    assert forked(lambda: a_life(tmp_path / "reference")) == 0
    left = list(range(len(events_of(tmp_path / "reference")), 0, -1))
    assert len(left) > 30
    running, bad = dict[int, int](), list[int]()
    while left or running:
        while left and len(running) < AT_ONCE:
            point = left.pop()
            life = functools.partial(a_life, tmp_path / str(point), point)
            running[started(life)] = point
        point, status = ended(running)
        bad += [point] if status else []
    assert bad == []
