"""What has been lost, changed or is not ours is refused by name, and never read around."""

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm.domain.errors import Lacking, Rejected, SwarmError, Transient
from swarm.domain.events import Event
from swarm.journal.public_api import FileBlobs, open_journal, read_only
from tests.journal.journal_examples import an_event

EVENTS: list[Event] = [an_event(number) for number in range(1, 6)]
NOBODY = 65_534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed journal of five records."""
    return a_journal(tmp_path / "journal")


def a_journal(folder: Path) -> Path:
    with closing(open_journal(folder)) as journal:
        journal.append(EVENTS)
    return folder


def read_all(folder: Path) -> list[Event]:
    with closing(open_journal(folder, wait_seconds=0)) as journal:
        return [record.event for record in journal.read()]


def follow_all(folder: Path) -> list[Event]:
    with closing(read_only(folder)) as follower:
        return [record.event for record in follower.read()]


def verify(folder: Path) -> None:
    with closing(read_only(folder)) as follower:
        follower.verify()


def alter(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as db, db:
        db.execute(sql)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE events SET body = '{}' WHERE position = 3", "record 3 .* was changed"),
        ("UPDATE events SET hash = 'x' WHERE position = 2", "record 2 .* was changed"),
        ("DELETE FROM events WHERE position = 2", "record 2 .* is missing"),
        ("DELETE FROM events WHERE position = 1", "record 1 .* is missing"),
        ("DELETE FROM events WHERE position > 3", "tail .* missing: 2 records"),
        ("DELETE FROM events", "tail .* missing: 5 records"),
        ("UPDATE events SET hash = 'x' WHERE position = 5", "record 5 .* not the one acknowledged"),
        ("INSERT INTO events SELECT 6, body, hash FROM events WHERE position = 5", "record 6 "),
        ("DROP TABLE events", "no such table"),
        ("PRAGMA user_version = 2", "newer swarm .format 2; this one knows 1"),
    ],
)
@pytest.mark.parametrize("look", [read_all, verify])
def test_a_journal_that_was_tampered_with_is_refused(
    folder: Path, look: Callable[[Path], object], sql: str, said: str
) -> None:
    alter(folder, sql)
    with pytest.raises(Rejected, match=said) as refusal:
        look(folder)
    assert refusal.value.advice


@pytest.mark.parametrize("sql", ["DELETE FROM epoch", "DROP TABLE epoch"])
def test_a_journal_without_an_epoch_is_not_written(folder: Path, sql: str) -> None:
    alter(folder, sql)
    with pytest.raises(Rejected, match="epoch"):
        open_journal(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("journal.db", None),
        ("journal.db", b""),
        ("journal.db", b"not a database" * 1_000),
        ("head", None),
        ("head", b""),
        ("head", b"5 abc"),
        ("head", b"\xff"),
    ],
)
def test_a_journal_without_one_of_its_files_is_refused(
    folder: Path, name: str, content: bytes | None
) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(Rejected) as refusal:
        open_journal(folder)
    assert refusal.value.advice


def test_a_lost_write_ahead_log_is_noticed(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path / "first")) as journal:
        journal.append(EVENTS)
        shutil.copytree(tmp_path / "first", tmp_path / "copy")
    assert read_all(shutil.copytree(tmp_path / "copy", tmp_path / "whole")) == EVENTS
    (tmp_path / "copy" / "journal.db-wal").unlink()
    with pytest.raises(Rejected, match="missing: 5 records"):
        open_journal(tmp_path / "copy")


def test_a_crash_between_commit_and_anchor_is_in_order(folder: Path) -> None:
    before = (folder / "head").read_bytes()
    with closing(open_journal(folder)) as journal:
        journal.append([an_event(6)])
    (folder / "head").write_bytes(before)
    verify(folder)
    assert read_all(folder) == [*EVENTS, an_event(6)]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from([read_all, follow_all]))
def test_a_flipped_bit_anywhere_is_harmless_or_refused(
    folder: Path, data: st.DataObject, look: Callable[[Path], list[Event]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        copied = shutil.copytree(folder, Path(name) / "copy")
        file = copied / data.draw(st.sampled_from(["journal.db", "head"]))
        content = bytearray(file.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        file.write_bytes(content)
        with suppress(SwarmError):
            assert look(copied) == EVENTS


def test_whoever_was_overtaken_may_not_write(folder: Path) -> None:
    with closing(open_journal(folder)) as first:
        (folder / "lock").unlink()
        with closing(open_journal(folder, wait_seconds=0)) as second:
            assert second.epoch == first.epoch + 1
            for _ in range(2):
                with pytest.raises(Rejected, match="another coordinator has taken over"):
                    first.append([an_event(6)])
            assert second.append([an_event(7)]) == 6


def test_a_damaged_page_is_found_by_verifying(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'epoch'").fetchone()
    with (folder / "journal.db").open("r+b") as file:
        file.seek((page - 1) * 4_096)
        file.write(b"\xff" * 4_096)
    with pytest.raises(Rejected, match="damaged"):
        verify(folder)


def test_after_a_failure_in_the_middle_nothing_is_written_until_a_restart(folder: Path) -> None:
    with closing(open_journal(folder)) as journal:
        (folder / "head.next").mkdir()
        with pytest.raises(Lacking):
            journal.append([an_event(6)])
        (folder / "head.next").rmdir()
        with pytest.raises(Lacking):
            journal.append([an_event(7)])
    with closing(open_journal(folder)) as journal:
        assert [record.event for record in journal.read()] == EVENTS
        assert journal.append([an_event(8)]) == 6


@pytest.mark.parametrize("replaced", [False, True])
def test_a_journal_that_was_removed_under_us_acknowledges_nothing(
    folder: Path, replaced: bool
) -> None:
    with closing(open_journal(folder)) as journal:
        (folder / "journal.db").rename(folder / "away.db")
        if replaced:
            shutil.copy(folder / "away.db", folder / "journal.db")
        with pytest.raises(Rejected, match="removed or replaced"):
            journal.append([an_event(6)])


def test_the_lock_is_waited_for(folder: Path) -> None:
    first = open_journal(folder)
    closing_soon = threading.Timer(0.1, first.close)
    closing_soon.start()
    with closing(open_journal(folder)) as second:
        assert second.head().position == 5
    closing_soon.join()


def test_where_there_is_no_journal_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no journal"):
        read_only(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_being_created_is_worth_waiting_for(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    with pytest.raises(Transient):
        read_only(tmp_path)


def test_a_program_that_locks_the_database_for_a_moment_is_waited_for(folder: Path) -> None:
    with closing(open_journal(folder)) as journal:
        other = sqlite3.connect(folder / "journal.db", check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        letting_go = threading.Timer(0.1, other.close)
        letting_go.start()
        assert journal.append([an_event(6)]) == 6
        letting_go.join()


@contextmanager
def without_rights() -> Iterator[Path]:
    """A folder that we may read and not write, also when the tests are run by root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        folder.chmod(0o700)


