"""Sealed directories are made once; what comes out of a sandbox for one is an enemy's."""

import asyncio
import io
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.services.sealing import _share, _unpack
from swarm.services.store import Store

KEY = Digest("k")


def a_maker(made: list[Path], rounds: int = 0) -> Callable[[Path], Awaitable[None]]:
    async def make(to: Path) -> None:
        made.append(to)
        for _ in range(rounds):
            await asyncio.sleep(0)
        await asyncio.to_thread(write, to)

    return make


def write(folder: Path) -> None:
    folder.mkdir()
    (folder / "file").write_text("sealed")


def test_one_of_many_makes_what_all_of_them_get(tmp_path: Path) -> None:
    made: list[Path] = []

    async def main() -> set[Path]:
        async with asyncio.TaskGroup() as group:
            stores = [Store(tmp_path / "store") for _ in range(5)]
            tasks = [group.create_task(s.sealed(KEY, a_maker(made, 20))) for s in stores]
        return {task.result() for task in tasks}

    assert asyncio.run(main()) == {tmp_path / "store/k"}
    assert len(made) == 1
    assert (tmp_path / "store/k/file").read_text() == "sealed"


def test_what_failed_leaves_nothing_and_is_made_anew(tmp_path: Path) -> None:
    store = Store(tmp_path)

    async def fail(to: Path) -> None:
        await asyncio.to_thread(write, to)
        raise Rejected("no")

    with pytest.raises(Rejected):
        asyncio.run(store.sealed(KEY, fail))
    assert not list(tmp_path.glob("k.begun*"))
    assert (asyncio.run(store.sealed(KEY, a_maker([]))) / "file").exists()


def test_what_a_killed_maker_left_is_not_taken_for_done(tmp_path: Path) -> None:
    (tmp_path / "k.begun/data").mkdir(parents=True)
    (tmp_path / "k.begun/data/half").touch()
    sealed = asyncio.run(Store(tmp_path).sealed(KEY, a_maker([])))
    assert [each.name for each in sealed.iterdir()] == ["file"]


# Hostile streams


def packed(folder: Path, *members: tarfile.TarInfo) -> Path:
    file = folder / "packed.tar"
    with tarfile.open(file, "w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return file


def member(name: str, kind: bytes = tarfile.REGTYPE, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = 1 if kind == tarfile.REGTYPE else 0
    for field, value in more.items():
        setattr(info, field, value)
    return info


HOSTILE = {
    "absolute": [member("/tmp/evil")],
    "above": [member("../evil")],
    "a link": [member("a", tarfile.SYMTYPE, linkname="/etc")],
    "through a link": [member("a", tarfile.SYMTYPE, linkname="/tmp"), member("a/evil")],
    "a hard link": [member("a", tarfile.LNKTYPE, linkname="../../secret")],
    "a pipe": [member("a", tarfile.FIFOTYPE)],
    "a device": [member("a", tarfile.CHRTYPE)],
    "the same twice": [member("a"), member("a")],
    "a file as a folder": [member("a"), member("a/b")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_only_files_and_folders_below_come_out(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    with pytest.raises(Rejected):
        _unpack(packed(tmp_path, *members), tmp_path / "out")
    assert {path.name for path in tmp_path.rglob("*")} <= {"packed.tar", "out", "a"}


def test_a_stream_that_ends_early_is_refused(tmp_path: Path) -> None:
    file = packed(tmp_path, member("a", size=5_000))
    file.write_bytes(file.read_bytes()[:2_000])
    with pytest.raises(Rejected, match="did not come out"):
        _unpack(file, tmp_path / "out")


def test_no_right_to_execute_or_to_become_somebody_comes_out(tmp_path: Path) -> None:
    _unpack(packed(tmp_path, member("a", mode=0o6777)), tmp_path / "out")
    assert (tmp_path / "out/a").stat().st_mode & 0o7777 == 0o644


def test_what_two_sealed_directories_have_in_common_takes_room_once(tmp_path: Path) -> None:
    for folder, second in (("a", "changed"), ("b", "as it was")):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep/same").write_text("same")
        (tmp_path / folder / "other").write_text(second)
        (tmp_path / folder / folder).touch()
    _share(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a/deep/same").samefile(tmp_path / "b/deep/same")
    assert (tmp_path / "a/other").read_text() == "changed"
    assert sorted(each.name for each in (tmp_path / "a").iterdir()) == ["a", "deep", "other"]
