"""What the embedded forge keeps. Times are seconds since 1970."""

from typing import Literal

from pydantic import Field

from swarm.domain.frozen import Frozen

Role = Literal["none", "read", "triage", "write", "maintain", "admin"]
ROLES: tuple[Role, ...] = ("none", "read", "triage", "write", "maintain", "admin")
"""Each may do what those before it may."""

ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
StatusState = Literal["error", "failure", "pending", "success"]


class Account(Frozen):
    id: int
    login: str
    kind: Literal["User", "Bot"] = "User"
    digest: str
    """SHA-256 of the token: the token itself is kept by nobody but its owner."""


class Protection(Frozen):
    reviews: int = 1
    checks: tuple[str, ...] = ()
    admins: bool = True
    """Those are bound by it, too."""


class Label(Frozen):
    id: int
    name: str
    color: str = "ededed"
    description: str = ""


class Repository(Frozen):
    id: int
    name: str
    """`owner/name`"""

    branch: str = "main"
    private: bool = False
    archived: bool = False
    roles: dict[str, Role] = Field(default_factory=dict)
    """By login. Who is not named may read what is public."""

    protections: dict[str, Protection] = Field(default_factory=dict)
    labels: dict[str, Label] = Field(default_factory=dict)
    """By name in small letters."""

    next_number: int = 1
    aliases: tuple[str, ...] = ()
    """Names that it had."""

    parent: int = 0
    """The repository that it is a fork of; 0 = none."""


class Happening(Frozen):
    id: int
    event: Literal["labeled", "unlabeled", "renamed", "closed", "reopened", "merged"]
    actor: str
    at: int
    label: str = ""
    before: str = ""
    after: str = ""


class Pull(Frozen):
    head: str
    fork: int = 0
    """The repository that the head is in; 0 = the same."""

    base: str
    draft: bool = False
    base_sha: str
    """Of the base branch when it was opened."""

    last_sha: str
    """Of the head when it was last seen: what a closed one shows."""

    merged_at: int | None = None
    merged_sha: str = ""
    merged_by: str = ""


class Ticket(Frozen):
    """An issue, or a pull request, which is one too."""

    id: int
    repository: int
    number: int
    title: str
    body: str = ""
    author: str
    state: Literal["open", "closed"] = "open"
    labels: tuple[str, ...] = ()
    created: int
    updated: int
    locked: bool = False
    """Only those who may write may say anything."""

    edited: int | None = None
    """When its text was last changed; None = never."""

    happened: tuple[Happening, ...] = ()
    pull: Pull | None = None


class Comment(Frozen):
    id: int
    repository: int
    number: int
    author: str
    body: str
    created: int
    updated: int


class Review(Frozen):
    id: int
    repository: int
    number: int
    author: str
    state: ReviewState
    body: str
    commit: str
    at: int


class Remark(Frozen):
    """What a review says at one line."""

    id: int
    repository: int
    number: int
    review: int
    author: str
    path: str
    line: int
    body: str
    commit: str
    at: int


class Status(Frozen):
    id: int
    repository: int
    sha: str
    context: str
    state: StatusState
    description: str = ""
    target: str = ""
    author: str
    at: int


class Check(Frozen):
    """A run of somebody's CI."""

    id: int
    repository: int
    sha: str
    name: str
    status: Literal["queued", "in_progress", "completed"]
    conclusion: (
        Literal["success", "failure", "neutral", "cancelled", "timed_out", "skipped"] | None
    ) = None
    summary: str = ""
    text: str = ""
    log: str | None = None
    """Of a job of the forge's own CI; None: somebody else's check."""

    at: int
