"""Machines as they are: full or read-only disks, another coordinator, ordinary users, environments
inside the repository.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swarm.domain.events import CoordinatorStarted
from swarm.testing.git import a_repository, git
from swarm.testing.outside import Outside, answer, fingerprint, nothing_left
from tests.end_to_end.projects import BROKEN, BUG, broken, green, is_mended

NOBODY = 65534
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount and become another")


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A small disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.thorough
@needs_root
def test_a_full_disk_is_named_and_work_goes_on_when_there_is_room(
    mounted: Path, tmp_path: Path
) -> None:
    repository = green(tmp_path / "repository")
    before = fingerprint(repository)
    with nothing_left(tmp_path / "nowhere"):
        swarm = Outside(mounted / "home")
        (mounted / "home-user").mkdir()
        filler = mounted / "filler"
        # Git has a disk of its own: it does not always say that a disk is full.
        swarm.home.mkdir(mode=0o700)
        (swarm.home / "mirrors").symlink_to(_folder(tmp_path / "mirrors"))
        (swarm.home / "work").symlink_to(_folder(tmp_path / "work"))
        filler.write_bytes(bytes(920_000))
        full = swarm.run("fix the failing tests", repository)
        assert full.code == 4
        assert f"no space left for {swarm.home}/journal" in full.told
        assert "make room there, then go on: swarm resume" in full.told
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=200m", mounted], check=True)
        resumed = swarm.call("resume", "--runtime", "inline")
        assert "BLOCKED everything is green already" in resumed.told
    assert fingerprint(repository) == before


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


@pytest.mark.thorough
@needs_root
def test_a_read_only_state_folder_is_named(mounted: Path, tmp_path: Path) -> None:
    (mounted / "home-user").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", mounted], check=True)
    told = Outside(mounted / "home").run("fix the failing tests", green(tmp_path / "repository"))
    assert told.code == 5
    assert f"the state folder {mounted}/home cannot be made" in told.told
    assert "Read-only file system" in told.told


@pytest.mark.thorough
def test_a_second_coordinator_is_refused_and_the_first_is_used(
    swarm: Outside, tmp_path: Path
) -> None:
    repository = green(tmp_path / "repository")
    serving = swarm.start("serve", "--runtime", "inline")
    swarm.wait_for(CoordinatorStarted)
    second = swarm.call("serve", "--runtime", "inline")
    assert second.code == 2
    assert "a coordinator works in this state folder already" in second.told
    assert swarm.run("fix the failing tests", repository).code == 3
    serving.send_signal(signal.SIGINT)
    assert answer(serving).code == 0
    assert sum(isinstance(event, CoordinatorStarted) for event in swarm.events()) == 1


# Environments -----------------------------------------------------------------------------------

EDITABLE = {
    "src/calc/__init__.py": BROKEN["calc.py"],
    "tests/test_calc.py": BROKEN["test_calc.py"],
    ".gitignore": ".venv/\n",
}


@pytest.mark.thorough
def test_what_an_editable_install_imports_is_the_patched_file(
    swarm: Outside, tmp_path: Path
) -> None:
    """Its path file names the user's checkout; in the sandbox the changed tree lies there."""
    repository = tmp_path / "repository"
    a_repository(repository, EDITABLE)
    _with_environment(repository)
    before = fingerprint(repository)
    told = swarm.run(BUG, repository, "--json")
    assert told.code == 0, told.told
    document = told.document
    assert document["sandbox_mode"] in ("idmapped", "namespaces")
    branch = document["pull_request"]["branch"]
    assert git(repository, "diff", "--name-only", "main", branch) == "src/calc/__init__.py"
    evidence = _suite_evidence(swarm, document)
    assert {row["outcome"] for row in evidence["outcomes"]} == {"passed"}
    assert "failed" in {row["outcome"] for row in evidence["base_outcomes"]}
    assert fingerprint(repository) == before


def _with_environment(repository: Path) -> None:
    """As `python -m venv .venv && pip install -e .` leaves it, without a network."""
    venv = repository / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (packages,) = venv.glob("lib/python*/site-packages")
    (packages / "__editable__.calc.pth").write_text(f"{repository / 'src'}\n")
    (ours,) = (Path(sys.prefix) / "lib").glob("python*/site-packages")
    unneeded = shutil.ignore_patterns("*.pyc")
    for name in ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        for path in (ours / name, *ours.glob(f"{name}-[0-9]*.dist-info")):
            shutil.copytree(path, packages / path.name, ignore=unneeded)
    shutil.copy(ours / "py.py", packages)


def _suite_evidence(swarm: Outside, document: Any) -> Any:
    (digest,) = (vote["evidence"] for vote in document["ballots"] if vote["role"] == "tester")
    return json.loads((swarm.home / "journal" / "blobs" / digest[:2] / digest).read_bytes())


# Ordinary users ---------------------------------------------------------------------------------

OPEN_A_PATH = """
set -e
if ! setpriv --reuid $4 --clear-groups sh -c 'test -x "$0"' "$2/bin"; then
    mount --bind "$2" "$3"
    mount -t tmpfs -o mode=755 none "$1"
    mkdir -p "$2"
    mount --bind "$3" "$2"
fi
user=$4
shift 4
exec setpriv --reuid $user --regid $user --clear-groups --bounding-set=-all "$@"
"""
"""Where the interpreter lies below somebody's private folder, it is shown to everybody."""


@pytest.mark.thorough
@needs_root
def test_an_ordinary_user_gets_a_pull_request() -> None:
    with tempfile.TemporaryDirectory(prefix="swarm-test-") as name:
        folder = Path(name).resolve()
        repository = broken(folder / "repository")
        (folder / "home-user").mkdir()
        (folder / "place").mkdir()
        before = fingerprint(repository)
        _give(folder, NOBODY)
        with nothing_left(folder):
            told = Outside(folder / "home", prefix=_as_nobody(folder / "place")).run(
                BUG, repository, "--json"
            )
        assert told.code == 0, told.told
        assert {path.lstat().st_uid for path in (folder / "home").rglob("*")} == {NOBODY}
        _give(folder, os.getuid())
        assert told.document["sandbox_mode"] in ("idmapped", "namespaces")
        assert is_mended(repository, told.document["pull_request"]["branch"])
        assert fingerprint(repository) == before


def _give(folder: Path, user: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, user, user)


def _as_nobody(place: Path) -> tuple[str, ...]:
    base = Path(sys.base_prefix)
    ancestor = Path(*base.parts[:2])
    script = ("unshare", "--mount", "sh", "-c", OPEN_A_PATH, "sh")
    return (*script, str(ancestor), str(base), str(place), str(NOBODY))
