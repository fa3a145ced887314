"""Documents in one SQLite file, held in memory and written through.

One process serves a forge, so what it holds is what is there.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

from swarm.domain.errors import NeedsHuman
from swarm.domain.frozen import Frozen
from swarm.forge.served.values import (
    Account,
    Check,
    Comment,
    Remark,
    Repository,
    Review,
    Status,
    Ticket,
)

Item = TypeVar("Item", Account, Repository, Ticket, Comment, Review, Remark, Status, Check)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (kind, id)
)
"""


class Shelf(Generic[Item]):
    """The documents of one kind, by their ids, which only grow."""

    def __init__(self, database: "Database", model: type[Item]) -> None:
        self._database, self._kind = database, model.__name__
        rows = database.rows(self._kind)
        self._items: dict[int, Item] = {
            id_: model.model_validate_json(content) for id_, content in rows
        }

    def __iter__(self) -> Iterator[Item]:
        return iter(tuple(self._items.values()))

    def get(self, id_: int) -> Item | None:
        return self._items.get(id_)

    def put(self, item: Item) -> Item:
        self._database.write(self._kind, item.id, item)
        self._items[item.id] = item
        return item

    def remove(self, id_: int) -> None:
        self._database.remove(self._kind, id_)
        self._items.pop(id_, None)

    def where(self, holds: Callable[[Item], bool]) -> tuple[Item, ...]:
        return tuple(item for item in self if holds(item))


class Database:
    """Raises NeedsHuman where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            # Calls come from several threads, one at a time.
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute(_SCHEMA)
            row = self._connection.execute("SELECT max(id) FROM documents").fetchone()
            self._last = int(row[0] or 0)
        except (sqlite3.Error, OSError) as error:
            raise NeedsHuman(
                f"the forge's database {path} cannot be used: {error}",
                advice="check space, permissions and health of that disk",
            ) from error

    def new_id(self) -> int:
        self._last += 1
        return self._last

    def rows(self, kind: str) -> list[tuple[int, str]]:
        query = "SELECT id, content FROM documents WHERE kind = ? ORDER BY id"
        return self._connection.execute(query, (kind,)).fetchall()

    def write(self, kind: str, id_: int, item: Frozen) -> None:
        content = item.model_dump_json()
        query = "INSERT OR REPLACE INTO documents (kind, id, content) VALUES (?, ?, ?)"
        self._connection.execute(query, (kind, id_, content))

    def remove(self, kind: str, id_: int) -> None:
        self._connection.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, id_))

    def close(self) -> None:
        self._connection.close()
