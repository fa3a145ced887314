import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Written
from swarm.domain.errors import NeedsHuman, Rejected, SwarmError
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.public_api import Mirror, Outlet, landed, publish_branch, read_branch
from swarm.testing.git import a_commit, a_repository, git, head_of, write_files

BRANCH = "swarm/g-abcdef"
HOOKS = [
    "pre-receive", "update", "post-receive", "post-update", "reference-transaction", "pre-push",
    "proc-receive", "push-to-checkout", "pre-auto-gc", "post-checkout", "post-index-change",
]  # fmt: skip


def begun(path: Path) -> tuple[Mirror, CommitHash]:
    """A user's repository, its mirror, and two commits of ours in that."""
    base = a_repository(path, {"a": "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "b": "x\n"})
    mirror = Mirror.open(path.parent / "mirror", path)
    tree = mirror.fetch(base)
    steps = []
    for name, data in ((b"a", b"1\n2\n3\n4\n5\n6\n7\n8\nnine\n"), (b"new file", b"y\n")):
        tree = mirror.tree_with(tree, Changes((Written(name, "100644", data),)))
        steps.append((tree, f"Change {name.decode()}"))
    return mirror, mirror.commits(base, steps, 1_700_000_000)


def published(path: Path) -> tuple[Mirror, CommitHash, TreeHash]:
    mirror, head = begun(path)
    publish_branch(mirror, path, BRANCH, head)
    return mirror, head, mirror.tree_of(head)


def fingerprint(top: Path) -> dict[str, str]:
    """Everything in the user's directory but objects and the one new branch."""
    found = {}
    for path in sorted(top.rglob("*")):
        name = str(path.relative_to(top))
        if name.startswith((".git/objects", ".git/refs/heads/swarm")):
            continue
        status = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        times = (status.st_mtime_ns,) if path.is_file() else ()
        found[name] = f"{status.st_mode} {times} {hashlib.sha256(data).hexdigest()}"
    return found


def test_the_branch_appears_and_nothing_else_changes(tmp_path: Path) -> None:
    top = tmp_path / "it's my own"
    mirror, head = begun(top)
    git(top, "branch", "other")
    git(top, "config", "core.logAllRefUpdates", "always")
    git(top, "config", "receive.denyCurrentBranch", "updateInstead")
    write_files(top, {"b": "work in progress\n", "unknown": "x"})
    before = fingerprint(top)
    publish_branch(mirror, top, BRANCH, head)
    assert fingerprint(top) == before
    assert git(top, "for-each-ref", "--format=%(refname)").split() == [
        "refs/heads/main", "refs/heads/other", f"refs/heads/{BRANCH}",
    ]  # fmt: skip
    assert read_branch(top, BRANCH) == head
    git(top, "fsck", "--strict", "--no-dangling")


def test_the_users_hooks_do_not_run(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    for repository in (tmp_path / "user" / ".git", mirror.folder):
        for name in HOOKS:
            write_files(repository, {f"hooks/{name}": f"#!/bin/sh\ntouch {tmp_path}/ran-{name}\n"})
            (repository / "hooks" / name).chmod(0o755)
    publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert not list(tmp_path.glob("ran-*"))
    # The hooks do work: the user's own git runs them.
    git(tmp_path / "user", "update-ref", "refs/heads/other", head)
    assert (tmp_path / "ran-reference-transaction").exists()


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    mirror, head, _ = published(tmp_path / "user")
    git(tmp_path / "user", "pack-refs", "--all")
    before = fingerprint(tmp_path / "user")
    publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert fingerprint(tmp_path / "user") == before


def test_a_shallow_clone_and_a_linked_work_tree_receive_the_branch(tmp_path: Path) -> None:
    a_repository(tmp_path / "origin")
    base = a_commit(tmp_path / "origin", {"more": "x"})
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin", "clone")
    git(tmp_path / "clone", "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    for number, top in enumerate((tmp_path / "clone", tmp_path / "side")):
        mirror = Mirror.open(tmp_path / f"mirror{number}", top)
        head = mirror.commits(base, [(mirror.fetch(base), f"empty {number}")], 5)
        publish_branch(mirror, top, f"swarm/g-abcde{number}", head)
        assert head_of(tmp_path / "clone", f"swarm/g-abcde{number}") == head


@pytest.mark.parametrize("start", ["HEAD", "other"])
def test_a_branch_that_somebody_else_made_is_never_moved(tmp_path: Path, start: str) -> None:
    """Not even where a plain push would fast-forward it."""
    mirror, head = begun(tmp_path / "user")
    git(tmp_path / "user", "checkout", "--quiet", "-b", "other")
    a_commit(tmp_path / "user", {"theirs": "x"})
    git(tmp_path / "user", "checkout", "--quiet", "main")
    git(tmp_path / "user", "branch", BRANCH, start)
    with pytest.raises(NeedsHuman, match="swarm did not write") as caught:
        publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert f"git branch -m {BRANCH} my-g-abcdef" in caught.value.advice
    assert head_of(tmp_path / "user", BRANCH) == head_of(tmp_path / "user", start)


def test_a_branch_made_between_looking_and_pushing_is_not_moved(tmp_path: Path) -> None:
    """A program in the place of git is that person: it acts when it is asked to push."""
    _, head = begun(tmp_path / "user")
    racing = shutil.which("git")
    write_files(
        tmp_path,
        {
            "bin/git": f"#!/bin/sh\nfor word; do case $word in push)\n"
            f"GIT_CONFIG_GLOBAL=/dev/null {racing} -C '{tmp_path}/user' branch {BRANCH} main;;\n"
            f'esac; done\nexec {racing} "$@"\n'
        },
    )
    (tmp_path / "bin" / "git").chmod(0o755)
    code = (
        "import sys; from pathlib import Path; from swarm.repository.public_api import *\n"
        "top = Path(sys.argv[1]); mirror = Mirror.open(top.parent / 'mirror', top)\n"
        "publish_branch(mirror, top, sys.argv[2], sys.argv[3])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "user"), BRANCH, head],
        env={**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "NeedsHuman" in done.stderr.splitlines()[-1]
    assert head_of(tmp_path / "user", BRANCH) == head_of(tmp_path / "user", "main")


def test_a_branch_named_swarm_is_in_the_way_and_the_advice_helps(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    git(tmp_path / "user", "branch", "swarm")
    with pytest.raises(NeedsHuman, match="leaves no room") as caught:
        publish_branch(mirror, tmp_path / "user", BRANCH, head)
    git(tmp_path / "user", *caught.value.advice.split(": git ")[1].split())
    publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert read_branch(tmp_path / "user", BRANCH) == head


@pytest.mark.parametrize(
    "branch", ["main", "swarm", "swarm/../main", "swarm/a b", "swarm/-x", "swarm/A", "swarm/a\n"]
)
def test_only_branches_of_goals_are_written(tmp_path: Path, branch: str) -> None:
    mirror, head = begun(tmp_path / "user")
    with pytest.raises(Rejected, match="not a branch that swarm may write"):
        publish_branch(mirror, tmp_path / "user", branch, head)


def test_a_user_who_has_our_branch_checked_out_keeps_it(tmp_path: Path) -> None:
    mirror, head, _ = published(tmp_path / "user")
    git(tmp_path / "user", "checkout", "--quiet", BRANCH)
    before = fingerprint(tmp_path / "user")
    publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert fingerprint(tmp_path / "user") == before


def test_an_unborn_branch_of_that_name_is_not_filled_under_the_user(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    git(tmp_path / "user", "checkout", "--quiet", "--orphan", BRANCH)
    before = fingerprint(tmp_path / "user")
    with pytest.raises(SwarmError):
        publish_branch(mirror, tmp_path / "user", BRANCH, head)
    assert fingerprint(tmp_path / "user") == before
    assert read_branch(tmp_path / "user", BRANCH) is None


def test_a_repository_that_went_away_is_refused(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    shutil.rmtree(tmp_path / "user" / ".git")
    with pytest.raises(Rejected, match="not in a git repository"):
        publish_branch(mirror, tmp_path / "user", BRANCH, head)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")
def test_a_repository_that_was_given_away_needs_a_human(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    for path in (tmp_path / "user", *(tmp_path / "user").rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(NeedsHuman, match="belongs to another user"):
        publish_branch(mirror, tmp_path / "user", BRANCH, head)


def _in_a_mount(tmp_path: Path, options: str, then: str) -> str:
    """What publishing says when the user's repository lies on a file system of its own."""
    mirror, head = begun(tmp_path / "user")
    assert mirror.folder.exists()
    code = (
        "import sys; from pathlib import Path; from swarm.repository.public_api import *\n"
        "top = Path(sys.argv[1]); mirror = Mirror.open(top.parent / 'mirror', top)\n"
        "publish_branch(mirror, top, sys.argv[2], sys.argv[3])\n"
    )
    write_files(tmp_path, {"code.py": code})
    script = (
        f"mkdir seen && mount -t tmpfs -o {options} none seen && cp -a user/. seen && {then}; "
        f"exec '{sys.executable}' code.py '{tmp_path}/seen' {BRANCH} {head}"
    )
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr.splitlines()[-1]


needs_mounts = pytest.mark.skipif(
    subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "true"], check=False
    ).returncode != 0,
    reason="this kernel lets nobody mount in a user namespace",
)  # fmt: skip


@needs_mounts
def test_a_read_only_repository_needs_a_human(tmp_path: Path) -> None:
    said = _in_a_mount(tmp_path, "size=9m", "mount -o remount,ro,bind seen")
    assert said.startswith("swarm.domain.errors.NeedsHuman")
    assert said.endswith("is on a read-only file system")


@needs_mounts
def test_a_full_disk_is_waited_for(tmp_path: Path) -> None:
    said = _in_a_mount(tmp_path, "size=1m", "cat /dev/zero > seen/fill 2>/dev/null")
    assert said.startswith("swarm.domain.errors.Transient: the disk below")


# Whether it was merged


@pytest.mark.parametrize("how", [("--ff-only",), ("--no-ff", "-m", "Merge")])
def test_a_merge_is_noticed_by_ancestry(tmp_path: Path, how: tuple[str, ...]) -> None:
    _, head, tree = published(tmp_path / "user")
    assert landed(tmp_path / "user", head, tree, "main") is None
    git(tmp_path / "user", "merge", "--quiet", *how, BRANCH)
    assert landed(tmp_path / "user", head, tree, "main") == "ancestor"


def test_a_squash_is_noticed_by_its_tree_even_when_work_went_on(tmp_path: Path) -> None:
    _, head, tree = published(tmp_path / "user")
    git(tmp_path / "user", "merge", "--quiet", "--squash", BRANCH)
    a_commit(tmp_path / "user", {}, message="Squash")
    a_commit(tmp_path / "user", {"a": "all new\n"})
    git(tmp_path / "user", "branch", "-D", BRANCH)
    git(tmp_path / "user", "gc", "--quiet", "--prune=now")
    assert landed(tmp_path / "user", head, tree, "main") == "tree"


@pytest.mark.parametrize("how", ["squash", "cherry-pick"])
def test_patches_on_a_branch_that_moved_on_are_noticed(tmp_path: Path, how: str) -> None:
    _, head, tree = published(tmp_path / "user")
    a_commit(tmp_path / "user", {"b": "moved on\n"})
    if how == "squash":
        git(tmp_path / "user", "merge", "--quiet", "--squash", BRANCH)
        git(tmp_path / "user", "commit", "--quiet", "-m", "Squash")
    else:
        git(tmp_path / "user", "cherry-pick", f"main..{BRANCH}")
    assert landed(tmp_path / "user", head, tree, "main") == "patch"


def test_half_of_the_patches_is_not_all_of_them(tmp_path: Path) -> None:
    _, head, tree = published(tmp_path / "user")
    a_commit(tmp_path / "user", {"b": "moved on\n"})
    git(tmp_path / "user", "cherry-pick", f"{BRANCH}~1")
    assert landed(tmp_path / "user", head, tree, "main") is None


def test_an_unknown_default_branch_tells_nothing(tmp_path: Path) -> None:
    _, head, tree = published(tmp_path / "user")
    assert landed(tmp_path / "user", head, tree, "trunk") is None


def test_an_outlet_is_one_repository_seen_by_a_publisher(tmp_path: Path) -> None:
    mirror, head = begun(tmp_path / "user")
    outlet = Outlet(mirror)
    assert outlet.read_branch(BRANCH) is None
    outlet.publish_branch(BRANCH, head)
    assert outlet.read_branch(BRANCH) == head
    assert outlet.tree_of(head) == mirror.tree_of(head)
    assert outlet.stands_on(head, head_of(tmp_path / "user"))
