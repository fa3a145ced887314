"""Reading, writing, applying and comparing files of sandboxes: real ones and the table."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import Sandbox
from swarm.testing.sandbox import TableSandbox
from tests.sandbox.conftest import Place, needs_namespaces

FILES = {"a.txt": "a\n", "d/b.txt": "b\n", "d/e/c.txt": "c\n", "run.sh": "#!/bin/sh\n"}
WRITTEN = Written(b"new/file", "100644", b"text")

Work = Callable[[Sandbox], Awaitable[None]]
Runner = Callable[[Work], None]


@pytest.fixture(params=["namespaces", "unsafe-worktree", "table"])
def within(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    """Runs work in a sandbox over FILES."""
    if request.param == "table":
        base = {
            name.encode(): Written(name.encode(), "100644", text.encode())
            for name, text in FILES.items()
        }
        table = cast("Sandbox", TableSandbox(base))  # it has what these tests use, and no more
        return lambda work: asyncio.run(_awaited(work(table)))
    if request.param == "namespaces":
        needs_namespaces()
    place = Place(request.param, tmp_path)
    return lambda work: place.run(work, FILES)


async def _awaited(work: Awaitable[None]) -> None:
    await work


def test_what_was_written_is_read_and_differs(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("new/file"), b"text")
        assert await sandbox.read(Path("new/file")) == b"text"
        assert await sandbox.read(sandbox.root / "new/file") == b"text"
        assert await sandbox.diff() == Changes((WRITTEN,))

    within(work)


def test_a_difference_says_what_was_there_before(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("new"), b"text")
        await sandbox.write(Path("d/b.txt"), b"text")
        found = {each.path: each for each in (await sandbox.diff()).items}
        written = {path: each.replaces for path, each in found.items() if isinstance(each, Written)}
        assert written == {b"new": False, b"d/b.txt": True}

    within(work)


def test_an_untouched_sandbox_does_not_differ(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        assert await sandbox.read(Path("d/b.txt")) == b"b\n"
        assert not await sandbox.diff()

    within(work)


def test_the_same_bytes_written_again_are_no_change(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("a.txt"), b"a\n")
        assert not await sandbox.diff()

    within(work)


def test_a_program_is_a_program(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("run.sh"), b"#!/bin/sh\n", executable=True)
        assert await sandbox.diff() == Changes((Written(b"run.sh", "100755", b"#!/bin/sh\n"),))

    within(work)


def test_what_lies_below_tmp_is_no_part_of_the_tree(within: Runner, tmp_path: Path) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(tmp_path / "deep/note", b"1")
        assert await sandbox.read(tmp_path / "deep/note") == b"1"
        assert not await sandbox.diff()

    within(work)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "d/../../x", ".git/config", "d/.git", "/proc/1/mem", "."]
)
def test_a_path_outside_of_the_tree_is_refused(within: Runner, path: str) -> None:
    async def work(sandbox: Sandbox) -> None:
        with pytest.raises(Rejected):
            await sandbox.write(Path(path), b"x")
        with pytest.raises(Rejected):
            await sandbox.read(Path(path))

    within(work)


@pytest.mark.parametrize("path", ["none", "d", "a.txt/x", "none/x"])
def test_what_is_no_file_cannot_be_read(within: Runner, path: str) -> None:
    async def work(sandbox: Sandbox) -> None:
        with pytest.raises(Rejected):
            await sandbox.read(Path(path))

    within(work)


def test_a_file_larger_than_wanted_is_not_read(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        assert await sandbox.read(Path("a.txt"), most=2) == b"a\n"
        with pytest.raises(Rejected):
            await sandbox.read(Path("a.txt"), most=1)

    within(work)


CHANGES = Changes(
    (
        Removed(b"a.txt"),
        Written(b"a.txt/now/a/directory", "100644", b"1"),
        Written(b"caf\xe9", "100644", b"not UTF-8"),
        Written(b"d", "120000", b"a.txt/now"),
        Removed(b"d/b.txt"),
        Removed(b"d/e/c.txt"),
        Written(b"line\nbreak", "100755", b"#!/bin/sh\n"),
        Written(b"-rf", "100644", b""),
    )
)


def test_changes_that_were_applied_are_the_difference(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.apply(CHANGES)
        assert await sandbox.diff() == Changes(
            tuple(sorted(CHANGES.items, key=lambda each: each.path))
        )

    within(work)


def test_a_removed_and_restored_file_is_no_change(within: Runner) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.apply(Changes((Removed(b"d/e/c.txt"),)))
        assert await sandbox.diff() == Changes((Removed(b"d/e/c.txt"),))
        await sandbox.apply(Changes((Written(b"d/e/c.txt", "100644", b"c\n"),)))
        assert not await sandbox.diff()

    within(work)


@pytest.mark.parametrize("path", [b"", b"/x", b"a/../b", b".git/hooks/x", b"x/.git", b"a//b"])
def test_changes_with_a_wrong_path_are_refused_as_a_whole(within: Runner, path: bytes) -> None:
    async def work(sandbox: Sandbox) -> None:
        with pytest.raises(Rejected):
            await sandbox.apply(Changes((WRITTEN, Written(path, "100644", b""))))
        assert not await sandbox.diff()

    within(work)


# What commands do to the tree


def changed_by(place: Place, script: str) -> Changes:
    async def work(sandbox: Sandbox) -> Changes:
        result = await sandbox.exec(("sh", "-c", script))
        assert result.returncode == 0, result.stderr
        return await sandbox.diff()

    return place.run(work, FILES)


def test_commands_change_add_and_remove(place: Place) -> None:
    found = changed_by(place, "echo 2 >> a.txt; mkdir x; echo n > x/n; rm d/b.txt; chmod +x run.sh")
    assert found == Changes(
        (
            Written(b"a.txt", "100644", b"a\n2\n"),
            Removed(b"d/b.txt"),
            Written(b"run.sh", "100755", b"#!/bin/sh\n"),
            Written(b"x/n", "100644", b"n\n"),
        )
    )


def test_a_removed_directory_is_all_its_files(place: Place) -> None:
    found = changed_by(place, "rm -r d")
    assert found == Changes((Removed(b"d/b.txt"), Removed(b"d/e/c.txt")))


def test_a_directory_made_anew_hides_the_old_ones_files(place: Place) -> None:
    found = changed_by(place, "rm -r d; mkdir -p d/e; echo b > d/b.txt; echo z > d/e/z")
    assert found == Changes((Removed(b"d/e/c.txt"), Written(b"d/e/z", "100644", b"z\n")))


def test_a_file_and_a_directory_change_places(place: Place) -> None:
    found = changed_by(place, "rm -r d a.txt; echo d > d; mkdir a.txt; echo a > a.txt/a")
    assert found == Changes(
        (
            Removed(b"a.txt"),
            Written(b"a.txt/a", "100644", b"a\n"),
            Written(b"d", "100644", b"d\n"),
            Removed(b"d/b.txt"),
            Removed(b"d/e/c.txt"),
        )
    )


def test_moved_files_are_removed_and_written(place: Place) -> None:
    found = changed_by(place, "mv d z && mv a.txt q")
    assert {item.path: type(item) for item in found.items} == {
        b"a.txt": Removed,
        b"d/b.txt": Removed,
        b"d/e/c.txt": Removed,
        b"q": Written,
        b"z/b.txt": Written,
        b"z/e/c.txt": Written,
    }


def test_other_permissions_than_the_owners_x_do_not_count(place: Place) -> None:
    assert not changed_by(place, "chmod 600 a.txt; touch d/b.txt; chmod 777 d")


def test_any_name_that_a_file_can_have_comes_back(place: Place) -> None:
    async def work(sandbox: Sandbox) -> Changes:
        program = "import os\nfor n in (b'a\\nb', b'\\xff\\xfe', b'-x', b' ', b'x' * 255, b'\\\\'): open(n, 'w')"
        await sandbox.exec(("/usr/bin/python3", "-c", program))
        return await sandbox.diff()

    names = {b"a\nb", b"\xff\xfe", b"-x", b" ", b"x" * 255, b"\\"}
    assert set(place.run(work).paths) == names


def test_a_link_is_its_target_and_never_what_it_leads_to(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    found = changed_by(
        place, f"ln -s {tmp_path}/secret l; ln -s {tmp_path} dir; rm a.txt; ln -s l a.txt"
    )
    assert b"SECRET" not in repr(found).encode()
    assert found.items == (
        Written(b"a.txt", "120000", b"l"),
        Written(b"dir", "120000", os.fsencode(tmp_path)),
        Written(b"l", "120000", os.fsencode(tmp_path / "secret")),
    )


def test_nothing_is_read_or_written_through_a_link(place: Place, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/file").write_text("kept")

    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec(("ln", "-s", str(tmp_path / "target"), "l"))
        await sandbox.exec(("ln", "-s", str(tmp_path / "target/file"), "f"))
        for path in ("l/file", "f"):
            with pytest.raises(Rejected):
                await sandbox.read(Path(path))
        with pytest.raises(Rejected):
            await sandbox.write(Path("l/file"), b"lost")
        with pytest.raises(Rejected):
            await sandbox.apply(Changes((Written(b"l/file", "100644", b"lost"),)))
        await sandbox.write(Path("f"), b"a file of its own")
        assert await sandbox.read(Path("f")) == b"a file of its own"

    place.run(work)
    assert (tmp_path / "target/file").read_text() == "kept"


def test_a_removal_through_a_link_removes_nothing(place: Place, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/file").write_text("kept")

    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec(("ln", "-s", str(tmp_path / "target"), "l"))
        await sandbox.apply(Changes((Removed(b"l/file"),)))

    place.run(work)
    assert (tmp_path / "target/file").exists()


def test_what_no_commit_can_hold_is_left_out_and_said(place: Place) -> None:
    script = (
        "mkfifo fifo; truncate -s 900M sparse; mkdir -p sub/.git; echo x > sub/.git/config;"
        " /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'"
    )
    found = changed_by(place, script)
    assert not found
    assert {each.split(":")[0] for each in found.left_out} == {
        "'fifo'",
        "'sock'",
        "'sparse'",
        "'sub/.git'",
    }


def test_a_planted_repository_is_left_out(place: Place) -> None:
    found = changed_by(place, "mkdir .git; echo '[core] fsmonitor=evil' > .git/config; echo 1 > ok")
    assert found.paths == (b"ok",)
    assert found.left_out == ("'.git': a repository inside",)


@pytest.mark.thorough
def test_a_directory_deeper_than_any_is_left_out(place: Place) -> None:
    found = changed_by(
        place, "i=0; while [ $i -lt 400 ]; do mkdir d$i && cd d$i; i=$((i+1)); done; echo x > f"
    )
    assert not found
    assert len(found.left_out) == 1


def test_a_fifo_is_not_read(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec(("mkfifo", "fifo"))
        with pytest.raises(Rejected):
            await sandbox.read(Path("fifo"))

    place.run(work)


def test_the_base_is_never_changed(place: Place) -> None:
    changed_by(place, "rm -r d; echo x > a.txt; chmod +x run.sh; touch -d 2001-01-01 run.sh")
    base = place.folder / "base"
    assert {
        str(each.relative_to(base)): each.read_text() for each in base.rglob("*") if each.is_file()
    } == FILES
    assert (base / "run.sh").stat().st_mode & 0o111 == 0
