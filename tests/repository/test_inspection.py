import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.repository.public_api import inspect
from swarm.testing.git import a_commit, a_repository, git, write_files


def test_a_clean_repository_is_described_from_any_folder_in_it(tmp_path: Path) -> None:
    commit = a_repository(tmp_path / "project", {"deep/er/file": "x"})
    state = inspect(tmp_path / "project" / "deep" / "er")
    assert (state.top, state.base, state.branch) == (tmp_path / "project", commit, "main")
    assert state.base_tree == git(state.top, "rev-parse", "HEAD^{tree}")
    assert (state.dirty, state.shallow, state.submodules) == (False, False, False)


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    first = a_repository(tmp_path)
    a_commit(tmp_path, {"more": "x"})
    git(tmp_path, "checkout", "--quiet", "--detach", first)
    assert (inspect(tmp_path).branch, inspect(tmp_path).base) == (None, first)


@pytest.mark.parametrize("name", ["README", "new file"])
def test_changes_and_unknown_files_make_it_dirty(tmp_path: Path, name: str) -> None:
    a_repository(tmp_path)
    write_files(tmp_path, {name: "changed\n"})
    assert inspect(tmp_path).dirty


def test_ignored_files_do_not_make_it_dirty(tmp_path: Path) -> None:
    a_repository(tmp_path, {".gitignore": "*.log\n"})
    write_files(tmp_path, {"run.log": "x"})
    assert not inspect(tmp_path).dirty


def test_a_shallow_clone_says_so(tmp_path: Path) -> None:
    a_repository(tmp_path / "origin")
    a_commit(tmp_path / "origin", {"more": "x"})
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tmp_path}/origin", "clone")
    assert inspect(tmp_path / "clone").shallow


def test_a_submodule_is_noticed(tmp_path: Path) -> None:
    inner = a_repository(tmp_path)
    git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{inner},vendor")
    git(tmp_path, "commit", "--quiet", "-m", "Add a submodule")
    assert inspect(tmp_path).submodules


def test_a_linked_work_tree_is_a_repository(tmp_path: Path) -> None:
    a_repository(tmp_path / "main")
    git(tmp_path / "main", "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    assert (inspect(tmp_path / "side").branch, inspect(tmp_path / "side").top.name) == ("side",) * 2


def test_inspecting_writes_nothing(tmp_path: Path) -> None:
    a_repository(tmp_path)
    os.utime(tmp_path / "README", (1, 1))
    before = (tmp_path / ".git" / "index").read_bytes()
    inspect(tmp_path)
    assert (tmp_path / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("empty", "is not in a git repository"),
        ("unborn", "has no commit to start from"),
        ("bare", "is a bare repository"),
        ("project/.git", "is a bare repository"),
        ("nowhere", "does not exist"),
        ("project/README", "is not a directory"),
    ],
)
def test_what_cannot_be_worked_on_is_said_at_once(tmp_path: Path, name: str, why: str) -> None:
    a_repository(tmp_path / "project")
    for folder in ("empty", "unborn", "bare"):
        (tmp_path / folder).mkdir()
    git(tmp_path / "unborn", "init", "--quiet")
    git(tmp_path / "bare", "init", "--quiet", "--bare")
    with pytest.raises(Rejected, match=why) as caught:
        inspect(tmp_path / name)
    assert caught.value.advice
    assert str(tmp_path) in str(caught.value)


def test_nothing_of_the_callers_environment_or_settings_reaches_git(tmp_path: Path) -> None:
    a_repository(tmp_path / "project")
    other = a_repository(tmp_path / "other", {"other": "x"})
    hostile = "[core]\n\tfsmonitor = touch ran; false\n"
    write_files(tmp_path, {"home/.gitconfig": hostile})
    env = {"HOME": str(tmp_path / "home"), "GIT_DIR": str(tmp_path / "other" / ".git")}
    said = _with(env, "print(inspect(path).base)", tmp_path / "project")
    assert said == git(tmp_path / "project", "rev-parse", "HEAD") != other
    assert not list(tmp_path.rglob("ran"))


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can give files to another user"
)


@needs_root
def test_somebody_elses_repository_needs_a_human(tmp_path: Path) -> None:
    a_repository(tmp_path / "their own")
    _give_away(tmp_path / "their own")
    with pytest.raises(NeedsHuman, match="belongs to another user") as caught:
        inspect(tmp_path / "their own")
    assert f"safe.directory '{tmp_path}/their own'" in caught.value.advice


@needs_root
def test_the_advice_for_somebody_elses_repository_works(tmp_path: Path) -> None:
    top = tmp_path / "their own"
    a_repository(top)
    tree = git(top, "rev-parse", "HEAD^{tree}")
    _give_away(top)
    write_files(tmp_path, {"home/.gitconfig": f'[safe]\n\tdirectory = "{top}"\n'})
    said = _with(
        {"HOME": str(tmp_path / "home")},
        "mirror = Mirror.open(path.parent / 'mirror', path)\n"
        "print(mirror.fetch(inspect(path).base), read_branch(path, 'main') == inspect(path).base)",
        top,
    )
    assert said == f"{tree} True"


def _with(env: dict[str, str], code: str, path: Path) -> str:
    """What the code prints in a process with these environment variables."""
    head = (
        "import sys; from pathlib import Path\n"
        "from swarm.repository.public_api import Mirror, inspect, read_branch\n"
        "path = Path(sys.argv[1])\n"
    )
    argv = [sys.executable, "-c", head + code, str(path)]
    return subprocess.check_output(argv, env={**os.environ, **env}, text=True).strip()


def _give_away(top: Path) -> None:
    for path in (top, *top.rglob("*")):
        os.chown(path, 12345, 12345)
