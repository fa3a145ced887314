"""Goals that end before anybody writes: each with its reason, an exit code, and no pull request."""

from pathlib import Path

from swarm.testing.git import a_repository, git
from swarm.testing.outside import Outside, fingerprint
from tests.end_to_end.projects import broken, green


def _branches(repository: Path) -> list[str]:
    return git(repository, "branch", "--format=%(refname:short)").splitlines()


def test_a_suite_that_is_green_already_blocks_a_goal(swarm: Outside, tmp_path: Path) -> None:
    repository = green(tmp_path / "repository")
    before = fingerprint(repository)
    answer = swarm.run("fix the failing tests", repository)
    assert "BLOCKED everything is green already: 4 tests pass" in answer.told
    assert answer.code == 3
    assert fingerprint(repository) == before
    assert _branches(repository) == ["main"]


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
    assert swarm.goals()[0]["text"] == text


def test_a_suite_that_cannot_be_imported_is_named(swarm: Outside, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"test_calc.py": "import nothing_of_that_name\n"})
    answer = swarm.run("fix the failing tests", repository)
    assert "test_calc.py cannot be imported" in answer.told
    assert "nothing_of_that_name" in answer.told
    assert answer.code == 3
