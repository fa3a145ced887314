"""What is planted breaks what it says, and nothing in the repository tells."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.demo.public_api import BUGS, Bug, choose, plant, write_project
from swarm.domain.errors import Rejected

pytestmark = pytest.mark.thorough


def failing(project: Path) -> tuple[str, ...]:
    """Test functions that fail, as `file::function`, sorted."""
    done = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider"],
        cwd=project,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout
    ids = re.findall(r"^(?:FAILED|ERROR) ([^\s\[]+)", done.stdout, re.MULTILINE)
    return tuple(sorted(set(ids)))


def rounds() -> Iterator[tuple[Bug, ...]]:
    """All bugs, in groups of which each test notices at most one and each module has at most one."""
    left = list(BUGS)
    while left:
        group: list[Bug] = []
        for bug in left:
            if all(b.module != bug.module and not {*b.breaks} & {*bug.breaks} for b in group):
                group.append(bug)
        left = [bug for bug in left if bug not in group]
        yield tuple(group)


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=repository, capture_output=True, text=True, check=True
    ).stdout


def test_the_project_without_bugs_is_green(tmp_path: Path) -> None:
    write_project(tmp_path / "timebook")
    assert failing(tmp_path / "timebook") == ()


@pytest.mark.parametrize("group", list(rounds()), ids=lambda group: group[0].name)
def test_each_bug_breaks_the_tests_it_names_and_no_others(
    group: tuple[Bug, ...], tmp_path: Path
) -> None:
    write_project(tmp_path, group)
    assert failing(tmp_path) == tuple(sorted({each for bug in group for each in bug.breaks}))


def test_every_bug_is_noticed_by_some_test() -> None:
    assert all(bug.breaks for bug in BUGS)
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 24


@pytest.mark.parametrize("seed", range(30))
def test_a_seed_gives_two_bugs_in_different_modules_that_no_test_notices_both_of(seed: int) -> None:
    one, other = choose(seed)
    assert one.module != other.module
    assert not set(one.breaks) & set(other.breaks)


@pytest.mark.parametrize("seed", [0, 7, 23])
def test_a_planted_repository_fails_where_it_says(seed: int, tmp_path: Path) -> None:
    planted = plant(seed, tmp_path)
    assert failing(tmp_path) == planted.breaks


def test_a_seed_gives_the_same_commit_everywhere(tmp_path: Path) -> None:
    assert plant(3, tmp_path / "a").commit == plant(3, tmp_path / "b").commit


def test_the_history_does_not_show_what_was_planted(tmp_path: Path) -> None:
    for bug in plant(5, tmp_path).bugs:
        history = git(tmp_path, "log", "--all", "--patch", "--format=%an <%ae> %s", "--", bug.path)
        assert history.count("new file mode") == 1
        assert "\n-" not in history.replace("\n--- /dev/null", "")
        assert "Demo Author <demo@example.invalid>" in history


def test_the_repository_is_clean_and_on_main(tmp_path: Path) -> None:
    planted = plant(1, tmp_path)
    assert git(tmp_path, "status", "--porcelain", "--branch") == "## main\n"
    assert git(tmp_path, "rev-parse", "HEAD").strip() == planted.commit
    assert git(tmp_path, "rev-list", "--count", "HEAD").strip() == "2"


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(Rejected, match="not empty"):
        plant(0, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
