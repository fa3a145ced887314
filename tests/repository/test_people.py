from pathlib import Path

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash
from swarm.repository.public_api import Mirror, blob_hash, fork_point, read_commit
from swarm.testing.git import a_commit, a_repository, git

PATCH = """diff --git a/{path} b/{path}
new file mode 100644
--- /dev/null
+++ b/{path}
@@ -0,0 +1 @@
+x
"""


@pytest.mark.parametrize("name", ["main", "HEAD", "refs/heads/main", "v1"])
def test_a_commit_is_found_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    commit = a_repository(tmp_path)
    git(tmp_path, "tag", "-a", "-m", "one", "v1")
    assert read_commit(tmp_path, name) == read_commit(tmp_path, commit[:10]) == commit


@pytest.mark.parametrize("name", ["nowhere", "--all", "-", "", "main:README", "a b\n"])
def test_what_names_no_commit_is_refused(tmp_path: Path, name: str) -> None:
    a_repository(tmp_path)
    with pytest.raises(Rejected):
        read_commit(tmp_path, name)


def test_two_branches_part_at_their_last_common_commit(tmp_path: Path) -> None:
    fork = a_repository(tmp_path)
    git(tmp_path, "checkout", "--quiet", "-b", "side")
    side = a_commit(tmp_path, {"side": "x"})
    git(tmp_path, "checkout", "--quiet", "main")
    assert fork_point(tmp_path, a_commit(tmp_path, {"more": "x"}), side) == fork


def test_lines_of_history_without_anything_in_common_are_refused(tmp_path: Path) -> None:
    one = a_repository(tmp_path)
    git(tmp_path, "checkout", "--quiet", "--orphan", "other")
    with pytest.raises(Rejected, match="no common history"):
        fork_point(tmp_path, one, a_commit(tmp_path, {"other": "x"}, message="Other"))


def begun(path: Path) -> tuple[Mirror, CommitHash]:
    commit = a_repository(path / "user")
    return Mirror.open(path / "mirror", path / "user"), commit


def test_a_patch_is_applied_to_the_base_and_to_nothing_else(tmp_path: Path) -> None:
    mirror, base = begun(tmp_path)
    tree = mirror.tree_patched(mirror.fetch(base), PATCH.format(path="d/new").encode())
    assert mirror.touched(mirror.fetch(base), tree) == ("d/new",)
    assert git(tmp_path / "user", "status", "--porcelain") == ""


@pytest.mark.parametrize(
    "path", [".git/config", "../evil", "/tmp/evil", ".GIT/x", "README", "git~1/x"]
)
def test_a_patch_that_does_not_fit_or_leaves_the_tree_is_refused(tmp_path: Path, path: str) -> None:
    mirror, base = begun(tmp_path)
    with pytest.raises(Rejected):
        mirror.tree_patched(mirror.fetch(base), PATCH.format(path=path).encode())


@pytest.mark.parametrize("patch", [b"", b"no patch\n", b"\0\xff"])
def test_what_is_no_patch_is_refused(tmp_path: Path, patch: bytes) -> None:
    mirror, base = begun(tmp_path)
    with pytest.raises(Rejected):
        mirror.tree_patched(mirror.fetch(base), patch)


def test_a_blob_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    a_repository(tmp_path)
    assert blob_hash(tmp_path / "README") == git(tmp_path, "rev-parse", "HEAD:README")
    (tmp_path / "link").symlink_to("README")
    assert blob_hash(tmp_path / "link") == blob_hash(tmp_path / "nowhere") == ""
