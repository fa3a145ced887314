"""Group commit: many callers' batches are joined into one transaction and one wait for the disk.

Callers leave their batch and ask the one committing thread for a turn. A turn takes all that is
waiting; when a caller's own turn has ended, its batch is settled, by this turn or an earlier one. So
the batches gather by themselves while the disk is busy, and an idle journal waits for nobody.
"""

import copy
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Exhausted, Rejected, SwarmError, Transient
from swarm.domain.names import Digest
from swarm.journal.anchor import prepare_anchor, reveal_anchor
from swarm.journal.chain import link
from swarm.journal.port import Head
from swarm.journal.store import identity, is_in_place
from swarm.journal.trouble import translating

_GROUP_BYTES = 8_000_000
_PAGE_BYTES = 4_120


@dataclass(slots=True, eq=False)
class Batch:
    """What one caller wants written, and what became of it."""

    bodies: tuple[bytes, ...]
    position: int | None = None
    error: SwarmError | None = None

    @property
    def size(self) -> int:
        return sum(map(len, self.bodies))

    def outcome(self) -> int:
        """Return the last position, or raise what went wrong: each caller a copy of its own."""
        if self.error is not None:
            raise copy.copy(self.error) from self.error
        if self.position is None:
            raise RuntimeError("the committing thread broke down before it had settled this batch")
        return self.position


class Committer:
    """The writing half of a journal, with one thread of its own."""

    def __init__(self, db: sqlite3.Connection, folder: Path, head: Head, epoch: int) -> None:
        self._db = db
        self._folder = folder
        self._head = head
        self._epoch = epoch
        self._identity = identity(folder)
        self._waiting: deque[Batch] = deque()
        self._stopped: SwarmError | None = None
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    def submit(self, batch: Batch) -> Future[None]:
        """Return a future that ends when the batch is settled. Raises Rejected when closed."""
        self._waiting.append(batch)
        try:
            return self._thread.submit(self._take_turn)
        except RuntimeError as error:
            raise Rejected("the journal is closed") from error

    def close(self) -> None:
        """Write what is waiting, then end; the connection stays open."""
        self._thread.shutdown()

    def _take_turn(self) -> None:
        while batches := self._next_group():
            try:
                self._commit(batches)
            except Exhausted:
                # One large batch must not take the small ones with it.
                for batch in batches:
                    self._commit_alone(batch)
            except SwarmError as error:
                _fail(batches, error)

    def _next_group(self) -> list[Batch]:
        group: list[Batch] = []
        size = 0
        while self._waiting and size < _GROUP_BYTES:
            group.append(self._waiting.popleft())
            size += group[-1].size
        return group

    def _commit_alone(self, batch: Batch) -> None:
        try:
            self._commit([batch])
        except SwarmError as error:
            _fail([batch], error)

    def _commit(self, batches: Sequence[Batch]) -> None:
        with self._guarded(sum(batch.size for batch in batches)):
            self._write(batches)

    def _write(self, batches: Sequence[Batch]) -> None:
        rows = list(_chained(self._head, [body for each in batches for body in each.bodies]))
        position, _, hash_ = rows[-1]
        head = Head(position, Digest(hash_.hex()))
        with self._transaction():
            self._db.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
            prepare_anchor(self._folder, head)
        reveal_anchor(self._folder)
        position = self._head.position
        for batch in batches:
            position += len(batch.bodies)
            batch.position = position
        self._head = head

    @contextmanager
    def _guarded(self, size: int) -> Iterator[None]:
        """One writer at a time, and none after a failure that leaves the disk's state in doubt."""
        with self._lock:
            if self._stopped is not None:
                raise copy.copy(self._stopped) from self._stopped
            try:
                with translating(self._folder, _needed(size)):
                    yield
            except (Exhausted, Transient):
                raise
            except SwarmError as error:
                self._stopped = error
                raise

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing, and only while the journal is ours and in its place."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._check_epoch()
            self._check_place()
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _check_epoch(self) -> None:
        if self._db.execute("SELECT number FROM epoch").fetchall() != [(self._epoch,)]:
            raise Rejected(
                f"another coordinator has taken over the journal in {self._folder}",
                advice="end this process; the other one goes on with its work",
            )

    def _check_place(self) -> None:
        """Else records would be acknowledged in a file that has no name any more."""
        if not is_in_place(self._folder, self._identity):
            raise Rejected(
                f"the journal in {self._folder} was removed or replaced while it was in use",
                advice="restore the whole state folder from one copy, then start again",
            )


def _chained(head: Head, bodies: Sequence[bytes]) -> Iterator[tuple[int, bytes, bytes]]:
    previous = bytes.fromhex(head.hash)
    for position, body in enumerate(bodies, head.position + 1):
        previous = link(previous, position, body)
        yield position, body, previous


def _fail(batches: Sequence[Batch], error: SwarmError) -> None:
    for batch in batches:
        batch.error = error


def _needed(size: int) -> int:
    """Bytes that a transaction of this size adds to the log: whole pages, and a few above them."""
    return (size // _PAGE_BYTES + 5) * _PAGE_BYTES
