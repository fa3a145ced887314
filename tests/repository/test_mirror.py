import os
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path

import pytest

from swarm.domain.changes import Change, Changes, Removed, Written
from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash, GoalId, TreeHash
from swarm.repository.program import LONG
from swarm.repository.public_api import Conflict, Joined, Mirror, inspect
from swarm.testing.git import a_commit, a_repository, git, head_of

LINES = "1\n2\n3\n4\n5\n6\n7\n8\n9\n"
STEP = "refs/swarm/g-abcdef/g-abcdef.t1/1"


def opened(path: Path, name: str = "mirror") -> Mirror:
    return Mirror.open(path.parent / name, path)


def begun(path: Path, files: dict[str, str] | None = None) -> tuple[Mirror, CommitHash, TreeHash]:
    commit = a_repository(path, files or {"a": LINES, "b": LINES})
    mirror = opened(path)
    return mirror, commit, mirror.fetch(commit)


def edited(mirror: Mirror, tree: TreeHash, *items: Change) -> TreeHash:
    return mirror.tree_with(tree, Changes(items))


def text(path: bytes, content: str) -> Written:
    return Written(path, "100644", content.encode())


# Fetching


@pytest.mark.parametrize("name", ["user", 'it\'s my "own" $(project)', "-x", "a:b", "caf\u00e9"])
def test_a_commit_is_fetched_whatever_the_repository_is_called(tmp_path: Path, name: str) -> None:
    commit = a_repository(tmp_path / name)
    tree = opened(tmp_path / name, f"{name} mirror").fetch(commit)
    assert tree == inspect(tmp_path / name).base_tree


def test_only_the_commit_comes_without_its_history(tmp_path: Path) -> None:
    first = a_repository(tmp_path / "user", {"secret": "old"})
    second = a_commit(tmp_path / "user", {"secret": "new"})
    mirror = opened(tmp_path / "user")
    mirror.fetch(second)
    assert mirror.git.ask("cat-file", "-e", first).code != 0


def test_one_commit_after_another_is_fetched(tmp_path: Path) -> None:
    mirror, first, _ = begun(tmp_path / "user")
    second = a_commit(tmp_path / "user", {"more": "x"})
    git(tmp_path / "user", "checkout", "--quiet", "--detach", first)
    assert mirror.fetch(second) != mirror.fetch(first)


def test_a_commit_that_no_branch_has_is_fetched(tmp_path: Path) -> None:
    a_repository(tmp_path / "user")
    git(tmp_path / "user", "checkout", "--quiet", "--detach")
    loose = a_commit(tmp_path / "user", {"more": "x"})
    git(tmp_path / "user", "checkout", "--quiet", "main")
    assert opened(tmp_path / "user").fetch(loose) == git(
        tmp_path / "user", "rev-parse", f"{loose}^{{tree}}"
    )


def test_a_shallow_clone_is_enough(tmp_path: Path) -> None:
    a_repository(tmp_path / "origin")
    commit = a_commit(tmp_path / "origin", {"more": "x"})
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin", "clone")
    mirror = opened(tmp_path / "clone")
    assert mirror.fetch(commit) == inspect(tmp_path / "clone").base_tree