@contextmanager
def as_anybody() -> Iterator[None]:
    """Root may write anywhere; become nobody for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_that_we_may_not_write_is_lacking() -> None:
    with without_rights() as folder:
        folder.chmod(0o555)
        with as_anybody():
            for place in (folder, folder / "new"):
                with pytest.raises(Lacking) as refusal:
                    open_journal(place)
                assert "SWARM_HOME" in refusal.value.advice
            with pytest.raises(Lacking):
                FileBlobs(folder).put(b"data")
        assert list(folder.iterdir()) == []


def test_a_journal_that_we_may_only_read_is_followed_without_a_trace() -> None:
    with without_rights() as folder:
        names = sorted(path.name for path in a_journal(folder).iterdir())
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        with as_anybody(), closing(read_only(folder)) as follower:
            assert [record.event for record in follower.read()] == EVENTS
        assert sorted(path.name for path in folder.iterdir()) == names


def test_a_journal_that_we_may_not_read_is_lacking() -> None:
    with without_rights() as folder:
        a_journal(folder)
        folder.chmod(0o555)
        for path in folder.iterdir():
            path.chmod(0o000)
        with as_anybody(), pytest.raises(Lacking):
            read_only(folder)


def test_the_journal_is_private(folder: Path) -> None:
    with closing(open_journal(folder)) as journal:
        journal.append(EVENTS)
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes) > {"journal.db", "journal.db-wal", "head", "lock"}
    assert set(modes.values()) == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
