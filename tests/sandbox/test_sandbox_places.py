"""Where the tree and what else is shown appear inside, whoever starts the sandbox."""

import asyncio
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import swarm
from swarm.domain.changes import Changes, Written
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox.public_api import (
    BaseRef,
    Sandbox,
    SandboxSpec,
    interpreter_paths,
    open_host,
)
from tests.sandbox.conftest import Place, needs_namespaces

pytestmark = pytest.mark.thorough

CODE = str(Path(swarm.__path__[0]).parent)
NOBODY = 65534


@pytest.mark.parametrize(
    "name", ["plain", "with space", "a:b,c\\d=e", "deep/er/est", "äöü", "closed/repo"]
)
def test_the_tree_is_at_the_users_path(isolated: Place, name: str) -> None:
    mount = isolated.folder / name
    closed = isolated.folder / "closed"
    closed.mkdir(0o700)

    async def work(sandbox: Sandbox) -> None:
        assert sandbox.root == mount
        result = await sandbox.exec(("sh", "-c", "pwd; cat a; echo 2 >> a; rm b"))
        assert result.stdout.decode() == f"{mount}\n1\n"
        assert (await sandbox.diff()).paths == (b"a", b"b")

    isolated.run(work, {"a": "1\n", "b": ""}, mount_point=mount)


def test_the_tree_may_lie_below_a_home_that_nobody_may_enter(isolated: Place) -> None:
    home = Path("/root/swarm test/repository")
    result = isolated.run(lambda sandbox: sandbox.exec(("pwd",)), mount_point=home)
    assert result.stdout.decode() == f"{home}\n"


@pytest.mark.parametrize(
    "mount", ["/", "/proc/x", "/etc/repo", "/dev", "/usr/bin", "relative", "/a/../b"]
)
def test_a_place_that_is_taken_is_refused(isolated: Place, mount: str) -> None:
    with pytest.raises(Rejected):
        isolated.run(lambda sandbox: sandbox.exec(("true",)), mount_point=Path(mount))


def test_a_path_that_is_not_there_cannot_be_shown(isolated: Place) -> None:
    missing = isolated.folder / "missing"
    with pytest.raises(Rejected, match="missing"):
        isolated.run(lambda sandbox: sandbox.exec(("true",)), readonly=(missing,))