def test_a_linked_work_tree_is_fetched_from(tmp_path: Path) -> None:
    a_repository(tmp_path / "main")
    git(tmp_path / "main", "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    commit = a_commit(tmp_path / "side", {"more": "x"})
    assert opened(tmp_path / "side").fetch(commit) == inspect(tmp_path / "side").base_tree


def test_a_sha256_repository_has_a_sha256_mirror(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    git(tmp_path / "user", "init", "--quiet", "--object-format=sha256")
    commit = a_commit(tmp_path / "user", {"a": "x"})
    mirror = opened(tmp_path / "user")
    tree = edited(mirror, mirror.fetch(commit), text(b"a", "y"), Removed(b"b"))
    assert (len(tree), mirror.touched(mirror.fetch(commit), tree)) == (64, ("a",))


@pytest.mark.thorough
def test_a_large_file_passes_through(tmp_path: Path) -> None:
    size = 16 << 20
    (tmp_path / "user").mkdir()
    with (tmp_path / "user" / "large").open("wb") as file:
        file.write(os.urandom(1 << 20) * (size >> 20))
    commit = a_repository(tmp_path / "user", {})
    mirror = opened(tmp_path / "user")
    mirror.export(mirror.fetch(commit), tmp_path / "out")
    assert (tmp_path / "out" / "large").stat().st_size == size


@pytest.mark.parametrize("commit", ["0" * 40, "1" * 40])
def test_a_commit_that_is_not_there_is_refused(tmp_path: Path, commit: str) -> None:
    a_repository(tmp_path / "user")
    with pytest.raises(Rejected):
        opened(tmp_path / "user").fetch(CommitHash(commit))


@pytest.mark.parametrize("commit", ["HEAD", "--upload-pack=touch ran", "main", ""])
def test_what_is_no_hash_never_reaches_git(tmp_path: Path, commit: str) -> None:
    a_repository(tmp_path / "user")
    with pytest.raises(Rejected, match="not the hash of a commit"):
        opened(tmp_path / "user").fetch(CommitHash(commit))


def test_fetching_leaves_the_users_repository_as_it_is(tmp_path: Path) -> None:
    commit = a_repository(tmp_path / "user")
    before = sorted((tmp_path / "user").rglob("*"))
    opened(tmp_path / "user").fetch(commit)
    assert sorted((tmp_path / "user").rglob("*")) == before


def test_a_partial_clone_is_refused_and_fetches_nothing(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    a_repository(origin)
    git(origin, "config", "uploadpack.allowFilter", "true")
    url = f"file://{origin}"
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", url, "clone")
    before = sorted(clone.rglob("*"))
    with pytest.raises(Rejected, match="partial clone"):
        opened(clone).fetch(head_of(clone))
    assert sorted(clone.rglob("*")) == before


def test_fetches_at_the_same_time_all_succeed(tmp_path: Path) -> None:
    first = a_repository(tmp_path / "user")
    commits = [first, *(a_commit(tmp_path / "user", {"n": str(n)}) for n in range(7))]
    mirror = opened(tmp_path / "user")
    with ThreadPoolExecutor(8) as threads:
        trees = list(threads.map(mirror.fetch, commits))
    assert len(set(trees)) == 8


# Steps and commits


def test_the_same_step_recorded_twice_is_one_commit(tmp_path: Path) -> None:
    mirror, commit, tree = begun(tmp_path / "user")
    first = mirror.record(STEP, tree, [commit], "Step 1", 1_700_000_000)
    assert mirror.record(STEP, tree, [commit], "Step 1", 1_700_000_000) == first
    assert mirror.read(STEP) == first
    said = git(mirror.folder, "show", "--no-patch", "--format=%an|%ae|%cn|%at|%ct|%s", first)
    assert said == "swarm|swarm@localhost|swarm|1700000000|1700000000|Step 1"


def test_another_mirror_makes_the_same_commits(tmp_path: Path) -> None:
    mirror, commit, tree = begun(tmp_path / "user")
    other = opened(tmp_path / "user", "other")
    other.fetch(commit)
    steps = [(tree, "one"), (tree, "two")]
    assert mirror.commits(commit, steps, 5) == other.commits(commit, steps, 5)


def test_commits_stand_in_a_chain_on_the_users_commit(tmp_path: Path) -> None:
    mirror, base, tree = begun(tmp_path / "user")
    changed = edited(mirror, tree, text(b"c", "x"))
    head = mirror.commits(base, [(tree, "Fix \u00e4\n\nBecause."), (changed, "Add c")], 5)
    chain = git(mirror.folder, "log", "--format=%T %s", f"{base}..{head}").splitlines()
    assert chain == [f"{changed} Add c", f"{tree} Fix \u00e4"]
    assert mirror.stands_on(head, base)
    assert mirror.stands_on(base, base)


def test_what_does_not_come_from_the_base_alone_does_not_stand_on_it(tmp_path: Path) -> None:
    mirror, base, tree = begun(tmp_path / "user")
    stranger = mirror.record(STEP, tree, [], "no parent", 5)
    merge = mirror.record(STEP, tree, [base, stranger], "two parents", 5)
    below = mirror.commits(base, [(tree, "x")], 5)
    assert not any(mirror.stands_on(each, base) for each in (stranger, merge))
    assert not mirror.stands_on(base, below)


@pytest.mark.parametrize(
    "name",
    ["refs/heads/main", "refs/swarm", "refs/swarm/../heads/x", "refs/swarm/a b", "refs/swarm/-x",
     "refs/swarm/a..b", "refs/swarm/a.lock", "refs/swarm/a/", "HEAD", "refs/swarm/a\n"],
)  # fmt: skip
def test_a_step_is_kept_under_its_own_names_only(tmp_path: Path, name: str) -> None:
    mirror, _, tree = begun(tmp_path / "user")
    with pytest.raises(Rejected, match="not a name for a step"):
        mirror.record(name, tree, [], "x", 5)


# Joining


def test_patches_of_different_files_and_lines_join_in_order(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    one = edited(mirror, base, text(b"a", LINES.replace("1", "one")))
    two = edited(mirror, base, text(b"a", LINES.replace("9", "nine")), Removed(b"b"))
    joined = mirror.join(base, [(base, one), (base, two)])
    expected = edited(mirror, one, text(b"a", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n"), Removed(b"b"))
    assert joined == Joined(expected, (one, expected))


def test_patches_of_the_same_line_conflict_and_the_later_one_is_named(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    one = edited(mirror, base, text(b"b", "x"))
    two = edited(mirror, base, text(b"a", LINES.replace("1", "one")))
    three = edited(mirror, base, text(b"a", LINES.replace("1", "eins")))
    assert mirror.join(base, [(base, one), (base, two), (base, three)]) == Conflict(2, ("a",))


def test_a_patch_made_on_an_earlier_result_brings_only_what_it_changed(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    one = edited(mirror, base, text(b"new", "1"))
    two = edited(mirror, one, text(b"new", "2"))
    three = edited(mirror, base, text(b"b", "3"))
    joined = mirror.join(base, [(base, one), (base, three), (one, two)])
    assert isinstance(joined, Joined)
    assert joined.tree == edited(mirror, base, text(b"b", "3"), text(b"new", "2"))


def test_a_file_edited_here_and_removed_there_is_a_conflict(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    one = edited(mirror, base, Removed(b"a"))
    two = edited(mirror, base, text(b"a", "other"))
    assert mirror.join(base, [(base, one), (base, two)]) == Conflict(1, ("a",))


def test_the_same_patch_twice_is_the_patch(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    one = edited(mirror, base, text(b"a", "x"))
    assert mirror.join(base, [(base, one), (base, one)]) == Joined(one, (one, one))


def test_joining_nothing_is_the_base(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user")
    assert mirror.join(base, []) == Joined(base, ())


def test_patches_of_different_files_join_to_the_same_tree_in_any_order(tmp_path: Path) -> None:
    mirror, _, base = begun(tmp_path / "user", dict.fromkeys("abc", LINES))
    items = [text(name, "x") for name in (b"a", b"b", b"new")]
    patches = [(base, edited(mirror, base, item)) for item in items]
    everything = edited(mirror, base, *items)
    for order in permutations(patches):
        joined = mirror.join(base, order)
        assert isinstance(joined, Joined)
        assert (joined.tree, len(joined.trees_in_order)) == (everything, 3)


# Space and crashes


def test_what_is_forgotten_is_freed_and_the_rest_stays(tmp_path: Path) -> None:
    mirror, base, tree = begun(tmp_path / "user")
    large = Written(b"large", "100644", os.urandom(1 << 20))
    kept = edited(mirror, tree, text(b"kept", "x"))
    mirror.record(STEP, edited(mirror, tree, large), [base], "x", 5)
    mirror.record("refs/swarm/g-zzzzzz/t/1", kept, [base], "x", 5)
    assert mirror.goals() == ("g-abcdef", "g-zzzzzz")
    mirror.forget(GoalId("g-abcdef"))
    assert mirror.prune(frozenset({base})) > 1 << 20
    assert mirror.goals() == ("g-zzzzzz",)
    assert mirror.changes(tree, kept).paths == (b"kept",)


def test_a_pruned_base_is_fetched_again(tmp_path: Path) -> None:
    mirror, base, tree = begun(tmp_path / "user")
    mirror.prune()
    assert mirror.git.ask("cat-file", "-e", tree).code != 0
    assert mirror.fetch(base) == tree


def test_a_lock_left_by_a_killed_git_is_removed_and_a_living_ones_is_not(tmp_path: Path) -> None:
    mirror, _, _ = begun(tmp_path / "user")
    dead, living = (mirror.folder / name for name in ("shallow.lock", "packed-refs.lock"))
    for lock in (dead, living):
        lock.touch()
    long_ago = living.stat().st_mtime - 3 * LONG
    os.utime(dead, (long_ago, long_ago))
    opened(tmp_path / "user")
    assert (dead.exists(), living.exists()) == (False, True)


def test_opening_twice_is_one_mirror(tmp_path: Path) -> None:
    mirror, base, _ = begun(tmp_path / "user")
    assert opened(tmp_path / "user").read(f"refs/base/{base}") == base == head_of(tmp_path / "user")
    assert mirror.disk_usage() > 0
