import json
import sys
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.public_api import GoalRequest, prepare_goal
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.domain.goals import Goal
from swarm.domain.names import GoalId
from swarm.sandbox.public_api import strongest
from swarm.settings.public_api import Settings
from swarm.testing.git import a_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "a repository"
    a_repository(path, {"tests/test_it.py": "def test_it():\n    assert False\n"})
    return path


def prepare(repository: Path, **fields: Any) -> Goal:
    sandbox = fields.pop("sandbox", "namespaces")
    untrusted = fields.pop("untrusted", False)
    request = GoalRequest(fields.pop("text", "fix it"), repository, **fields)
    settings = Settings(home=repository.parent / "home", sandbox=sandbox, untrusted=untrusted)
    return prepare_goal(request, settings, new_id=lambda: GoalId("g-000001"))


def test_a_goal_is_bound_to_the_commit_that_is_checked_out(repository: Path) -> None:
    goal = prepare(repository)
    assert goal.repository == str(repository)
    assert len(goal.base) == len(goal.base_tree) == 40
    assert goal.environment.python == sys.executable
    assert goal.environment.runner == "pytest"


def test_what_is_not_said_comes_from_the_settings(repository: Path) -> None:
    goal = prepare(repository, value=7)
    settings = Settings(home=repository.parent)
    assert (goal.value, goal.budget, goal.writers) == (7, settings.budget, settings.writers)
    assert goal.seconds == 60 * settings.goal_minutes


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": "  "}, "empty"),
        ({"text": "x" * 200_001}, "200001 characters"),
        ({"value": -1}, "value is negative"),
        ({"budget": -1}, "budget is negative"),
        ({"minutes": 0}, "minutes"),
        ({"writers": 0}, "writers"),
        ({"rule": "roulette"}, "roulette"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    repository: Path, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(Rejected, match=why):
        prepare(repository, **fields)


OTHERS_AT_NIGHT = {"trusted": False, "unattended": True}


def test_walls_are_those_that_the_settings_agree_to(repository: Path) -> None:
    assert prepare(repository, **OTHERS_AT_NIGHT).sandbox == "namespaces"
    assert prepare(repository, sandbox="landlock", **OTHERS_AT_NIGHT).sandbox == "landlock"
    assert prepare(repository, sandbox="landlock", unsafe_worktree=True).sandbox == (
        "unsafe-worktree"
    )


def test_what_others_wrote_is_never_worked_on_at_night_without_walls(repository: Path) -> None:
    with pytest.raises(NeedsHuman, match="never"):
        prepare(repository, unsafe_worktree=True, **OTHERS_AT_NIGHT)
    with pytest.raises(NeedsHuman, match="never"):
        prepare(repository, unsafe_worktree=True, unattended=True, untrusted=True)


def only_landlock(repository: Path) -> None:
    """Remember in the state folder that nothing else works here."""
    work = repository.parent / "home/work"
    work.mkdir(parents=True)
    strongest(work)
    kept = json.loads((work / "modes.json").read_text())
    kept["reports"] = [
        {"mode": mode, "works": mode == "landlock", "why": "refused", "remedy": "do this"}
        for mode in ("idmapped", "namespaces", "shared-proc", "landlock")
    ]
    (work / "modes.json").write_text(json.dumps(kept))


def test_auto_takes_what_works_and_no_weak_one_for_others_at_night(repository: Path) -> None:
    only_landlock(repository)
    assert prepare(repository, sandbox="auto").sandbox == "landlock"
    with pytest.raises(NeedsHuman, match='sandbox = "landlock"'):
        prepare(repository, sandbox="auto", **OTHERS_AT_NIGHT)
    assert prepare(repository, sandbox="landlock", **OTHERS_AT_NIGHT).sandbox == "landlock"
    with pytest.raises(Lacking, match="refused"):
        prepare(repository, sandbox="isolated")
