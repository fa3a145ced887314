"""The publisher: one branch, then one pull request, for a tree that was certified.

It holds no model and decides nothing. Each effect is looked for before it is made, so a publisher
that was killed between any two steps is simply called again. The caller has made the intent durable
before it calls.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from pydantic import Field

from swarm.domain.ballots import Certificate
from swarm.domain.errors import NeedsHuman, Rejected, Transient
from swarm.domain.frozen import Frozen
from swarm.domain.goals import Tracker
from swarm.domain.grants import held_back
from swarm.domain.names import CommitHash, GoalId, TreeHash, branch_of, is_goal_id
from swarm.domain.tasks import Finding
from swarm.forge.github.approval import PUSH, SHORT
from swarm.forge.github.board import Board, Standing
from swarm.forge.github.forge import GitHubForge
from swarm.forge.github.intake import fork_of, may_push, why_revoked, why_rewritten
from swarm.forge.github.outcome import Outcome, explain, look, reverted
from swarm.forge.github.reading import Place
from swarm.forge.github.safety import exposures
from swarm.forge.github.wire import Wire
from swarm.forge.port import (
    LONGEST_BODY,
    LONGEST_TITLE,
    Forge,
    How,
    PullRequest,
    PullRequestRequest,
)
from swarm.forge.wording import markdown_line

LOOK = 60.0
"""Seconds between two looks whether a person has let a commit be pushed."""

HELD = """Ready, and not pushed: CI would run it with more than it should have ({why}). Read it where \
swarm runs (`swarm show {goal}`); then a person who may write here says so, in a comment with the one line \
`{line}`."""


class Outlet(Protocol):
    """What is needed of one user repository. Synchronous; called in a thread."""

    def tree_of(self, commit: CommitHash) -> TreeHash: ...
    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        """Whether only our own commits lie between the two."""
        ...

    def read_branch(self, branch: str) -> CommitHash | None: ...
    def touched(self, base: CommitHash, commit: CommitHash) -> tuple[str, ...]:
        """Paths in which the two differ."""
        ...

    def publish_branch(self, branch: str, commit: CommitHash) -> None:
        """Create it; raises NeedsHuman rather than move one that exists."""
        ...


class FarOutlet(Outlet, Protocol):
    def advance_branch(self, branch: str, old: CommitHash, new: CommitHash) -> None:
        """From our last commit to one that stands on it; raises NeedsHuman where people have gone on."""
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
    before: CommitHash | None = None
    """Where the goal's pull request stands since it was published the last time; None: never."""

    tracker: Tracker | None = None
    """Where the goal came from, and goes to; None: the embedded forge."""

    at: int
    """Seconds since 1970, from the journalled intent: the same in a repeated request."""


class Published(Frozen):
    number: int
    branch: str
    head: CommitHash


@dataclass(frozen=True, slots=True)
class Abroad:
    """A forge that is far away, and the way there."""

    wire: Wire
    outlet_of: Callable[[str], FarOutlet]
    """By the repository on this machine."""

    fork_outlet_of: Callable[[str, Place], FarOutlet]
    """The same, to a fork."""


def nowhere(tracker: Tracker) -> Abroad:
    raise NeedsHuman(f"swarm has no access to {tracker.api}", advice="swarm github login")


