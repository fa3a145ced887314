"""What cannot be worked on is said in a sentence, at once, and nothing is changed."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from swarm.actors.public_api import Places, coordinator_alive
from swarm.testing.git import a_repository, git
from swarm.testing.outside import Outside, fingerprint, wait_until
from tests.end_to_end.projects import GREEN, green


def _no_repository(path: Path) -> None:
    path.mkdir()


def _without_commits(path: Path) -> None:
    path.mkdir()
    git(path, "init", "--quiet")


def _on_a_branch_without_commits(path: Path) -> None:
    green(path)
    git(path, "switch", "--quiet", "--orphan", "new")


def _bare(path: Path) -> None:
    path.mkdir()
    git(path, "init", "--quiet", "--bare")


def _without_tests(path: Path) -> None:
    a_repository(path, {"calc.py": GREEN["calc.py"]})


def _with_a_branch_called_swarm(path: Path) -> None:
    green(path)
    git(path, "branch", "swarm")


@pytest.mark.parametrize(
    ("make", "code", "sentence"),
    [
        (_no_repository, 2, "is not in a git repository"),
        pytest.param(
            _without_commits, 2, "has no commit to start from", marks=pytest.mark.thorough
        ),
        (_on_a_branch_without_commits, 2, "has no commit to start from"),
        pytest.param(
            _bare, 2, "is a bare repository, without files to work on", marks=pytest.mark.thorough
        ),
        pytest.param(
            _without_tests,
            2,
            "the repository has no tests that could be found",
            marks=pytest.mark.thorough,
        ),
        (_with_a_branch_called_swarm, 3, "leaves no room for branches named swarm/..."),
    ],
)
def test_an_unfit_repository_is_refused_before_anything_is_written(
    swarm: Outside, tmp_path: Path, make: Callable[[Path], None], code: int, sentence: str
) -> None:
    repository = tmp_path / "repository"
    make(repository)
    before = fingerprint(repository) if (repository / ".git").exists() else {}
    answer = swarm.run("make it work", repository)
    assert sentence in answer.told
    assert (answer.code, answer.out) == (code, "")
    assert len(answer.err.splitlines()) == 3
    assert not swarm.home.exists()
    assert not before or fingerprint(repository) == before


@pytest.mark.thorough
def test_a_journal_from_the_future_is_left_alone(swarm: Outside, tmp_path: Path) -> None:
    repository = green(tmp_path / "repository")
    assert swarm.run("fix the failing tests", repository).code == 3
    wait_until(lambda: not coordinator_alive(Places(swarm.home)))
    journal = swarm.home / "journal" / "journal.db"
    with sqlite3.connect(journal) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = journal.read_bytes()
    for argv in (("run", "fix the failing tests", "--repo", str(repository)), ("show",)):
        answer = swarm.call(*argv)
        assert answer.code == 2
        assert "was written by a newer swarm (format 99; this one knows 1)" in answer.told
    assert journal.read_bytes() == before
