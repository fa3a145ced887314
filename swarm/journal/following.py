"""Reading and verifying, in the writer's process or in another one while the writer is at work.

Records are read in short pieces: a reader that stands still holds up nobody, and the next piece sees
what has been committed meanwhile.
"""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.journal.chain import GENESIS, link
from swarm.journal.codec import decode
from swarm.journal.port import Head, Record
from swarm.journal.trouble import translating

_PIECE = 1_000
_RESTORE = "restore the whole state folder from a copy; the damaged one is left as it is"

Row = tuple[int, bytes, bytes]


class Follower:
    """The reading half of a journal. Safe to share between threads."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        self._db = db
        self._folder = folder
        self._lock = threading.Lock()

    def head(self) -> Head:
        rows = self._query(
            "SELECT position, CAST(hash AS BLOB) FROM events ORDER BY position DESC LIMIT 1"
        )
        position, hash_ = rows[0] if rows else (0, GENESIS)
        return Head(position, Digest(hash_.hex()))

    def read(self, after: int = 0) -> Iterator[Record]:
        """Yield the records behind `after`, each verified against the one before. Raises Rejected."""
        for position, body, hash_ in self._verified(after):
            yield Record(position, decode(position, body), Digest(hash_.hex()))

    def verify(self) -> Head:
        """Check every page of the file and the whole chain. Raises Rejected, naming the place."""
        (found,) = self._query("PRAGMA quick_check(1)")[0]
        if found != "ok":
            raise Rejected(f"the journal in {self._folder} is damaged: {found}", advice=_RESTORE)
        position, hash_ = 0, GENESIS
        for position, _, hash_ in self._verified(0):  # noqa: B007 - the last one is the head
            pass
        return Head(position, Digest(hash_.hex()))

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _verified(self, after: int) -> Iterator[Row]:
        position, previous = after, self.hash_at(after)
        while rows := self._piece(position):
            for found, body, claimed in rows:
                position += 1
                previous = link(previous, position, body)
                if found != position or claimed != previous:
                    raise self._broken(position, found)
                yield position, body, previous

    def _broken(self, position: int, found: int) -> Rejected:
        what = "is missing" if found != position else "was changed: its hash does not fit"
        return Rejected(
            f"record {position} of the journal in {self._folder} {what}", advice=_RESTORE
        )

    def hash_at(self, position: int) -> bytes:
        if position == 0:
            return GENESIS
        rows = self._query("SELECT CAST(hash AS BLOB) FROM events WHERE position = ?", position)
        if not rows:
            raise Rejected(
                f"the journal in {self._folder} has no record {position} to read on from",
                advice="read it from the beginning",
            )
        return bytes(rows[0][0])

    def _piece(self, after: int) -> list[Row]:
        return self._query(
            "SELECT position, CAST(body AS BLOB), CAST(hash AS BLOB) FROM events"
            " WHERE position > ? ORDER BY position LIMIT ?",
            after,
            _PIECE,
        )

    def _query(self, sql: str, *values: int | str) -> list[Any]:
        with self._lock, translating(self._folder):
            return self._db.execute(sql, values).fetchall()
