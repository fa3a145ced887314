import sys
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.public_api import GoalRequest, prepare_goal
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.goals import Goal
from swarm.domain.names import GoalId
from swarm.settings.public_api import Settings
from swarm.testing.git import a_repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "a repository"
    a_repository(path, {"tests/test_it.py": "def test_it():\n    assert False\n"})
    return path


def prepare(repository: Path, **fields: Any) -> Goal:
    sandbox = fields.pop("sandbox", "isolated")
    request = GoalRequest(fields.pop("text", "fix it"), repository, **fields)
    settings = Settings(home=repository.parent / "home", sandbox=sandbox)
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
    assert prepare(repository, **OTHERS_AT_NIGHT).sandbox == "isolated"
    assert prepare(repository, sandbox="landlock", **OTHERS_AT_NIGHT).sandbox == "landlock"
    assert prepare(repository, sandbox="landlock", unsafe_worktree=True).sandbox == (
        "unsafe-worktree"
    )


def test_what_others_wrote_is_never_worked_on_at_night_without_walls(repository: Path) -> None:
    with pytest.raises(NeedsHuman, match="never"):
        prepare(repository, unsafe_worktree=True, **OTHERS_AT_NIGHT)
