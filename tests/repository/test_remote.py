from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Written
from swarm.domain.errors import NeedsHuman, Rejected, Transient
from swarm.domain.names import CommitHash
from swarm.repository.public_api import Mirror, Remote, RemoteOutlet, clone_branch
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_commit, a_quick_folder, a_repository, git, head_of

BRANCH = "swarm/g-abcdef"


@pytest.fixture
def folder() -> Iterator[Path]:
    with a_quick_folder() as path:
        yield path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    a_repository(folder / "source", {"README": "hello\n"})
    a_commit(folder / "source", {"a": "1\n"})
    with a_forge(folder, folder / "source") as forge:
        yield forge


def remote_of(served: Served, login: str = "swarm-bot") -> Remote:
    return Remote(f"{served.url}/{REPOSITORY}.git", lambda: token_of(login) if login else "")


def begun(folder: Path, remote: Remote) -> tuple[RemoteOutlet, CommitHash]:
    """A mirror without history, and a commit of ours in it."""
    top = folder / "source"
    mirror = Mirror.open(folder / "mirror", top)
    base = head_of(top)
    tree = mirror.tree_with(mirror.fetch(base), Changes((Written(b"new", "100644", b"x\n"),)))
    return RemoteOutlet(mirror, remote), mirror.commits(base, [(tree, "Add new")], 5)


def head(served: Served, branch: str = BRANCH) -> str | None:
    status, answer = served.ask("eve", "GET", f"/repos/{REPOSITORY}/branches/{branch}")
    return answer["commit"]["sha"] if status == 200 else None


def test_a_branch_is_pushed_from_a_mirror_without_history(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    assert outlet.read_branch(BRANCH) is None
    for _ in range(2):
        outlet.publish_branch(BRANCH, commit)
    assert outlet.read_branch(BRANCH) == head(served) == commit


@pytest.mark.thorough
def test_the_base_may_have_moved_on_meanwhile(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    http_git(folder, "clone", "--quiet", served.clone_url("ann"), "hers")
    http_git(folder / "hers", "commit", "--quiet", "--allow-empty", "-m", "hers")
    http_git(folder / "hers", "push", "--quiet", "origin", "HEAD:main")
    outlet.publish_branch(BRANCH, commit)
    assert head(served) == commit


def test_commits_of_others_under_that_name_stay(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    http_git(folder, "clone", "--quiet", served.clone_url("bob"), "his")
    http_git(folder / "his", "commit", "--quiet", "--allow-empty", "-m", "his")
    http_git(folder / "his", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    theirs = head(served)
    with pytest.raises(NeedsHuman, match="did not write"):
        outlet.publish_branch(BRANCH, commit)
    assert head(served) == theirs


@pytest.mark.parametrize("login", ["eve", "", "nobody"])
def test_who_may_not_push_is_told_so(folder: Path, served: Served, login: str) -> None:
    outlet, commit = begun(folder, remote_of(served, login))
    with pytest.raises(NeedsHuman) as refused:
        outlet.publish_branch(BRANCH, commit)
    assert token_of(login) not in str(refused.value)
    assert head(served) is None


def test_only_branches_of_ours_are_pushed(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    for branch in ("main", "swarm", "swarm/../main", "refs/heads/main"):
        with pytest.raises(Rejected, match="may write"):
            outlet.publish_branch(branch, commit)


@pytest.mark.parametrize(
    "url",
    ["http://example.org/a/b.git", "file:///tmp/x", "ext::sh -c id", "git://x/y", "ssh://x/y"],
)
def test_a_token_goes_nowhere_in_the_clear(folder: Path, served: Served, url: str) -> None:
    outlet, _ = begun(folder, Remote(url, lambda: "secret"))
    with pytest.raises(Rejected, match="not an address"):
        outlet.read_branch(BRANCH)


def test_a_forge_that_is_away_may_come_back(folder: Path, served: Served) -> None:
    outlet, _ = begun(folder, Remote("http://127.0.0.1:9/a/b.git"))
    with pytest.raises(Transient):
        outlet.read_branch(BRANCH)


def test_a_repository_that_is_gone_needs_a_human(folder: Path, served: Served) -> None:
    remote = Remote(f"{served.url}/ann/gone.git", lambda: token_of("swarm-bot"))
    outlet, _ = begun(folder, remote)
    with pytest.raises(NeedsHuman, match=r"404|not found"):
        outlet.read_branch(BRANCH)


@pytest.mark.thorough
def test_a_clone_is_made_and_brought_up_to_date(folder: Path, served: Served) -> None:
    clone = folder / "clone"
    first = clone_branch(remote_of(served), clone, "main")
    assert first == head_of(clone) == head_of(folder / "source")
    (clone / "README").write_text("scribbled\n")
    http_git(folder, "clone", "--quiet", served.clone_url("ann"), "hers")
    (folder / "hers" / "README").write_text("hers\n")
    http_git(folder / "hers", "commit", "--quiet", "--all", "-m", "hers")
    http_git(folder / "hers", "push", "--quiet", "origin", "HEAD:main")
    assert clone_branch(remote_of(served), clone, "main") == head(served, "main")
    assert (clone / "README").read_text() == "hers\n"
    assert token_of("swarm-bot") not in git(clone, "config", "--list")


def followed(outlet: RemoteOutlet, on: CommitHash) -> CommitHash:
    """One commit of ours more."""
    changes = Changes((Written(b"more", "100644", b"y\n"),))
    tree = outlet.mirror.tree_with(outlet.mirror.tree_of(on), changes)
    return outlet.mirror.commits(on, [(tree, "Add more")], 6)


def test_our_own_branch_goes_forward(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    outlet.publish_branch(BRANCH, commit)
    new = followed(outlet, commit)
    for _ in range(2):
        outlet.advance_branch(BRANCH, commit, new)
    assert head(served) == new


@pytest.mark.thorough
@pytest.mark.parametrize("what", ["more", "other", "gone"])
def test_where_people_have_gone_on_it_stays(folder: Path, served: Served, what: str) -> None:
    outlet, commit = begun(folder, remote_of(served))
    outlet.publish_branch(BRANCH, commit)
    http_git(folder, "clone", "--quiet", "--branch", BRANCH, served.clone_url("bob"), "his")
    if what == "gone":
        http_git(folder / "his", "push", "--quiet", "origin", f":refs/heads/{BRANCH}")
    else:
        how = ("--amend",) if what == "other" else ()
        http_git(folder / "his", "commit", "--quiet", "--allow-empty", *how, "-m", "his")
        http_git(folder / "his", "push", "--quiet", "--force", "origin", f"HEAD:{BRANCH}")
    theirs = head(served)
    with pytest.raises(NeedsHuman, match="gone on"):
        outlet.advance_branch(BRANCH, commit, followed(outlet, commit))
    assert head(served) == theirs


@pytest.mark.thorough
def test_what_does_not_stand_on_the_old_is_not_pushed(folder: Path, served: Served) -> None:
    outlet, commit = begun(folder, remote_of(served))
    outlet.publish_branch(BRANCH, commit)
    with pytest.raises(Rejected, match="does not stand on"):
        outlet.advance_branch(
            BRANCH, commit, outlet.mirror.commits(head_of(folder / "source"), [], 5)
        )
    with pytest.raises(Rejected, match="may write"):
        outlet.advance_branch("main", commit, followed(outlet, commit))
    assert head(served) == commit
