"""What the coordinator does outside: trees in the mirror, joins, descriptions, publication, facts.

Everything here may be done twice. Trees and commits are named by their content, publication looks
before it acts, facts are a set.
"""

import asyncio
import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter

from swarm.actors.account import account_of
from swarm.actors.knowledge import MOST_CLAIM, sign
from swarm.actors.places import Places
from swarm.actors.replicas import Replicas
from swarm.coordination.public_api import GoalState, Join, Patch
from swarm.domain.bids import AgentCard
from swarm.domain.changes import Changes
from swarm.domain.errors import Exhausted, Lacking, Rejected
from swarm.domain.events import PublicationIntended
from swarm.domain.evidence import Evidence
from swarm.domain.facts import Fact
from swarm.domain.goals import Goal, Tracker
from swarm.domain.names import (
    AgentId,
    AttemptId,
    CommitHash,
    Digest,
    GoalId,
    TreeHash,
    goal_of,
    task_of,
)
from swarm.domain.tasks import Finding, TaskKind
from swarm.forge.public_api import (
    Outcome,
    Published,
    PublishRequest,
    Standing,
    body,
    opening,
    plain_line,
    title,
)
from swarm.identity.public_api import Signer
from swarm.journal.public_api import Blobs
from swarm.repository.public_api import Conflict, Joined, Landing, Mirror, inspect, landed

_CARDS: TypeAdapter[list[AgentCard]] = TypeAdapter(list[AgentCard])
AUTHOR = AgentId("coordinator")
STEP_TITLE = "{attempt}, step {step}"


class PublisherPort(Protocol):
    async def publish(self, request: PublishRequest) -> Published: ...
    async def withdraw(
        self, repository: str, goal_id: GoalId, tracker: Tracker | None = None
    ) -> int | None: ...
    async def note_merge(self, number: int, how: Landing) -> None: ...
    async def is_closed(self, number: int) -> bool: ...

    # Forges that are far away:
    async def outcome(self, tracker: Tracker, number: int) -> Outcome: ...
    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]: ...
    async def reverted(self, tracker: Tracker, number: int) -> str: ...
    async def show(self, tracker: Tracker, standing: Standing) -> None: ...
    async def make_ready(self, tracker: Tracker, number: int) -> None: ...
    async def why_revoked(self, tracker: Tracker) -> str: ...


@dataclass(frozen=True, slots=True)
class Described:
    title: str
    body: Digest


