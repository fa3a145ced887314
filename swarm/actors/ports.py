"""What coordinator, hosts, registry and publisher are to each other, whichever runtime joins them.

A host calls; it is never called. `attend` is its heartbeat, its way to hear of new leases, and its
way to hear that a lease is lost, in one long poll.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from swarm.domain.names import HostId

if TYPE_CHECKING:  # the registry's process needs no more than the names
    from swarm.coordination.public_api import AgentCommand, World
    from swarm.domain.bids import AgentCard
    from swarm.domain.changes import Changes
    from swarm.domain.facts import SignedFact
    from swarm.domain.goals import Goal
    from swarm.domain.names import AgentId, AttemptId, Digest, GoalId, TreeHash
    from swarm.domain.tasks import Contract, Finding, Step

HOSTS = ("planning", "writing", "reviewing")
"""The hosts of one machine: few processes, several agents in each."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An award in force, with all that its agent needs to begin or to go on."""

    attempt_id: AttemptId
    agent_id: AgentId
    epoch: int
    contract: Contract
    goal: Goal
    base_tree: TreeHash
    """What the work is done on: the goal's base, or the joined tree after a clash."""

    budget: int
    """Micro-USD that may still be spent."""

    done: tuple[Step, ...]
    """Steps of this agent for this task that are behind it, over all its attempts."""

    own_steps: int
    """How many of them belong to this attempt."""

    base_run: Digest | None
    voided: tuple[str, ...]
    findings: tuple[Finding, ...]
    refused: tuple[TreeHash, ...]
    left: World
    """What the agent's earlier work for this task left behind; it goes on there."""

    said: tuple[str, ...]
    """What humans said and none of these steps has heard."""

    heard: int
    """So many texts were said before those."""

    gaps: tuple[tuple[int, int], ...]
    """Times, in milliseconds since 1970, that a human went back behind: what was learned then is not
    known here.
    """

    evidence: Digest | None
    """Known evidence for exactly this check, executed before: it need not be executed again."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The coordinator's answer to a host that attends."""

    begin: tuple[Lease, ...]
    cease: tuple[AttemptId, ...]
    """Lost, stopped or ended: what is still done for them is wasted."""

    paused: frozenset[GoalId]
    probe: tuple[Goal, ...]
    """Goals for which the host has not yet said whether it can work on them."""


@dataclass(frozen=True, slots=True)
class News:
    """What a replica lacked, and what we hold now: our state vector and the hash of the content."""

    update: bytes
    vector: bytes
    content: Digest


class FactsPort(Protocol):
    """Somebody's replicas of facts, as its peers reach them."""

    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        """Take a replica's news; answer with ours for it. Raises Rejected for a bad vector."""
        ...

    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        """Take facts as they are, and answer with all that are held then."""
        ...


class CoordinatorPort(Protocol):
    async def attend(
        self, host: HostId, holding: tuple[tuple[AttemptId, int], ...], able: dict[GoalId, str]
    ) -> Orders:
        """`able` says for each goal why the host cannot work on it, or the empty string."""
        ...

    async def record(self, command: AgentCommand) -> tuple[str, ...]:
        """Make it durable. Returns guidance that is new to the sender, for a step.

        Raises Rejected when the lease is lost, Exhausted when the reservation is spent.
        """
        ...

    async def keep_tree(
        self, attempt_id: AttemptId, step: int, base: TreeHash, changes: Changes
    ) -> TreeHash:
        """Keep a working tree in the mirror. Raises Rejected for what no commit may hold."""
        ...

    async def put(self, data: bytes) -> Digest: ...
    async def get(self, digest: Digest) -> bytes: ...
    async def archive(self, goal_id: GoalId, tree: TreeHash) -> bytes:
        """A tree's files as an archive, for a host that shares no disk with us."""
        ...

    async def changes(self, goal_id: GoalId, base: TreeHash, tree: TreeHash) -> Changes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """Who is there, as the registry knows it. `host` is new at each start of the process."""

    host: HostId
    name: str
    node: str
    cards: tuple[AgentCard, ...]
    facts: FactsPort | None = None
    """How its replicas are reached, if it holds any."""


def new_host(name: str) -> HostId:
    """New at each start, so that nobody is taken for their former self."""
    return HostId(f"{name}#{secrets.token_hex(4)}")


class RegistryPort(Protocol):
    async def announce(self, entry: Entry) -> None:
        """A heartbeat; who is silent for too long is forgotten."""
        ...

    async def watch(self, seen: int) -> tuple[int, tuple[Entry, ...]]:
        """Return version and entries as soon as the version is not `seen`, or after a second."""
        ...
