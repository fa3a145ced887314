import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.repository.files import PART, Plain, plant
from swarm.repository.public_api import Mirror, remove_unfinished, unpack_archive
from swarm.testing.git import a_repository


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o6777
    info.size = 2 if kind == tarfile.REGTYPE else 0
    return info


def packed(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:") as tar:
        for each in members:
            tar.addfile(each, io.BytesIO(b"x\n"))
    return buffer.getvalue()


LINK, HARD, FIFO, DEVICE = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE

HOSTILE = {
    "absolute": [member("/tmp/evil")],
    "parent": [member("../evil")],
    "parent inside": [member("a/../../evil")],
    "git directory": [member(".git/hooks/pre-commit")],
    "git in another case": [member("a/.GIT/config")],
    "through a link": [member("a", LINK, "/tmp"), member("a/evil")],
    "through a link to a directory": [member("d/x"), member("a", LINK, "d"), member("a/evil")],
    "over a link": [member("a", LINK, "/tmp/evil"), member("a")],
    "a link over a directory": [member("a/b"), member("a", LINK, "/tmp")],
    "through a file": [member("a"), member("a/b")],
    "twice": [member("a"), member("a")],
    "hard link": [member("a", HARD, "/etc/passwd")],
    "hard link inside": [member("a"), member("b", HARD, "a")],
    "a link with a NUL": [member("a", LINK, "x"), member("b", LINK, "a" * 150 + "\0b")],
    "pipe": [member("a", FIFO)],
    "device": [member("a", DEVICE)],
    "sparse": [member("a", tarfile.GNUTYPE_SPARSE)],
    "the root itself": [member(".", tarfile.DIRTYPE)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(Rejected):
        unpack_archive(packed(*HOSTILE[name]), tmp_path / "deep" / "into")
    assert [*tmp_path.rglob("*")] == [tmp_path / "deep"]


def test_a_link_is_kept_whatever_it_points_to(tmp_path: Path) -> None:
    unpack_archive(packed(member("a", LINK, "/etc/passwd")), tmp_path / "into")
    assert (tmp_path / "into" / "a").readlink() == Path("/etc/passwd")


def test_modes_are_those_of_a_fresh_checkout(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        unpack_archive(packed(member("d/program")), tmp_path / "into")
    finally:
        os.umask(umask)
    found = [path.stat().st_mode & 0o7777 for path in sorted((tmp_path / "into").rglob("*"))]
    assert found == [0o755, 0o755]


def test_what_is_unpacked_once_is_not_touched_again(tmp_path: Path) -> None:
    unpack_archive(packed(member("a")), tmp_path / "into")
    unpack_archive(b"no archive at all", tmp_path / "into")
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["a"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_archive_never_crashes_or_leaves_half_of_it(data: st.DataObject) -> None:
    good = packed(member("a"), member("l" * 150, LINK, "x" * 150), member("d/e"))
    at = data.draw(st.integers(0, 4000))
    patch = data.draw(st.binary(max_size=40))
    bad = good[:at] + patch + good[at + len(patch) : data.draw(st.integers(0, len(good)))]
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder) / "into"
        try:
            unpack_archive(bad, into)
        except (Rejected, NeedsHuman):
            assert not list(Path(folder).iterdir())
        else:
            assert list(Path(folder).iterdir()) == [into]


def test_a_failure_half_way_leaves_no_directory(tmp_path: Path) -> None:
    def files() -> Iterator[Plain]:
        yield Plain(b"a", "100644", b"x")
        raise Rejected("half way")

    with pytest.raises(Rejected, match="half way"):
        plant(files(), tmp_path / "into")
    assert not list(tmp_path.iterdir())


def test_a_process_killed_half_way_leaves_only_what_can_be_removed(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        try:
            plant((_die() for _ in range(1)), tmp_path / "into")
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    assert [path.name.startswith(PART) for path in tmp_path.iterdir()] == [True]
    remove_unfinished(tmp_path)
    assert not list(tmp_path.iterdir())


def _die() -> Plain:
    os._exit(9)


def test_a_directory_that_cannot_be_written_needs_a_human(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NeedsHuman, match="cannot write the files"):
        plant([], tmp_path / "file" / "into")


def test_another_mirror_gives_the_same_archive(tmp_path: Path) -> None:
    commit = a_repository(tmp_path / "user", {"a": "x", "b/c": "y"})
    mirrors = [Mirror.open(tmp_path / name, tmp_path / "user") for name in "mn"]
    one, two = (mirror.archive(mirror.fetch(commit)) for mirror in mirrors)
    assert one == two