@dataclass(slots=True)
class Office:
    places: Places
    blobs: Blobs
    publisher: PublisherPort
    signer: Signer
    """Of the facts that are stated here."""

    replicas: Replicas
    """Those that are kept."""

    _mirrors: dict[str, Mirror] = field(default_factory=dict)

    def picture(self, cards: tuple[AgentCard, ...]) -> None:
        """Who is there, for people: `swarm agents` reads it. Only a picture, never a truth."""
        data = _CARDS.dump_json(sorted(cards, key=lambda card: card.agent_id))
        replace_file(self.places.agents, data)

    # Trees --------------------------------------------------------------------------------------

    async def fetch(self, goal: Goal) -> None:
        """Bring the goal's base into the mirror. Raises SwarmError when the repository cannot give it."""
        mirror = await asyncio.to_thread(self.mirror, goal.repository)
        tree = await asyncio.to_thread(mirror.fetch, goal.base)
        if tree != goal.base_tree:
            raise Rejected(f"commit {goal.base} does not have the tree that was submitted")

    def mirror(self, repository: str) -> Mirror:
        if repository not in self._mirrors:
            folder = self.places.mirror_of(repository)
            self._mirrors[repository] = Mirror.open(folder, Path(repository))
        return self._mirrors[repository]

    async def archive(self, goal: Goal, tree: TreeHash) -> bytes:
        return await asyncio.to_thread(self.mirror(goal.repository).archive, tree)

    async def changes(self, goal: Goal, base: TreeHash, tree: TreeHash) -> Changes:
        return await asyncio.to_thread(self.mirror(goal.repository).changes, base, tree)

    async def keep_tree(
        self,
        goal: Goal,
        attempt_id: AttemptId,
        step: int,
        base: TreeHash,
        changes: Changes,
        at: int,
    ) -> TreeHash:
        """`at` is in milliseconds; it only dates the commit."""
        mirror = self.mirror(goal.repository)
        tree = await asyncio.to_thread(mirror.tree_with, base, changes)
        task, goal_id = task_of(attempt_id), goal_of(attempt_id)
        name = f"refs/swarm/{goal_id}/{task}/{attempt_id}-{step}"
        message = STEP_TITLE.format(attempt=attempt_id, step=step)
        await asyncio.to_thread(mirror.record, name, tree, (goal.base,), message, at // 1000)
        return tree

    # Joining ------------------------------------------------------------------------------------

    async def join(self, state: GoalState, join: Join) -> Joined | Conflict:
        mirror = self.mirror(state.goal.repository)
        patches = [(patch.base, patch.tree) for patch in join.patches]
        return await asyncio.to_thread(mirror.join, state.goal.base_tree, patches)

    async def commit(self, state: GoalState, join: Join, trees: Sequence[TreeHash]) -> CommitHash:
        """The goal's branch: the user's commit, then one commit a task. What is published stays, and
        what followed goes on top of it.
        """
        mirror, at = self.mirror(state.goal.repository), state.touched_at // 1000
        there = state.before.joined if state.before else None
        base, known = (there.head, len(there.pieces)) if there else (state.goal.base, 0)
        steps = [
            (tree, commit_message(state.goal, patch))
            for tree, patch in zip(trees[known:], join.patches[known:], strict=True)
        ]
        head = await asyncio.to_thread(mirror.commits, base, steps, at)
        ref = f"refs/swarm/{state.goal.goal_id}/joined/{len(state.rounds) + 1}"
        await asyncio.to_thread(mirror.record, ref, trees[-1], (head,), "joined", at)
        return head

    # Publishing ---------------------------------------------------------------------------------

    async def describe(self, state: GoalState) -> Described:
        account = account_of(state, self._evidence(state))
        text = body(account)
        return Described(title(account), await asyncio.to_thread(self.blobs.put, text.encode()))

    def _evidence(self, state: GoalState) -> tuple[Evidence, ...]:
        assert state.certificate is not None
        digests = dict.fromkeys(ballot.evidence for ballot in state.certificate.ballots)
        return tuple(Evidence.model_validate_json(self.blobs.get(digest)) for digest in digests)

    async def publish(self, state: GoalState, intended: PublicationIntended) -> Published:
        assert state.certificate is not None
        text = await asyncio.to_thread(self.blobs.get, intended.body)
        return await self.publisher.publish(
            PublishRequest(
                goal_id=state.goal.goal_id,
                repository=state.goal.repository,
                head=intended.head,
                title=intended.title,
                body=text.decode(),
                partial=intended.partial,
                certificate=state.certificate,
                before=state.before.published.head if state.before else None,
                tracker=state.goal.tracker,
                at=intended.at // 1000,
            )
        )

    async def withdraw(self, state: GoalState) -> int | None:
        """Close what was published in spite of everything, if anything was; its number."""
        goal = state.goal
        return await self.publisher.withdraw(goal.repository, goal.goal_id, goal.tracker)

    # Facts --------------------------------------------------------------------------------------

    async def learn(self, state: GoalState) -> None:
        """What worked, for whoever meets the same tests again."""
        facts = [sign(fact, self.signer) for fact in _worked(state)]
        await self.replicas.add(state.goal.repository, facts)

    # After publication --------------------------------------------------------------------------

    async def is_closed(self, state: GoalState) -> bool:
        """Whether the user has closed the pull request in the forge."""
        assert state.published is not None
        return await self.publisher.is_closed(state.published.number)

    async def notice_merge(self, state: GoalState) -> Landing | None:
        """How the user took the pull request into the branch that is checked out, if so."""
        assert state.published is not None
        how = await asyncio.to_thread(_landing, state)
        if how is not None:
            await self.publisher.note_merge(state.published.number, how)
        return how


def _worked(state: GoalState) -> Iterator[Fact]:
    for task in state.of_kind(TaskKind.WRITE):
        attempt = state.attempts[task.attempts[-1]] if task.attempts else None
        if attempt is not None and attempt.outcome == "accepted":
            yield Fact(
                kind="worked",
                subject=", ".join(task.contract.targets[:3])[:MOST_CLAIM],
                claim=f"{attempt.strategy}: {attempt.title}"[:MOST_CLAIM],
                commit=state.goal.base,
                goal_id=state.goal.goal_id,
                by=AUTHOR,
                at=attempt.ended_at // 1000,
            )


def _landing(state: GoalState) -> Landing | None:
    assert state.intended is not None
    repository = Path(state.goal.repository)
    if not repository.is_dir() or (branch := inspect(repository).branch) is None:
        return None
    head, tree = state.intended.head, state.intended.tree
    return landed(repository, head, tree, branch, base=state.goal.base)


def replace_file(path: Path, data: bytes) -> None:
    """Raises Exhausted when the disk is full, Lacking when the folder cannot be written."""
    draft = path.with_suffix(".draft")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Exhausted(f"the disk of {path.parent} is full") from error
        raise Lacking(
            f"{path} cannot be written: {error.strerror}", advice="check the folder's rights"
        ) from error


def commit_message(goal: Goal, patch: Patch) -> str:
    """Agents' words are data: no mention, no closing keyword, no order to a CI gets through."""
    subject = plain_line(patch.title, 72) or "Change"
    return f"{subject}\n\n{plain_line(opening(patch.why), 1000)}\n\nGoal: {goal.goal_id}\nTask: {patch.task_id}\n"
