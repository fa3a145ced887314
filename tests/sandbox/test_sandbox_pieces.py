"""Small parts: kept output, safe files, comparison, messages, layout."""

import array
import os
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm.domain.changes import Changes, Removed, Written
from swarm.sandbox import differences, layout, tree, wire
from swarm.sandbox.output import FLOOD_BYTES, Kept
from swarm.sandbox.port import Limits, SandboxSpec
from swarm.sandbox.public_api import leftovers


def kept(most: int, pieces: list[bytes]) -> tuple[bytes, bool, list[str]]:
    floods: list[str] = []
    keeper = Kept(most, lambda: floods.append("flood"))
    for piece in pieces:
        keeper.add(piece)
    return keeper.whole(), keeper.truncated, floods


@given(st.lists(st.binary(max_size=8), max_size=12), st.sampled_from([2, 4, 10]))
def test_output_is_kept_whole_or_by_its_two_ends(pieces: list[bytes], most: int) -> None:
    data, truncated, _floods = kept(most, pieces)
    whole = b"".join(pieces)
    assert truncated == (len(whole) > most)
    if truncated:
        half = most // 2
        note = f"\n[... {len(whole) - most} bytes left out ...]\n".encode()
        assert data == whole[:half] + note + whole[-half:]
    else:
        assert data == whole


def test_a_flood_is_reported_once() -> None:
    piece = bytes(FLOOD_BYTES // 4)
    assert kept(100, [piece] * 4)[2] == []
    assert kept(100, [piece] * 9)[2] == ["flood"]


NAMES = st.sampled_from([b"a", b"b", b"c\n", b"\xff"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
CONTENTS = st.tuples(st.sampled_from(["100644", "100755", "120000"]), st.sampled_from([b"x", b"y"]))


def is_a_tree(files: dict[bytes, tuple[str, bytes]]) -> bool:
    return not any(other.startswith(path + b"/") for path in files for other in files)


TREES = st.dictionaries(PATHS, CONTENTS, max_size=5).filter(is_a_tree)


def write_tree(folder: Path, files: dict[bytes, tuple[str, bytes]]) -> None:
    root = tree.open_root(bytes(folder))
    try:
        for path, (mode, data) in files.items():
            if mode == "120000":
                tree.write_link(root, path, data)
            else:
                tree.write_file(root, path, data, executable=mode == "100755")
    finally:
        os.close(root)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(before=TREES, after=TREES)
def test_the_difference_of_two_trees_is_what_turns_one_into_the_other(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[bytes, tuple[str, bytes]],
    after: dict[bytes, tuple[str, bytes]],
) -> None:
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    write_tree(one, before)
    write_tree(two, after)
    found = differences.compare(one, (two,), whole=True, hidden=frozenset())
    removed = {Removed(path) for path in before.keys() - after.keys()}
    written = {Written(p, m, d) for p, (m, d) in after.items() if before.get(p) != (m, d)}  # type: ignore[arg-type]
    assert found == Changes(tuple(sorted(removed | written, key=lambda each: each.path)))


def test_too_much_changed_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with (tmp_path / "two/big").open("wb") as file:
        file.truncate(differences.FILE_BYTES + 1)
    found = differences.compare(
        tmp_path / "one", (tmp_path / "two",), whole=True, hidden=frozenset()
    )
    assert found.items == ()
    assert found.left_out[0].startswith("'big': ")


def test_a_tree_of_any_depth_can_be_erased(tmp_path: Path) -> None:
    root = tree.open_root(bytes(tmp_path))
    os.mkdir("top", dir_fd=root)
    here = tree.open_directory(b"top", root)
    for _ in range(1100):
        os.mkdir("d", dir_fd=here)
        below = tree.open_directory(b"d", here)
        os.close(here)
        here = below
    os.symlink("/etc", "link", dir_fd=here)
    os.close(here)
    assert tree.size(b"top", root) > 0
    tree.erase(b"top", root)
    tree.erase(b"top", root)
    os.close(root)
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc").is_dir()


@pytest.mark.parametrize("size", [0, 10, 40_000, 3_000_000])
def test_a_message_of_any_length_arrives_whole(size: int) -> None:
    ours, theirs = wire.pair()
    with ours, theirs:
        wire.send(ours, {"text": "x" * size, "odd": "\udcff\n"}, [0])
        message, fds = wire.receive(theirs)
        assert message == {"text": "x" * size, "odd": "\udcff\n"}
        assert len(fds) == 1
        os.close(fds[0])
        ours.close()
        assert wire.receive(theirs) == (None, [])


@pytest.mark.parametrize("data", [b"", b"i[1]", b"m{}", b"i{", b"inull"])
def test_what_is_no_answer_is_not_taken_for_one(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        wire.answer(data)


def test_an_answer_is_not_read_from_a_file_that_its_sender_chose() -> None:
    ours, theirs = wire.pair()
    reading, writing = os.pipe()  # to read it would take for ever
    theirs.sendmsg([b"m"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [reading]))])
    with pytest.raises(ValueError, match="Expecting"):
        wire.receive_answer(ours)
    for each in (ours, theirs):
        each.close()
    for fd in (reading, writing):
        os.close(fd)


def test_only_a_regular_file_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    with pytest.raises(OSError, match="regular"):
        tree.read_descriptor(reading, 10)
    os.close(reading)
    os.close(writing)


def test_what_others_show_already_is_not_shown_twice(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    readonly = (tmp_path / "a/b", tmp_path / "a", Path("/usr/bin"), tmp_path / "a")
    assert layout.shown(SandboxSpec(tmp_path / "r", readonly)) == (tmp_path / "a",)


def test_a_path_in_the_tree_is_shown_even_if_what_is_above_the_tree_is(tmp_path: Path) -> None:
    spec = SandboxSpec(tmp_path / "r", (tmp_path, tmp_path / "r/.venv"))
    assert layout.shown(spec) == (tmp_path, tmp_path / "r/.venv")
    assert layout.holes(spec) == (Path(".venv"),)


def test_mounts_go_from_the_top_down(tmp_path: Path) -> None:
    spec = SandboxSpec(tmp_path / "r", (tmp_path / "r/.venv",), Limits(tmp_bytes=12345))
    made = layout.mounts(spec)
    places = [each.at for each in made]
    assert places.index("/tmp") < places.index(str(tmp_path / "r"))
    assert places.index(str(tmp_path / "r")) < places.index(str(tmp_path / "r/.venv"))
    assert "size=12345" in next(each.text for each in made if each.at == "/tmp")


def test_nothing_is_left_over_where_nothing_was(tmp_path: Path) -> None:
    assert leftovers(tmp_path) == ()
    assert leftovers(tmp_path / "never made") == ()
