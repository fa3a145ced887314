"""The journal in one SQLite file: opened by one coordinator for writing, by anybody for reading."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.domain.events import Event
from swarm.journal.anchor import prepare_anchor, read_anchor, reveal_anchor
from swarm.journal.codec import encode
from swarm.journal.committing import Batch, Committer
from swarm.journal.files import make_folder, sync_folder
from swarm.journal.following import Follower
from swarm.journal.lock import take_lock
from swarm.journal.port import Head, Record
from swarm.journal.store import connect_reader, connect_writer, create_tables, is_empty
from swarm.journal.trouble import translating

_ALL = "restore the whole state folder from one copy, the -wal file included"
_NEW_BYTES = 65_536
"""What a new journal takes, its index included."""


class SqliteJournal:
    """A journal that this process alone may write. Safe to share between threads.

    Made by `open_journal`; close it to give the folder free.
    """

    def __init__(
        self, follower: Follower, committer: Committer, epoch: int, resources: ExitStack
    ) -> None:
        self.epoch = epoch
        """How often the journal has been opened for writing: the coordinator's fencing token."""

        self._follower = follower
        self._committer = committer
        self._resources = resources

    def append(self, events: Sequence[Event]) -> int:
        batch = Batch(tuple(encode(event) for event in events))
        if not batch.bodies:
            return self.head().position
        self._committer.submit(batch).result()
        return batch.outcome()

    async def append_durably(self, events: Sequence[Event]) -> int:
        batch = Batch(tuple(encode(event) for event in events))
        if not batch.bodies:
            return (await asyncio.to_thread(self.head)).position
        # Shielded: a batch whose caller has gone is written now, not with some later one.
        await asyncio.shield(asyncio.wrap_future(self._committer.submit(batch)))
        return batch.outcome()

    def read(self, after: int = 0) -> Iterator[Record]:
        return self._follower.read(after)

    def head(self) -> Head:
        return self._follower.head()

    def verify(self) -> Head:
        return self._follower.verify()

    def close(self) -> None:
        self._resources.close()


def open_journal(folder: Path, *, wait_seconds: float = 20.0) -> SqliteJournal:
    """Open the folder's journal for writing, creating it if need be.

    Waits up to `wait_seconds` for a predecessor that is about to end. Raises Rejected when another
    process holds the folder, when records are missing or changed, or when the journal is of a newer
    format; Lacking when the folder cannot be written; Exhausted when the disk is full.
    """
    with ExitStack() as resources:
        with translating(folder, _NEW_BYTES):
            make_folder(folder)
            resources.callback(os.close, take_lock(folder, wait_seconds))
            writer = connect_writer(folder)
            # Last to be closed: the connection that closes last tidies up the write-ahead log.
            resources.callback(writer.close)
            if is_empty(writer):
                create_tables(writer, folder)
            follower = Follower(connect_reader(folder), folder)
            resources.callback(follower.close)
            head = follower.head()
            _compare(folder, follower, read_anchor(folder), head)
            epoch = _next_epoch(writer)
            prepare_anchor(folder, head)
            reveal_anchor(folder)
            sync_folder(folder)
        committer = Committer(writer, folder, head, epoch)
        resources.callback(committer.close)
        return SqliteJournal(follower, committer, epoch, resources.pop_all())


def read_only(folder: Path) -> Follower:
    """Open the journal beside its writer; nothing is locked and nothing created.

    Raises Rejected where there is no journal, or a damaged one.
    """
    with translating(folder), ExitStack() as resources:
        follower = Follower(connect_reader(folder), folder)
        resources.callback(follower.close)
        # The anchor first: the writer may add records between the two.
        anchor = read_anchor(folder)
        _compare(folder, follower, anchor, follower.head())
        resources.pop_all()
        return follower


def _compare(folder: Path, follower: Follower, anchor: Head | None, head: Head) -> None:
    """The database may be ahead of the anchor (a crash between the two), never behind it."""
    if anchor is None:
        if head.position > 0:
            raise Rejected(
                f"the file `head` is missing beside the journal in {folder}", advice=_ALL
            )
        return
    lost = anchor.position - head.position
    if lost > 0:
        raise Rejected(
            f"the tail of the journal in {folder} is missing: {lost} records"
            f" (it ends at {head.position}, {anchor.position} were acknowledged)",
            advice=_ALL,
        )
    if follower.hash_at(anchor.position).hex() != anchor.hash:
        raise Rejected(
            f"record {anchor.position} of the journal in {folder} is not the one acknowledged",
            advice=_ALL,
        )


def _next_epoch(db: sqlite3.Connection) -> int:
    with db:
        db.execute("BEGIN IMMEDIATE")
        rows = db.execute("UPDATE epoch SET number = number + 1 RETURNING number").fetchall()
    if not rows:
        raise sqlite3.DatabaseError("it has no epoch")
    return int(rows[0][0])
