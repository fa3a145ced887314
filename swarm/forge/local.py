"""The embedded forge: pull requests and issues of plain local repositories, in one SQLite file.

Numbers are shared by both and by all repositories, and never used twice. Each call opens the
database anew, so any number of processes may look while one writes.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.forge.port import How, Issue, IssueRequest, PullRequest, PullRequestRequest

Kind = Literal["pull request", "issue"]
Item = TypeVar("Item", PullRequest, Issue)
Result = TypeVar("Result")

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    repository TEXT NOT NULL,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (kind, repository, key)
)
"""
"""`key` is the branch of a pull request: a goal has one in its life, whatever becomes of it."""


@dataclass(frozen=True, slots=True)
class LocalForge:
    folder: Path

    async def open_pull_request(self, request: PullRequestRequest) -> PullRequest:
        return await self._do(lambda database: _open_pull_request(database, request))

    async def revise(self, number: int, request: PullRequestRequest) -> PullRequest:
        return await self._do(lambda database: _revise(database, number, request))

    async def find(self, repository: str, branch: str) -> PullRequest | None:
        return await self._do(lambda database: _pulls(database).find(repository, branch))

    async def get(self, number: int) -> PullRequest:
        return await self._do(lambda database: _pulls(database).get(number))

    async def list(self, repository: str | None = None) -> tuple[PullRequest, ...]:
        return await self._do(lambda database: _pulls(database).list(repository))

    async def close(self, number: int, by: str) -> PullRequest:
        return await self._do(lambda database: _end(database, number, "closed", by))

    async def mark_merged(self, number: int, how: How) -> PullRequest:
        return await self._do(lambda database: _end(database, number, "merged", how))

    async def open_issue(self, request: IssueRequest) -> Issue:
        return await self._do(lambda database: _open_issue(database, request))

    async def issue(self, number: int) -> Issue:
        return await self._do(lambda database: _issues(database).get(number))

    async def issues(self, repository: str | None = None) -> tuple[Issue, ...]:
        return await self._do(lambda database: _issues(database).list(repository))

    async def close_issue(self, number: int, by: str) -> Issue:
        return await self._do(lambda database: _close_issue(database, number, by))

    async def _do(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        return await asyncio.to_thread(self._in_transaction, work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        with _database(self.folder / "forge.sqlite") as database:
            return work(database)


@contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, begun as a writer's, so that looking and writing are one piece."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=20)
        try:
            _prepare(connection)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise _translated(error, path) from error


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise NeedsHuman(
            f"the forge's database was written by a newer swarm (version {version})",
            advice="use that version of swarm",
        )
    if version < _VERSION:
        connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA};PRAGMA user_version={_VERSION};COMMIT")


def _translated(error: sqlite3.Error | OSError, path: Path) -> SwarmError:
    text = str(error)
    if "locked" in text:
        return Transient(f"the forge's database {path} is busy")
    return NeedsHuman(
        f"the forge's database {path} cannot be used: {text}",
        advice="check space, permissions and health of that disk",
    )


@dataclass(frozen=True, slots=True)
class _Shelf(Generic[Item]):
    """The items of one kind."""

    database: sqlite3.Connection
    kind: Kind
    model: type[Item]

    def add(self, repository: str, key: str, make: Callable[[int], Item]) -> Item:
        cursor = self.database.execute(
            "INSERT INTO items (kind, repository, key, content) VALUES (?, ?, ?, '')",
            (self.kind, repository, key),
        )
        assert cursor.lastrowid is not None
        return self.put(cursor.lastrowid, make(cursor.lastrowid))

    def put(self, number: int, item: Item) -> Item:
        content = item.model_dump_json()
        self.database.execute("UPDATE items SET content = ? WHERE number = ?", (content, number))
        return item

    def find(self, repository: str, key: str) -> Item | None:
        found = self._select("repository = ? AND key = ?", repository, key)
        return found[0] if found else None

    def get(self, number: int) -> Item:
        found = self._select("number = ?", number)
        if not found:
            raise Rejected(f"there is no {self.kind} {number}")
        return found[0]

    def list(self, repository: str | None) -> tuple[Item, ...]:
        return self._select("? IN (repository, '')", repository or "")

    def _select(self, condition: str, *values: str | int) -> tuple[Item, ...]:
        rows = self.database.execute(
            f"SELECT content FROM items WHERE kind = ? AND {condition} ORDER BY number",  # noqa: S608
            (self.kind, *values),
        )
        return tuple(self.model.model_validate_json(content) for (content,) in rows)


def _pulls(database: sqlite3.Connection) -> _Shelf[PullRequest]:
    return _Shelf(database, "pull request", PullRequest)


def _issues(database: sqlite3.Connection) -> _Shelf[Issue]:
    return _Shelf(database, "issue", Issue)


def _open_pull_request(database: sqlite3.Connection, request: PullRequestRequest) -> PullRequest:
    pulls = _pulls(database)
    there = pulls.find(request.repository, request.branch)
    if there is None:
        return pulls.add(request.repository, request.branch, lambda n: _requested(n, request))
    if there.head != request.head:
        raise Rejected(
            f"pull request {there.number} for {there.branch} stands at another commit",
            advice="one goal has one pull request; submit a new goal",
        )
    return there


def _revise(database: sqlite3.Connection, number: int, request: PullRequestRequest) -> PullRequest:
    pulls = _pulls(database)
    there = pulls.get(number)
    if there.state != "open":
        raise Rejected(f"pull request {number} is {there.state}: it stays as it is")
    said = {name: getattr(request, name) for name in ("head", "tree", "body", "certificate")}
    return pulls.put(number, there.model_copy(update=said))


def _requested(number: int, request: PullRequestRequest) -> PullRequest:
    values = request.model_dump(exclude={"at"})
    return PullRequest(number=number, created_at=request.at, **values)


def _end(
    database: sqlite3.Connection, number: int, state: Literal["merged", "closed"], by: str
) -> PullRequest:
    """Ended twice in the same way is ended once; what a person decided stays decided."""
    pulls = _pulls(database)
    there = pulls.get(number)
    if there.state == state:
        return there
    if there.state != "open":
        raise Rejected(f"pull request {number} is {there.state} already")
    return pulls.put(number, there.model_copy(update={"state": state, "ended_by": by}))


def _open_issue(database: sqlite3.Connection, request: IssueRequest) -> Issue:
    issues = _issues(database)
    there = issues.find(request.repository, request.key)
    if there is not None:
        return there
    values = request.model_dump(exclude={"at"})
    return issues.add(
        request.repository,
        request.key,
        lambda number: Issue(number=number, created_at=request.at, **values),
    )


def _close_issue(database: sqlite3.Connection, number: int, by: str) -> Issue:
    issues = _issues(database)
    there = issues.get(number)
    if there.state == "closed":
        return there
    return issues.put(number, there.model_copy(update={"state": "closed", "ended_by": by}))
