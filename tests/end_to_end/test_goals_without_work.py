"""Goals that end before anybody writes: each with its reason, an exit code, and no pull request."""

from pathlib import Path

import pytest

from swarm.actors.public_api import GoalRequest, Places, leave, prepare_goal
from swarm.coordination.public_api import SubmitGoal
from swarm.domain.events import GoalSubmitted
from swarm.domain.names import CommandId, GoalId
from swarm.settings.public_api import Settings
from swarm.testing.git import a_repository, git
from swarm.testing.outside import Outside, fingerprint
from tests.end_to_end.projects import broken, green


def _branches(repository: Path) -> list[str]:
    return git(repository, "branch", "--format=%(refname:short)").splitlines()


@pytest.mark.thorough
def test_a_suite_that_is_green_already_blocks_a_goal(swarm: Outside, tmp_path: Path) -> None:
    repository = green(tmp_path / "repository")
    before = fingerprint(repository)
    answer = swarm.run("fix the failing tests", repository)
    assert "BLOCKED everything is green already: 4 tests pass" in answer.told
    assert answer.code == 3
    assert fingerprint(repository) == before
    assert _branches(repository) == ["main"]


@pytest.mark.thorough
def test_a_goal_that_needs_a_model_says_so_and_what_can_be_done_without(
    swarm: Outside, tmp_path: Path
) -> None:
    """However long it is, and whatever it would make a terminal do."""
    text = "Make it nicer \x1b]52;c;cm0gLXJm\x07\x1b[2J \u202e" + "and nicer " * 9_999
    answer = swarm.run(text, broken(tmp_path / "repository"))
    assert "BLOCKED needs a model engine" in answer.told
    assert "swarm run --fix-failing --repo" in answer.told
    assert answer.code == 3
    assert "\x1b" not in answer.out + answer.err
    assert "\u202e" not in answer.out
    submitted = swarm.events()[1]
    assert isinstance(submitted, GoalSubmitted)
    assert submitted.goal.text == text.strip()


@pytest.mark.thorough
def test_a_suite_that_cannot_be_imported_is_named(swarm: Outside, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"test_calc.py": "import nothing_of_that_name\n"})
    answer = swarm.run("fix the failing tests", repository)
    assert "test_calc.py cannot be imported" in answer.told
    assert "nothing_of_that_name" in answer.told
    assert answer.code == 3


@pytest.mark.thorough
def test_a_suite_that_hangs_ends_a_goal_when_its_time_is_up(swarm: Outside, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"test_calc.py": "while True:\n    pass\n"})
    answer = swarm.run("fix the failing tests", repository, "--minutes", "1")
    assert "FAILED no plan: the time is up" in answer.told
    assert "--minutes 3" in answer.told
    assert answer.code == 4


@pytest.mark.thorough
def test_a_goal_that_was_only_handed_in_is_not_lost(swarm: Outside, tmp_path: Path) -> None:
    """Whoever typed it was killed before any coordinator had read it."""
    repository = green(tmp_path / "repository")
    places = Places(swarm.home)
    places.make()
    request = GoalRequest("fix the failing tests", repository)
    goal = prepare_goal(request, Settings(home=swarm.home), new_id=lambda: GoalId("g-000001"))
    leave(places.inbox, SubmitGoal(command_id=CommandId("submit"), goal=goal))
    answer = swarm.call("resume", "--runtime", "inline")
    assert "BLOCKED everything is green already" in answer.told
    assert answer.code == 3
