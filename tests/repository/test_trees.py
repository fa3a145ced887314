from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from swarm.domain.changes import Changes, Mode, Removed, Written
from swarm.domain.errors import Rejected
from swarm.domain.names import TreeHash
from swarm.repository.paths import folders
from swarm.repository.public_api import Mirror, unpack_archive
from swarm.testing.git import a_quick_folder, a_repository, git

EMPTY = TreeHash("4b825dc642cb6eb9a060e54bf8d69288fbee4904")


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    with a_quick_folder() as folder:
        a_repository(folder / "user")
        mirror = Mirror.open(folder / "mirror", folder / "user")
        mirror.git.run("hash-object", "-w", "-t", "tree", "--stdin")
        yield mirror


def written(path: bytes, data: bytes = b"x\n", mode: Mode = "100644") -> Written:
    return Written(path, mode, data)


def tree_of(mirror: Mirror, *items: Written) -> TreeHash:
    return mirror.tree_with(EMPTY, Changes(items))


HOSTILE = [b"-rf", b"\n", b"\xff\xfe", b" ", b"'\"", b"$(id)", b"\x1b]0;", b"a", b"b", b".gitx"]
NAMES = st.sampled_from(HOSTILE) | st.binary(min_size=1, max_size=3).filter(
    lambda name: not set(name) & set(b"/\0") and name not in {b".", b".."}
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
ITEMS = st.builds(Written, PATHS, st.sampled_from(["100644", "100755"]), st.binary(max_size=9))
LINKS = st.builds(
    Written,
    PATHS,
    st.just("120000"),
    st.sampled_from([b"/etc/passwd", b"../..", b"a", b"\xff\n", b"x" * 300]),
)


@st.composite
def trees(draw: st.DrawFn) -> tuple[Written, ...]:
    """Files that can stand beside each other, sorted."""
    items = {item.path: item for item in draw(st.lists(ITEMS | LINKS, max_size=6))}
    inner = {folder for path in items for folder in folders(path)}
    return tuple(item for path, item in sorted(items.items()) if path not in inner)


some = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def difference(old: tuple[Written, ...], new: tuple[Written, ...]) -> Changes:
    kept = {item.path for item in new}
    removed = [Removed(item.path) for item in old if item.path not in kept]
    return Changes(tuple(sorted((*removed, *(set(new) - set(old))), key=lambda item: item.path)))


@some
@given(old=trees(), new=trees())
def test_changes_lead_from_one_tree_to_the_other_and_are_found_again(
    mirror: Mirror, old: tuple[Written, ...], new: tuple[Written, ...]
) -> None:
    base, goal = tree_of(mirror, *old), tree_of(mirror, *new)
    changes = difference(old, new)
    assert mirror.tree_with(base, changes) == goal
    assert mirror.changes(base, goal) == changes
    assert mirror.tree_with(goal, changes) == goal


@some
@given(items=trees())
def test_what_is_exported_or_unpacked_is_the_tree(
    mirror: Mirror, items: tuple[Written, ...]
) -> None:
    tree = tree_of(mirror, *items)
    with a_quick_folder() as folder:
        mirror.export(tree, folder / "exported")
        unpack_archive(mirror.archive(tree), folder / "unpacked")
        for name in ("exported", "unpacked"):
            assert _tree_on_disk(folder / name, folder / f"{name}.git") == tree


@some
@given(old=trees(), new=trees())
def test_a_patch_file_applied_to_its_base_gives_its_tree(
    mirror: Mirror, old: tuple[Written, ...], new: tuple[Written, ...]
) -> None:
    base, goal = tree_of(mirror, *old), tree_of(mirror, *new)
    assume(base != goal)
    assume(not any(b" /" in each.path for each in (*old, *new)))  # git cannot read its own header
    assert mirror.tree_patched(base, mirror.patch_file(base, goal)) == goal


def _tree_on_disk(files: Path, scratch: Path) -> str:
    """The tree as git itself reads it from the disk: an oracle that shares no code with ours."""
    git(files, "init", "--quiet", "--bare", "--template=", str(scratch))
    at = (f"--git-dir={scratch}", f"--work-tree={files}", "-c", "core.autocrlf=false")
    git(files, *at, "add", "--all", "--force")
    return git(files, *at, "write-tree")


FORBIDDEN = [
    b"", b"/etc/passwd", b"../x", b"a/../b", b"./a", b"a//b", b"a/", b"a\0b", b"x" * 256, b"a/" * 2100,
    b".git", b".git/config", b"a/.GIT/hooks/x", b".Git", b"git~1/config", b"GIT~1", b".git ", b".git.",
    b".git. .", b".git::$INDEX_ALLOCATION", b".git:x", b"a\\.git\\config", b".git\\config",
    ".g\u200cit/config".encode(), ".git\ufeff".encode(), "\u202e.GIT".encode(),
]  # fmt: skip


@pytest.mark.parametrize("path", FORBIDDEN)
@pytest.mark.parametrize("kind", [written, Removed])
def test_a_name_that_is_no_file_of_the_tree_is_refused(
    mirror: Mirror, path: bytes, kind: type[Written | Removed]
) -> None:
    with pytest.raises(Rejected):
        mirror.tree_with(EMPTY, Changes((kind(path),)))  # type: ignore[call-arg]


LOOKALIKES = [
    b".gitignore",
    b".gitattributes",
    b".git2",
    b"git",
    b"x.git",
    b".git~1",
    b"git~10",
    b"...",
]


@pytest.mark.parametrize("path", LOOKALIKES)
def test_a_name_that_only_looks_like_gits_is_allowed(mirror: Mirror, path: bytes) -> None:
    tree = tree_of(mirror, written(path))
    assert mirror.changes(EMPTY, tree).paths == (path,)


@pytest.mark.parametrize(
    ("base", "items"),
    [
        ([], [written(b"a"), written(b"a/b")]),
        ([], [written(b"a/b/c"), written(b"a/b")]),
        ([written(b"a/b")], [written(b"a")]),
        ([written(b"a")], [written(b"a/b/c")]),
        ([], [written(b"a"), written(b"a", b"other")]),
        ([], [written(b"a"), Removed(b"a")]),
    ],
)
def test_a_path_cannot_be_two_things(
    mirror: Mirror, base: list[Written], items: list[Written | Removed]
) -> None:
    tree = tree_of(mirror, *base)
    with pytest.raises(Rejected):
        mirror.tree_with(tree, Changes(tuple(items)))


def test_a_file_may_become_a_directory_when_it_is_removed(mirror: Mirror) -> None:
    base = tree_of(mirror, written(b"a"))
    tree = mirror.tree_with(base, Changes((Removed(b"a"), written(b"a/b"))))
    assert tree == tree_of(mirror, written(b"a/b"))


def test_a_symbolic_link_as_gitmodules_is_refused(mirror: Mirror) -> None:
    with pytest.raises(Rejected, match="symbolic link"):
        tree_of(mirror, written(b"x/.gitmodules", b"/etc/passwd", "120000"))


@pytest.mark.parametrize("target", [b"", b"a\0b", b"x" * 5000])
def test_a_link_to_nothing_that_can_be_named_is_refused(mirror: Mirror, target: bytes) -> None:
    with pytest.raises(Rejected, match="no possible target"):
        tree_of(mirror, written(b"a", target, "120000"))


def test_removing_everything_leaves_the_empty_tree(mirror: Mirror) -> None:
    base = tree_of(mirror, written(b"a/b"), written(b"c"))
    assert mirror.tree_with(base, Changes((Removed(b"a/b"), Removed(b"c")))) == EMPTY


def test_attributes_in_the_tree_change_no_byte(mirror: Mirror, tmp_path: Path) -> None:
    attributes = b"* text eol=crlf ident export-subst filter=lfs working-tree-encoding=UTF-16\n"
    data = b"$Id$ $Format:%H$\nline\n"
    tree = tree_of(mirror, written(b".gitattributes", attributes), written(b"file", data))
    mirror.export(tree, tmp_path / "out")
    assert (tmp_path / "out" / "file").read_bytes() == data
    assert mirror.changes(EMPTY, tree).items[1] == written(b"file", data)


def test_a_submodule_stays_in_the_tree_and_is_an_empty_directory_on_disk(
    mirror: Mirror, tmp_path: Path
) -> None:
    commit = "1" * 40
    entry = f"160000 commit {commit}\tvendor/lib\0".encode()
    inner = mirror.git.run("mktree", "-z", "--missing", stdin=entry.replace(b"vendor/", b""))
    outer = b"040000 tree " + inner.strip() + b"\tvendor\0"
    base = TreeHash(mirror.git.run("mktree", "-z", stdin=outer).decode().strip())
    tree = mirror.tree_with(base, Changes((written(b"a"),)))
    mirror.export(tree, tmp_path / "exported")
    unpack_archive(mirror.archive(tree), tmp_path / "unpacked")
    assert entry.rstrip(b"\0").decode() in git(mirror.folder, "ls-tree", "-r", tree)
    for name in ("exported", "unpacked"):
        assert list((tmp_path / name / "vendor" / "lib").iterdir()) == []
    assert mirror.changes(EMPTY, tree).left_out == ("vendor/lib: submodule",)


def test_the_patch_is_for_people_and_the_counts_agree_with_it(mirror: Mirror) -> None:
    base = tree_of(mirror, written(b"a", b"1\n2\n3\n"), written(b"gone"))
    tree = mirror.tree_with(
        base, Changes((written(b"a", b"1\nzwei\n3\n"), Removed(b"gone"), written(b"n", b"\0\xff")))
    )
    assert "-2\n+zwei\n" in mirror.patch(base, tree)
    assert "Binary files /dev/null and b/n differ" in mirror.patch(base, tree)
    assert mirror.touched(base, tree) == ("a", "gone", "n")
    counts = [(each.path, each.added, each.removed) for each in mirror.numstat(base, tree)]
    assert counts == [("a", 1, 1), ("gone", 0, 1), ("n", None, None)]


def test_a_name_that_is_not_utf_8_is_shown_and_not_lost(mirror: Mirror) -> None:
    tree = tree_of(mirror, written(b"caf\xe9"), written(b"caf\\xe9"))
    assert mirror.touched(EMPTY, tree) == ("caf\\xe9", "caf\\xe9")
    assert len(mirror.changes(EMPTY, tree).items) == 2


@given(path=PATHS)
def test_a_path_lies_in_its_folders(path: bytes) -> None:
    assume(b"/" in path)
    assert list(folders(path))[-1] == path.rsplit(b"/", 1)[0]
