"""The publisher: one branch, then one pull request, for a tree that was certified.

It holds no model and decides nothing. Each effect is looked for before it is made, so a publisher
that was killed between any two steps is simply called again. The caller has made the intent durable
before it calls.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from pydantic import Field

from swarm.domain.ballots import Certificate
from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash, GoalId, TreeHash, branch_of, is_goal_id
from swarm.forge.port import (
    LONGEST_BODY,
    LONGEST_TITLE,
    Forge,
    How,
    PullRequest,
    PullRequestRequest,
)


class Outlet(Protocol):
    """What is needed of one user repository. Synchronous; called in a thread."""

    def tree_of(self, commit: CommitHash) -> TreeHash: ...
    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        """Whether only our own commits lie between the two."""
        ...

    def read_branch(self, branch: str) -> CommitHash | None: ...
    def publish_branch(self, branch: str, commit: CommitHash) -> None:
        """Create it; raises NeedsHuman rather than move one that exists."""
        ...


class PublishRequest(Frozen):
    goal_id: GoalId
    repository: str
    head: CommitHash
    """The last of the goal's commits, in the mirror."""

    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    body: str = Field(max_length=LONGEST_BODY)
    partial: bool = False
    certificate: Certificate
    at: int
    """Seconds since 1970, from the journalled intent: the same in a repeated request."""


class Published(Frozen):
    number: int
    branch: str
    head: CommitHash


class Publisher:
    def __init__(
        self,
        outlet_of: Callable[[str], Outlet],
        forge: Forge,
        *,
        holds: Callable[[Certificate], bool],
    ) -> None:
        """`holds` tells whether a certificate's ballots are genuine and meet its policy."""
        self._outlet_of = outlet_of
        self._forge = forge
        self._holds = holds
        self._turn = asyncio.Lock()

    async def publish(self, request: PublishRequest) -> Published:
        """Raises Rejected when the certificate does not certify exactly what would be pushed."""
        async with self._turn:
            outlet = await asyncio.to_thread(self._outlet_of, request.repository)
            await asyncio.to_thread(self._verify, request, outlet)
            branch = branch_of(request.goal_id)
            pull_request = await self._forge.find(request.repository, branch)
            # The branch came before the pull request. If it is gone or elsewhere by now, a person did
            # that, and it stays so.
            if pull_request is None:
                await asyncio.to_thread(_push, outlet, branch, request.head)
                pull_request = await self._forge.open_pull_request(_asked(request, branch))
            return _published(pull_request, request)

    async def withdraw(self, repository: str, goal_id: GoalId) -> int | None:
        """Close the goal's pull request if it was opened; its number. A repetition is harmless.

        Raises Rejected when a person has merged it.
        """
        async with self._turn:
            pull_request = await self._forge.find(repository, branch_of(goal_id))
            if pull_request is None:
                return None
            return (await self._forge.close(pull_request.number, "veto")).number

    async def note_merge(self, number: int, how: How) -> None:
        """The user has merged it; nothing of the kind is ever done here. A repetition is harmless."""
        async with self._turn:
            if (await self._forge.get(number)).state == "open":
                await self._forge.mark_merged(number, how)

    async def is_closed(self, number: int) -> bool:
        """Whether a person has turned it down."""
        return (await self._forge.get(number)).state == "closed"

    def _verify(self, request: PublishRequest, outlet: Outlet) -> None:
        subject, policy = request.certificate.subject, request.certificate.policy
        claims = {
            "goal id": is_goal_id(request.goal_id),
            "goal": subject.goal_id == request.goal_id,
            "repository": subject.repository == request.repository,
            "policy": subject.policy == policy.hash,
            "tree": outlet.tree_of(request.head) == subject.tree,
            "base": outlet.stands_on(request.head, subject.base),
        }
        wrong = [name for name, holds in claims.items() if not holds]
        if not wrong and not self._holds(request.certificate):
            wrong = ["ballots"]
        if wrong:
            raise Rejected(
                f"the certificate does not cover what would be published for {request.goal_id}: "
                f"{', '.join(wrong)}"
            )


def _push(outlet: Outlet, branch: str, head: CommitHash) -> None:
    if outlet.read_branch(branch) != head:
        outlet.publish_branch(branch, head)


def _asked(request: PublishRequest, branch: str) -> PullRequestRequest:
    subject = request.certificate.subject
    return PullRequestRequest(
        repository=request.repository,
        branch=branch,
        head=request.head,
        tree=subject.tree,
        base=subject.base,
        title=request.title,
        body=request.body,
        partial=request.partial,
        certificate=request.certificate.model_dump_json(),
        at=request.at,
    )


def _published(pull_request: PullRequest, request: PublishRequest) -> Published:
    if pull_request.head != request.head:
        raise Rejected(
            f"pull request {pull_request.number} for {pull_request.branch} stands at another commit"
        )
    return Published(number=pull_request.number, branch=pull_request.branch, head=pull_request.head)