class Publisher:
    def __init__(
        self,
        outlet_of: Callable[[str], Outlet],
        forge: Forge,
        *,
        holds: Callable[[Certificate], bool],
        abroad: Callable[[Tracker], Abroad] = nowhere,
        protected: tuple[str, ...] = (),
    ) -> None:
        """`holds` tells whether a certificate's ballots are genuine and meet its policy; `protected` are
        places that go out only where that policy names them.
        """
        self._outlet_of = outlet_of
        self._forge = forge
        self._holds = holds
        self._abroad = abroad
        self._protected = protected
        self._held: dict[str, str] = {}
        """What goals wait for, by their keys."""

        self._comments: dict[str, tuple[int, str]] = {}
        """Status comments that are there, and what they say, by goal."""

        self._standings: dict[str, Standing] = {}
        """What was last shown of them."""

        self._turn = asyncio.Lock()

    async def publish(self, request: PublishRequest) -> Published:
        """Raises Rejected when the certificate does not certify exactly what would be pushed."""
        async with self._turn:
            outlet_of, forge, repository = await self._ways(request.repository, request.tracker)
            outlet = await asyncio.to_thread(outlet_of, request.repository)
            await asyncio.to_thread(self._verify, request, outlet)
            branch = branch_of(request.goal_id)
            pull_request = await forge.find(repository, branch)
            # The branch came before the pull request. If it is gone or elsewhere by now, a person did
            # that, and it stays so.
            if pull_request is None:
                await self._demand_leave(request)
                await self._demand_harmless(request)
                await asyncio.to_thread(_push, outlet, branch, request.head)
                asked = _asked(request, repository, branch)
                pull_request = await forge.open_pull_request(asked)
            elif request.before == pull_request.head:
                pull_request = await self._go_on(request, forge, pull_request)
            return _published(pull_request, request)

    async def _go_on(
        self, request: PublishRequest, forge: Forge, there: PullRequest
    ) -> PullRequest:
        """What followed goes on top of what is there. What a person has ended stays so."""
        tracker = request.tracker
        if tracker is None or there.state != "open":
            raise Rejected(f"pull request {there.number} is {there.state}: it stays as it is")
        await self._demand_leave(request)
        await self._demand_harmless(request)
        outlet = await asyncio.to_thread(await self._far(tracker), request.repository)
        branch = branch_of(request.goal_id)
        await asyncio.to_thread(outlet.advance_branch, branch, there.head, request.head)
        return await forge.revise(there.number, _asked(request, tracker.repository, branch))

    async def withdraw(
        self, repository: str, goal_id: GoalId, tracker: Tracker | None = None
    ) -> int | None:
        """Close the goal's pull request if it was opened; its number. A repetition is harmless.

        Raises Rejected when a person has merged it.
        """
        async with self._turn:
            _, forge, named = await self._ways(repository, tracker)
            pull_request = await forge.find(named, branch_of(goal_id))
            if pull_request is None:
                return None
            return (await forge.close(pull_request.number, "veto")).number

    async def note_merge(self, number: int, how: How) -> None:
        """The user has merged it; nothing of the kind is ever done here. A repetition is harmless."""
        async with self._turn:
            if (await self._forge.get(number)).state == "open":
                await self._forge.mark_merged(number, how)

    async def is_closed(self, number: int) -> bool:
        """Whether a person has turned it down."""
        return (await self._forge.get(number)).state == "closed"

    # Far away ---------------------------------------------------------------------------------------

    async def outcome(self, tracker: Tracker, number: int) -> Outcome:
        """What has become of a pull request at its forge."""
        return await look(self._abroad(tracker).wire, tracker.repository, number)

    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]:
        """What failed, and what people ask for there, with all that they say of it."""
        return await explain(self._abroad(tracker).wire, tracker.repository, number)

    async def reverted(self, tracker: Tracker, number: int) -> str:
        """Which commit took back what was merged; empty = none."""
        return await reverted(self._abroad(tracker).wire, tracker.repository, number)

    async def show(self, tracker: Tracker, standing: Standing) -> None:
        """Bring comment, labels and status of a goal to where they should be."""
        async with self._turn:
            self._standings[standing.key] = standing
            await self._show(tracker, standing)

    async def _show(self, tracker: Tracker, standing: Standing) -> None:
        if standing.head is None and (held := self._held.get(standing.key)):
            text = f"{standing.text}\n\n{held}"
            standing = standing.model_copy(update={"text": text, "label": "swarm:waiting"})
        wire, known = self._abroad(tracker).wire, self._comments
        await Board(wire, tracker.repository, known).show(standing)

    async def make_ready(self, tracker: Tracker, number: int) -> None:
        """A draft no more. A repetition is harmless."""
        async with self._turn:
            await Board(self._abroad(tracker).wire, tracker.repository).make_ready(number)

    async def why_revoked(self, tracker: Tracker) -> str:
        """Why a goal's approval holds no more; empty = it does."""
        return await why_revoked(self._abroad(tracker).wire, tracker)

    async def _demand_leave(self, request: PublishRequest) -> None:
        """Nothing goes out for a text that nobody has approved, nor on top of what was taken out."""
        tracker = request.tracker
        if tracker is None:
            return
        if why := await self.why_revoked(tracker):
            raise NeedsHuman(f"nothing was published: {why}", advice="approve it anew")
        wire, base = self._abroad(tracker).wire, request.certificate.subject.base
        if why := await why_rewritten(wire, tracker, base):
            advice = "approve it anew: it is worked on as the branch is now"
            raise NeedsHuman(f"nothing was published: {why}", advice=advice)

    async def _demand_harmless(self, request: PublishRequest) -> None:
        """CI runs what is pushed: it is looked, just before, with what.

        Raises NeedsHuman where that is more than it should have, and Transient while a person who may
        say that it may be run has not done so.
        """
        tracker = request.tracker
        if tracker is None or tracker.push == "anyway":
            return
        wire, fork = self._abroad(tracker).wire, tracker.push == "fork"
        found = await exposures(wire, tracker.repository, from_fork=fork)
        if found and tracker.push == "click":
            await self._demand_click(request, tracker, found)
        elif found:
            raise NeedsHuman(
                f"nothing was pushed: CI would run it with too much: {'; '.join(found)}",
                advice="keep secrets behind an environment with approval"
                + ("" if fork else ', or set push_to = "fork" or "click"'),
            )

    async def _demand_click(
        self, request: PublishRequest, tracker: Tracker, found: tuple[str, ...]
    ) -> None:
        wire, key = self._abroad(tracker).wire, request.goal_id
        if await may_push(wire, tracker, request.head):
            self._held.pop(key, None)
            return
        told = HELD.format(
            why=markdown_line("; ".join(found), 600), line=f"{PUSH} {request.head[:SHORT]}",
            goal=key,
        )  # fmt: skip
        if self._held.get(key) != told:
            self._held[key] = told
            if (standing := self._standings.get(key)) is not None:
                await self._show(tracker, standing)
        raise Transient(
            f"{key} waits for a person who lets it be pushed", retry_after=timedelta(seconds=LOOK)
        )

    async def _far(self, tracker: Tracker) -> Callable[[str], FarOutlet]:
        there = self._abroad(tracker)
        if tracker.push != "fork":
            return there.outlet_of
        fork = await fork_of(there.wire, tracker)
        return lambda repository: there.fork_outlet_of(repository, fork)

    async def _ways(
        self, repository: str, tracker: Tracker | None
    ) -> tuple[Callable[[str], Outlet], Forge, str]:
        """Where branches go, where pull requests go, and what the repository is called there."""
        if tracker is None:
            return self._outlet_of, self._forge, repository
        wire, fork = self._abroad(tracker).wire, ""
        if tracker.push == "fork":
            fork = (await fork_of(wire, tracker)).full_name
        forge = GitHubForge(wire, tracker.repository, tracker.issue, fork)
        return await self._far(tracker), forge, tracker.repository

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
        touched = outlet.touched(subject.base, request.head)
        if held := held_back(touched, self._protected, policy.grants):
            raise NeedsHuman(
                f"nothing was published: it changes {', '.join(held[:5])}, which only a person may",
                advice="let it for a new goal: /grant PATH in a comment, or swarm run --grant PATH",
            )


def _push(outlet: Outlet, branch: str, head: CommitHash) -> None:
    if outlet.read_branch(branch) != head:
        outlet.publish_branch(branch, head)


def _asked(request: PublishRequest, repository: str, branch: str) -> PullRequestRequest:
    subject = request.certificate.subject
    return PullRequestRequest(
        repository=repository,
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
