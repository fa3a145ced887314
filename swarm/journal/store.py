"""The SQLite file: its format, and connections to it.

Write-ahead log with `synchronous=FULL`: a commit returns after the log is on the disk, and readers
in other processes are never in the way of the writer.
"""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from swarm.domain.errors import Lacking, Rejected, Transient
from swarm.journal.files import sync_folder

NAME = "journal.db"
FORMAT = 1
"""Number of the table layout, in the database's `user_version`."""

_TABLES = (
    "CREATE TABLE events (position INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL)",
    "CREATE TABLE epoch (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL)",
    "INSERT INTO epoch VALUES (1, 0)",
    f"PRAGMA user_version = {FORMAT}",
)
_BUSY_SECONDS = 10.0


def connect_writer(folder: Path) -> sqlite3.Connection:
    """Open the database; a new one is empty. Raises Rejected, Lacking and SQLite's errors."""
    path = folder / NAME
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = _connect(path, "rw")
    try:
        _check_format(db, path)
        _demand_log(db, folder)
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def identity(folder: Path) -> tuple[int, int]:
    """What tells the database's file from any other that may bear its name."""
    status = (folder / NAME).stat()
    return status.st_dev, status.st_ino


def is_in_place(folder: Path, expected: tuple[int, int]) -> bool:
    try:
        return identity(folder) == expected
    except FileNotFoundError:
        return False


def is_empty(db: sqlite3.Connection) -> bool:
    """Nothing was ever written to it."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(found == tables == 0)


def create_tables(db: sqlite3.Connection, folder: Path) -> None:
    with db:
        db.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            db.execute(statement)
    sync_folder(folder)


def connect_reader(folder: Path) -> sqlite3.Connection:
    """Open the database for reading. Raises Rejected where there is none.

    Readers share an index with the writer through a file. Where they may not make that file and
    there is no log to index, the database is a file that stands still, and is read as one.
    """
    path = folder / NAME
    if not path.is_file():
        raise Rejected(f"there is no journal in {folder}", advice="nothing has been run here yet")
    try:
        return _connect_checked(path, "ro")
    except sqlite3.OperationalError as error:
        refused = error.sqlite_errorcode & 0xFF in (
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN,
        )
        if not refused or (folder / f"{NAME}-wal").exists():
            raise
    return _connect_checked(path, "ro&immutable=1")


def _connect_checked(path: Path, mode: str) -> sqlite3.Connection:
    db = _connect(path, mode)
    try:
        _check_format(db, path)
        if is_empty(db):
            raise Transient(f"{path} is just being created")
    except BaseException:
        db.close()
        raise
    return db


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )


def _check_format(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise Rejected(
            f"{path} was written by a newer swarm (format {found}; this one knows {FORMAT})",
            advice="use that version of swarm, or another state folder (SWARM_HOME)",
        )


def _demand_log(db: sqlite3.Connection, folder: Path) -> None:
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise Lacking(
            f"the file system under {folder} has no shared memory for SQLite's write-ahead log",
            advice="set SWARM_HOME to a folder on a local disk",
        )
