"""Protected places, from a person's grant to the certificate: only planning and writing are scripted."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, leave
from swarm.agents.public_api import StaticReviewer
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.canonical import canonical, digest
from swarm.domain.goals import GoalStatus
from swarm.domain.grants import Grant
from swarm.domain.names import CommandId, GoalId
from swarm.engines.public_api import Submission
from swarm.forge.public_api import LocalForge, PullRequest
from swarm.journal.public_api import open_journal
from swarm.settings.public_api import Settings
from swarm.testing.crew import ScriptedChecker, a_cast, a_goal, carry_out, goals_of, write
from swarm.testing.engine import ScriptedEngine, flat_curve
from swarm.testing.git import a_repository

pytestmark = pytest.mark.thorough
GOAL = GoalId("g-000001")
LOCK = Grant(path="uv.lock", by="ann")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    a_repository(tmp_path / "repository", {"uv.lock": "a = 1\n"})
    return tmp_path


def played(folder: Path, *grants: Grant, strict: bool = True) -> GoalState:
    """A writer changes the lock file. `strict`: the static reviewer is the real one."""
    places = Places(folder / "home")
    places.make()
    goal = a_goal(folder / "repository", GOAL, grants=grants)
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    work = Submission(write("uv.lock", "a = 2\n"), "Lock", "It was old.")
    engine = ScriptedEngine((work,), strategy="scripted", curves=(flat_curve(),))
    cast, settings = a_cast(("uv.lock",), (engine,)), Settings(home=places.home)
    if strict:
        real = StaticReviewer(protected=settings.protected)
        cast = replace(cast, reviewers=(real, ScriptedChecker("behaviour")))
    journal = open_journal(places.journal)
    carry_out(places, settings, journal, cast)
    journal.close()
    return goals_of(places)[GOAL]


def test_what_nobody_granted_is_refused_by_the_reviewer(folder: Path) -> None:
    state = played(folder)
    assert (state.status, state.certificate, state.published) == (GoalStatus.FAILED, None, None)
    findings = [
        each for one in state.attempts.values() if one.report for each in one.report.findings
    ]
    assert "protected" in {each.rule for each in findings}


def test_a_grant_is_in_the_goals_hash_the_policy_and_the_pull_request(folder: Path) -> None:
    state = played(folder, LOCK)
    assert state.published is not None
    assert state.certificate is not None
    assert state.certificate.policy.grants == (LOCK,)
    assert state.certificate.subject.contract == digest(canonical(state.goal))
    bare = state.goal.model_copy(update={"grants": ()})
    assert state.certificate.subject.contract != digest(canonical(bare))
    (pull,) = pulls(folder)
    assert "uv.lock, by ann" in pull.body


def test_a_grant_for_another_place_is_none_for_this_one(folder: Path) -> None:
    assert played(folder, Grant(path="CODEOWNERS", by="ann")).published is None


def test_where_every_voter_lets_it_pass_the_publisher_does_not(folder: Path) -> None:
    state = played(folder, strict=False)
    assert (state.status, pulls(folder)) == (GoalStatus.BLOCKED, ())
    assert "uv.lock, which only a person may" in state.reason


def pulls(folder: Path) -> tuple[PullRequest, ...]:
    return asyncio.run(LocalForge(Places(folder / "home").forge).list())
