"""What a forge is to the rest of swarm: a few calls, none of which merges.

Methods are async because most forges are far away. A request may be sent twice: the second answer
is the first.
"""

from typing import Literal, Protocol

from pydantic import Field

from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash, TreeHash

LONGEST_TITLE = 256
LONGEST_BODY = 65_536
"""Characters that every forge takes."""

PullRequestState = Literal["open", "merged", "closed"]
IssueState = Literal["open", "closed"]
How = Literal["ancestor", "tree", "patch", "said"]
"""How a merge was noticed: in the repository's history, or because its owner said so."""


class PullRequestRequest(Frozen):
    repository: str
    branch: str
    head: CommitHash
    tree: TreeHash
    base: CommitHash
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    body: str = Field(max_length=LONGEST_BODY)
    partial: bool = False
    """Some tasks of the goal are left open; the body lists them."""

    certificate: str
    """`Certificate` as JSON: whoever reads the pull request can check it without us."""

    at: int
    """Seconds since 1970."""


class PullRequest(Frozen):
    number: int
    repository: str
    branch: str
    head: CommitHash
    tree: TreeHash
    base: CommitHash
    title: str
    body: str
    partial: bool
    certificate: str
    created_at: int
    state: PullRequestState = "open"
    ended_by: str = ""
    """Who closed it, or how its merge was noticed."""


class IssueRequest(Frozen):
    repository: str
    key: str = Field(min_length=1)
    """Names the issue for whoever opens it: the same key again is the same issue."""

    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    body: str = Field(max_length=LONGEST_BODY)
    author: str
    at: int


class Issue(Frozen):
    number: int
    repository: str
    key: str
    title: str
    body: str
    author: str
    created_at: int
    state: IssueState = "open"
    ended_by: str = ""


class Forge(Protocol):
    """Raises Rejected for what does not exist or contradicts what does."""

    async def open_pull_request(self, request: PullRequestRequest) -> PullRequest:
        """The pull request of this repository and branch, made when there was never one.

        One that a person has closed or merged is returned as it is: nobody is asked twice.
        """
        ...

    async def revise(self, number: int, request: PullRequestRequest) -> PullRequest:
        """Bring what an open one says of itself to the request's tree and certificate: its branch has
        gone forward. Raises Rejected for one that a person has closed or merged.
        """
        ...

    async def find(self, repository: str, branch: str) -> PullRequest | None: ...
    async def get(self, number: int) -> PullRequest: ...
    async def list(self, repository: str | None = None) -> tuple[PullRequest, ...]:
        """By number; of all repositories when none is named."""
        ...

    async def close(self, number: int, by: str) -> PullRequest: ...
    async def mark_merged(self, number: int, how: How) -> PullRequest:
        """Record that a person merged it. This merges nothing."""
        ...


class Issues(Protocol):
    async def open_issue(self, request: IssueRequest) -> Issue: ...
    async def issue(self, number: int) -> Issue: ...
    async def issues(self, repository: str | None = None) -> tuple[Issue, ...]: ...
    async def close_issue(self, number: int, by: str) -> Issue: ...