def test_isolation_that_is_required_is_never_weaker(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    host = open_host(tmp_path / "scratch", "unsafe-worktree")
    with pytest.raises(Lacking):
        asyncio.run(host.create(SandboxSpec(tmp_path / "r"), BaseRef(tmp_path / "base", "")))


def test_shown_paths_are_where_they_are_and_no_part_of_the_tree(place: Place) -> None:
    repository, elsewhere = place.folder / "repository", place.folder / "elsewhere"
    for folder in (repository / ".venv/lib", elsewhere):
        folder.mkdir(parents=True)
        (folder / "file").write_text("shown")
    (repository / ".env").write_text("one file")

    async def work(sandbox: Sandbox) -> None:
        script = f"cat .venv/lib/file .env '{elsewhere}/file'; echo 1 > new"
        result = await sandbox.exec(("sh", "-c", script))
        assert result.stdout == b"shownone fileshown"
        assert await sandbox.diff() == Changes((Written(b"new", "100644", b"1\n"),))

    shown = (repository / ".venv", repository / ".env", elsewhere)
    place.run(work, {"a": ""}, mount_point=repository, readonly=shown)


def test_shown_paths_cannot_be_changed_or_removed(isolated: Place) -> None:
    repository = isolated.folder / "repository"
    (repository / ".venv").mkdir(parents=True)
    (repository / ".venv/file").write_text("kept")

    async def work(sandbox: Sandbox) -> None:
        for attack in ("echo x > .venv/file", "touch .venv/new", "rm -rf .venv", "mv .venv v"):
            assert (await sandbox.exec(("sh", "-c", attack))).returncode != 0
        assert not await sandbox.diff()

    isolated.run(work, mount_point=repository, readonly=(repository / ".venv",))
    assert (repository / ".venv/file").read_text() == "kept"


def test_a_repository_may_lie_below_what_is_shown(isolated: Place) -> None:
    outer = isolated.folder / "outer"
    (outer / "repository").mkdir(parents=True)
    (outer / "beside").write_text("shown")

    async def work(sandbox: Sandbox) -> None:
        result = await sandbox.exec(("sh", "-c", "cat ../beside a; echo 2 > a"))
        assert result.stdout == b"shown1\n"
        assert (await sandbox.exec(("touch", "../new"))).returncode != 0

    isolated.run(work, {"a": "1\n"}, mount_point=outer / "repository", readonly=(outer,))


# Interpreters


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a virtual environment in it, and itself installed as editable."""
    repository = tmp_path / "my project"
    package = repository / "src/thing"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("VALUE = 'of the user'\n")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", repository / ".venv"], check=True
    )
    (site,) = (repository / ".venv").glob("lib/python3*/site-packages")
    (site / "__editable__.thing.pth").write_text(f"{repository}/src\n")
    return repository


def test_an_editable_install_imports_the_sandboxes_files(isolated: Place, project: Path) -> None:
    python = project / ".venv/bin/python"
    show = "import thing; print(thing.VALUE, thing.__file__)"

    async def work(sandbox: Sandbox) -> str:
        await sandbox.write(Path("src/thing/__init__.py"), b"VALUE = 'of the sandbox'\n")
        result = await sandbox.exec((str(python), "-B", "-c", show))
        assert (await sandbox.diff()).paths == (b"src/thing/__init__.py",)
        return (result.stdout + result.stderr).decode()

    readonly = interpreter_paths(python)
    files = {"src/thing/__init__.py": "VALUE = 'of the user'\n"}
    said = isolated.run(work, files, mount_point=project, readonly=readonly)
    assert said == f"of the sandbox {project}/src/thing/__init__.py\n"
    assert b"of the user" in subprocess.run([python, "-c", show], capture_output=True).stdout


def test_an_interpreter_is_shown_with_all_that_it_needs_and_no_home(project: Path) -> None:
    paths = interpreter_paths(project / ".venv/bin/python")
    assert project / ".venv" in paths
    assert any(Path(sys.base_prefix).is_relative_to(each) for each in paths)
    assert not {Path.home(), project, Path("/"), project.parent} & set(paths)


def test_an_interpreter_behind_a_chain_of_links_runs(isolated: Place, project: Path) -> None:
    (isolated.folder / "bin").mkdir()
    link = isolated.folder / "bin/python"
    link.symlink_to(isolated.folder / "bin/python3")
    (isolated.folder / "bin/python3").symlink_to(Path(sys.executable).resolve())
    argv = (str(link), "-c", "import json, ssl, sys; print(sys.version_info[:2])")
    result = isolated.run(lambda sandbox: sandbox.exec(argv), readonly=interpreter_paths(link))
    assert result.stdout.decode().strip() == str(sys.version_info[:2]), result.stderr


def test_what_is_no_interpreter_is_refused() -> None:
    for wrong in ("/bin/true", "/no/such/python"):
        with pytest.raises(Rejected):
            interpreter_paths(Path(wrong))


# Who starts it


def as_nobody(program: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run it as an ordinary user, with an interpreter that this user can reach."""
    if os.getuid() != 0:
        pytest.skip("started as an ordinary user: every other test is this test")
    for python in (sys.executable, "/usr/bin/python3"):
        if _can_run_as_nobody(python, folder):
            return _run_as_nobody(python, program, folder)
    pytest.skip("no interpreter of 3.11 or later that an ordinary user can run, or no code")


def _can_run_as_nobody(python: str, folder: Path) -> bool:
    try:
        return _run_as_nobody(python, "import swarm.testing.sandbox", folder).returncode == 0
    except PermissionError:
        return False


def _run_as_nobody(python: str, program: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [python, "-B", "-c", textwrap.dedent(program), str(folder)],
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": CODE, "PATH": "/usr/bin:/bin", "CANARY": "ghp_canary"},
        capture_output=True,
        check=False,
    )


ORDINARY = """
    import asyncio, sys
    from pathlib import Path
    from swarm.testing.sandbox import a_sandbox

    async def main(folder):
        for mount in (folder / "with space/repo", folder / "closed/repo", Path("/root/x/repo")):
            async with a_sandbox(folder, {"a": "1\\n", "b": ""}, mode="namespaces", mount_point=mount) as sandbox:
                result = await sandbox.exec(("sh", "-c", "pwd; id -u; echo 2 >> a; rm b; env"))
                assert str(mount) in result.stdout.decode(), result
                assert "canary" not in result.stdout.decode(), result
                assert (await sandbox.diff()).paths == (b"a", b"b")
        assert not [each for each in (folder / "scratch").iterdir()]
        print("DONE")

    folder = Path(sys.argv[1])
    (folder / "closed").mkdir(0o700)
    asyncio.run(main(folder))
"""


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A folder that an ordinary user owns and can reach."""
    needs_namespaces()
    with tempfile.TemporaryDirectory() as folder:
        if os.getuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def test_an_ordinary_user_has_the_same_places(nobodys: Path) -> None:
    result = as_nobody(ORDINARY, nobodys)
    assert result.stdout == b"DONE\n", result.stderr.decode()


def test_a_base_whose_owners_cannot_be_mapped_is_copied(tmp_path: Path) -> None:
    needs_namespaces()
    if os.getuid() != 0:
        pytest.skip("owners are mapped only for root")
    program = """
        import asyncio, sys
        from pathlib import Path
        from swarm.testing.sandbox import a_sandbox

        async def main(folder):
            async with a_sandbox(folder, {"a": "1\\n"}, mode="namespaces") as sandbox:
                await sandbox.exec(("sh", "-c", "echo 2 >> a"))
                assert await sandbox.read(Path("a")) == b"1\\n2\\n"
                assert (await sandbox.diff()).paths == (b"a",)
                print("DONE")

        asyncio.run(main(Path(sys.argv[1])))
    """
    (tmp_path / "base").mkdir()
    mount_first = [
        "unshare",
        "-m",
        "sh",
        "-c",
        'mount -t ramfs none "$1/base" && exec "$0" -c "$2" "$1"',
    ]
    argv = [*mount_first, sys.executable, str(tmp_path), textwrap.dedent(program)]
    result = subprocess.run(
        argv, env={**os.environ, "PYTHONPATH": CODE}, capture_output=True, check=False
    )
    assert result.stdout == b"DONE\n", result.stderr.decode()
