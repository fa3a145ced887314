"""What is there, and who may do what. One call at a time changes it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.served.metering import Meter
from swarm.forge.served.store import Database, Shelf
from swarm.forge.served.values import (
    ROLES,
    Account,
    Check,
    Comment,
    Protection,
    Remark,
    Repository,
    Review,
    Role,
    Status,
    Ticket,
)

NOBODY = Account(id=0, login="", digest="")


class Counted(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def added(self) -> int | None: ...
    @property
    def removed(self) -> int | None: ...


class Trunk(Protocol):
    """The repository behind a name: `swarm.repository`'s `Hosted`."""

    def heads(self) -> dict[str, CommitHash]: ...
    def head(self, branch: str) -> CommitHash | None: ...
    def commit(self, name: str) -> CommitHash | None: ...
    def tree_of(self, commit: CommitHash) -> TreeHash: ...
    def contains(self, whole: CommitHash, part: CommitHash) -> bool: ...
    def log(self, head: CommitHash, since: int, most: int) -> Iterator[tuple[CommitHash, str]]: ...
    def ahead(self, base: CommitHash, head: CommitHash) -> int: ...
    def numstat(self, base: CommitHash, head: CommitHash) -> tuple[Counted, ...]: ...
    def read(self, commit: CommitHash, path: str) -> bytes | None: ...
    def names(self, commit: CommitHash, folder: str) -> Iterator[tuple[str, str]]: ...
    def protect(self, branches: tuple[str, ...]) -> None: ...
    def fill(self, source: Path, branch: str) -> None: ...
    def take(self, other: Any, branch: str, into: str) -> CommitHash | None:
        """`other`: a trunk of the same ground."""
        ...

    @property
    def folder(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class GitRequest:
    """As CGI tells it; see `swarm.repository`'s `GitCall`."""

    method: str
    path: str
    query: str
    content_type: str
    encoding: str
    protocol: str
    user: str
    bypass: bool


class GitReply(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def begins(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Ground:
    """Git, as whoever assembles the forge gives it: the forge itself does not run the program."""

    trunk: Callable[[str], Trunk]
    """By `owner/name`; made when there is none."""

    answer: Callable[[GitRequest, IO[bytes], IO[bytes]], GitReply]


@dataclass(slots=True)
class World:
    ground: Ground
    database: Database
    now: Callable[[], int]
    meter: Meter = field(default_factory=Meter)
    accounts: Shelf[Account] = field(init=False)
    repositories: Shelf[Repository] = field(init=False)
    tickets: Shelf[Ticket] = field(init=False)
    comments: Shelf[Comment] = field(init=False)
    reviews: Shelf[Review] = field(init=False)
    remarks: Shelf[Remark] = field(init=False)
    statuses: Shelf[Status] = field(init=False)
    checks: Shelf[Check] = field(init=False)

    def __post_init__(self) -> None:
        self.accounts = Shelf(self.database, Account)
        self.repositories = Shelf(self.database, Repository)
        self.tickets = Shelf(self.database, Ticket)
        self.comments = Shelf(self.database, Comment)
        self.reviews = Shelf(self.database, Review)
        self.remarks = Shelf(self.database, Remark)
        self.statuses = Shelf(self.database, Status)
        self.checks = Shelf(self.database, Check)

    # Setting up ---------------------------------------------------------------------------------

    def add_account(self, login: str, token: str, *, bot: bool = False) -> Account:
        """Known again by its name; the token is the newest."""
        there = self.account(login)
        account = Account(
            id=there.id if there else self.database.new_id(),
            login=login,
            kind="Bot" if bot else "User",
            digest=_digest(token),
        )
        return self.accounts.put(account)

    def add_repository(
        self,
        name: str,
        *,
        source: Path | None = None,
        branch: str = "main",
        roles: dict[str, Role] | None = None,
        private: bool = False,
    ) -> Repository:
        """Known again by its name. `source`: a repository on this machine to begin with."""
        there = self.repository(name)
        if there is None:
            there = Repository(id=self.database.new_id(), name=name, branch=branch, private=private)
        trunk = self.trunk(there)
        if source is not None and trunk.head(branch) is None:
            trunk.fill(source, branch)
        return self.repositories.put(
            there.model_copy(update={"roles": {**there.roles, **(roles or {})}})
        )

    def add_fork(self, of: Repository, owner: str) -> Repository:
        """Of an account that may see it, under the same name. Known again."""
        name = f"{owner}/{of.name.split('/')[1]}"
        if (there := self.repository(name)) is not None:
            return there
        made = self.add_repository(
            name, source=self.trunk(of).folder, branch=of.branch, roles={owner: "admin"},
            private=of.private,
        )  # fmt: skip
        return self.repositories.put(made.model_copy(update={"parent": of.id}))

    def protect(self, name: str, protection: Protection | None, branch: str = "") -> None:
        there = self.repository(name)
        assert there is not None
        branch = branch or there.branch
        protections = {key: each for key, each in there.protections.items() if key != branch}
        if protection is not None:
            protections[branch] = protection
        self.repositories.put(there.model_copy(update={"protections": protections}))
        self.trunk(there).protect(tuple(protections))

    # Looking up ---------------------------------------------------------------------------------

    def account(self, login: str) -> Account | None:
        wanted = login.lower()
        return next((each for each in self.accounts if each.login.lower() == wanted), None)

    def who(self, token: str) -> Account | None:
        digest = _digest(token)
        return next((each for each in self.accounts if each.digest == digest), None)

    def repository(self, name: str) -> Repository | None:
        wanted = name.lower()
        for each in self.repositories:
            if each.name.lower() == wanted or wanted in (alias.lower() for alias in each.aliases):
                return each
        return None

    def trunk(self, repository: Repository) -> Trunk:
        first = (*repository.aliases, repository.name)[0]
        return self.ground.trunk(first)

    def role(self, repository: Repository, account: Account) -> Role:
        named = repository.roles.get(account.login)
        return named or ("none" if repository.private else "read")

    def may(self, repository: Repository, account: Account, least: Role) -> bool:
        return ROLES.index(self.role(repository, account)) >= ROLES.index(least)

    def ticket(self, repository: Repository, number: int) -> Ticket | None:
        found = self.tickets.where(
            lambda each: each.repository == repository.id and each.number == number
        )
        return found[0] if found else None

    def next_number(self, repository: Repository) -> int:
        fresh = self.repositories.get(repository.id)
        assert fresh is not None
        self.repositories.put(fresh.model_copy(update={"next_number": fresh.next_number + 1}))
        return fresh.next_number


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
