"""Pull requests in a real repository, a real mirror and the embedded forge."""

import asyncio
import re
import subprocess
from pathlib import Path

import pytest

from swarm.actors.public_api import Places
from swarm.domain.changes import Changes, Written
from swarm.forge.public_api import LocalForge, PullRequestRequest
from swarm.journal.public_api import open_journal
from swarm.repository.public_api import Mirror, Outlet
from swarm.testing.events import a_finished_goal, a_goal
from swarm.testing.git import a_repository, git
from tests.cli.cli_examples import a_home, on_a_terminal, swarm

PICTURE = bytes(range(256))
CHANGES = Changes(
    (
        Written(b"README", "100644", b"hello\nworld \x1b[31m\n"),
        Written(b"picture.bin", "100644", PICTURE),
    )
)


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Path, Path]:
    return an_opened(tmp_path, CHANGES)


def an_opened(tmp_path: Path, changes: Changes) -> tuple[Path, Path]:
    """A state folder with one open pull request, and its repository."""
    repository, home = tmp_path / "repository", a_home(tmp_path / "home")
    base = a_repository(repository)
    places = Places(home)
    mirror = Mirror.open(places.mirror_of(str(repository)), repository)
    tree = mirror.tree_with(mirror.fetch(base), changes)
    head = mirror.commits(base, ((tree, "Greet the world"),), 1_700_000_000)
    Outlet(mirror).publish_branch("swarm/g-000001", head)
    request = PullRequestRequest(
        repository=str(repository),
        branch="swarm/g-000001",
        head=head,
        tree=tree,
        base=base,
        title="Greet the world",
        body="- **What**: Greet the world\n",
        certificate="{}",
        at=1_700_000_000,
    )
    asyncio.run(LocalForge(places.forge).open_pull_request(request))
    return home, repository


def test_pull_requests_are_listed_and_read(opened: tuple[Path, Path]) -> None:
    home, repository = opened
    assert "Greet the world" in swarm(home, "pr", "list").out
    assert "What: Greet the world" in swarm(home, "pr", "show", "1").out
    (listed,) = swarm(home, "pr", "list", "--repo", str(repository), "--json").document[
        "pull_requests"
    ]
    assert listed == swarm(home, "pr", "show", "1", "--json").document


def test_a_diff_shows_what_a_terminal_would_obey(opened: tuple[Path, Path]) -> None:
    seen = on_a_terminal(opened[0], "pr", "diff", "1")
    assert "+world [U+001B][31m" in seen
    assert "\x1b[31m" not in seen


def test_a_diff_that_is_redirected_is_the_patch_byte_by_byte(opened: tuple[Path, Path]) -> None:
    home, repository = opened
    patch = swarm(home, "pr", "diff", "1").raw
    subprocess.run(["git", "-C", repository, "apply", "-"], input=patch, check=True)
    assert (repository / "picture.bin").read_bytes() == PICTURE
    assert (repository / "README").read_bytes() == b"hello\nworld \x1b[31m\n"


def test_a_diff_on_a_narrow_terminal_can_be_copied_into_git_apply(tmp_path: Path) -> None:
    line = b"\tlong = " + b"'words and words' " * 6 + b"\n"
    home, repository = an_opened(tmp_path, Changes((Written(b"long.py", "100644", line),)))
    seen = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal(home, "pr", "diff", "1")).encode()
    subprocess.run(["git", "-C", repository, "apply", "-"], input=seen, check=True)
    assert (repository / "long.py").read_bytes() == line


def test_show_knows_what_was_closed_before_the_coordinator_does(tmp_path: Path) -> None:
    home, repository = an_opened(tmp_path, CHANGES)
    journal = open_journal(Places(home).journal)
    journal.append(a_finished_goal(a_goal(repository=str(repository))))
    journal.close()
    assert "waits for your decision" in swarm(home, "show").out
    swarm(home, "pr", "close", "1")
    assert "pull request #1 was closed" in swarm(home, "show").out


def test_a_closed_pull_request_stays_closed(opened: tuple[Path, Path]) -> None:
    home, _ = opened
    assert swarm(home, "pr", "close", "1", "--json").document["state"] == "closed"
    assert "closed" in swarm(home, "pr", "close", "1").out
    assert "closed" in swarm(home, "pr", "list").out


def test_apply_brings_every_byte_and_commits_nothing(opened: tuple[Path, Path]) -> None:
    home, repository = opened
    assert swarm(home, "pr", "apply", "1").code == 0
    assert (repository / "picture.bin").read_bytes() == PICTURE
    assert git(repository, "diff", "--cached", "--name-only") == ""
    assert git(repository, "branch", "--show-current") == "main"


def test_a_repository_with_changes_of_its_own_is_left_alone(opened: tuple[Path, Path]) -> None:
    home, repository = opened
    (repository / "README").write_text("mine\n")
    for argv in (["apply", "1"], ["checkout", "1", "--switch"]):
        called = swarm(home, "pr", *argv)
        assert called.code == 2
        assert "uncommitted changes" in called.err
    assert (repository / "README").read_text() == "mine\n"


def test_checkout_only_says_how_unless_it_is_asked_to(opened: tuple[Path, Path]) -> None:
    home, repository = opened
    assert f"git -C {repository} switch swarm/g-000001" in swarm(home, "pr", "checkout", "1").out
    assert git(repository, "branch", "--show-current") == "main"
    assert swarm(home, "pr", "checkout", "1", "--switch").code == 0
    assert git(repository, "branch", "--show-current") == "swarm/g-000001"


@pytest.mark.parametrize("verb", ["show", "diff", "checkout", "apply", "close"])
def test_an_unknown_number_is_a_usage_error(verb: str, opened: tuple[Path, Path]) -> None:
    assert swarm(opened[0], "pr", verb, "7").code == 2
