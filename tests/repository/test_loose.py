from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.errors import Rejected, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository import loose
from swarm.repository.public_api import Mirror
from swarm.testing.git import a_repository

FILES = {"a.py": "1\n", "b/c.py": "2\n", "b.c": "3\n", "b-d/e": "4\n"}


def a_mirror(folder: Path) -> tuple[Mirror, CommitHash, TreeHash]:
    commit = a_repository(folder / "user", FILES)
    mirror = Mirror.open(folder / "mirror", folder / "user")
    return mirror, commit, mirror.fetch(commit)


def test_what_is_written_is_what_git_writes(tmp_path: Path) -> None:
    mirror, commit, base = a_mirror(tmp_path)
    changes = Changes((Written(b"b/new", "100755", b"x\n"), Removed(b"b-d/e")))
    tree = mirror.tree_with(base, changes)
    mirror.record("refs/swarm/g/t/1", tree, (commit,), "One\n\nümläut", 1_700_000_000)
    listed = mirror.git.run("ls-tree", "-r", "-z", tree)
    index = mirror.git.with_index(tmp_path / "index")
    index.run("update-index", "-z", "--index-info", stdin=listed)
    assert index.line("write-tree") == tree
    assert mirror.git.ask("fsck", "--strict", "--full").code == 0


def test_a_commit_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    mirror, commit, base = a_mirror(tmp_path)
    when = {"GIT_AUTHOR_DATE": "@77 +0000", "GIT_COMMITTER_DATE": "@77 +0000"}
    who = {f"GIT_{w}_{k}": v for w in ("AUTHOR", "COMMITTER") for k, v in NAMED.items()}
    argv = ("commit-tree", base, "-F", "-", "-p", commit)
    theirs = mirror.git.run(*argv, stdin=b"Step 1", env={**when, **who}).decode().strip()
    assert mirror.record("refs/swarm/g/t/1", base, (commit,), "Step 1", 77) == theirs
    assert mirror.read("refs/swarm/g/t/1") == theirs


NAMED = {"NAME": "swarm", "EMAIL": "swarm@localhost"}


def test_a_ref_that_is_being_changed_is_waited_for(tmp_path: Path) -> None:
    mirror, commit, base = a_mirror(tmp_path)
    (mirror.folder / "refs/swarm/g/t").mkdir(parents=True)
    (mirror.folder / "refs/swarm/g/t/1.lock").touch()
    with pytest.raises(Transient, match="is being changed"):
        mirror.record("refs/swarm/g/t/1", base, (commit,), "Step", 1)


def test_changes_that_change_nothing_give_the_same_tree(tmp_path: Path) -> None:
    mirror, _, base = a_mirror(tmp_path)
    same = Changes((Written(b"b/c.py", "100644", b"2\n"), Removed(b"not/there")))
    assert mirror.tree_with(base, same) == base


ENTRIES = st.dictionaries(
    st.binary(min_size=1, max_size=4).filter(lambda name: not set(name) & set(b"/\0")),
    st.builds(
        loose.Entry,
        st.sampled_from([b"100644", b"100755", b"120000", b"160000", b"40000"]),
        st.text("0123456789abcdef", min_size=40, max_size=40),
    ),
    max_size=6,
)


@settings(max_examples=50)
@given(ENTRIES)
def test_a_folder_is_read_as_it_was_written(entries: dict[bytes, loose.Entry]) -> None:
    assert loose.read_folder(loose.folder_bytes(entries), 40) == entries


@pytest.mark.parametrize("data", [b"100644 a", b"100644 a\0short", b"\0" * 30, b"100644a\0" * 5])
def test_a_damaged_folder_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected, match="damaged"):
        loose.read_folder(data, 40)
