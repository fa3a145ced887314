"""A host's replica of what is known about a repository, and how facts travel.

Each host holds a replica of its own; the one beside the journal is saved. They exchange by state
vector and are compared by content, because equal vectors do not prove equal content.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from swarm.actors.clock import Clock
from swarm.actors.ports import CoordinatorPort, Lease
from swarm.domain.facts import Fact, SignedFact
from swarm.domain.names import AgentId
from swarm.identity.public_api import Signer, verify_digest
from swarm.memory.public_api import Replica, open_replica

MOST_CLAIM = 500
"""Characters."""

MOST_RECALLED = 3


@dataclass(slots=True)
class Knowledge:
    coordinator: CoordinatorPort
    signer: Signer
    author: AgentId
    clock: Clock
    _replicas: dict[str, Replica] = field(default_factory=dict)

    async def share(self, repository: str, facts: Iterable[Fact]) -> None:
        replica = self.replica(repository)
        for fact in facts:
            replica.add(sign(fact, self.signer))
        await self.synchronise(repository)

    async def synchronise(self, repository: str) -> None:
        """Both sides hold the same facts afterwards."""
        replica = self.replica(repository)
        news = await self.coordinator.exchange_facts(repository, replica.state_vector(), b"")
        replica.merge(news.update)
        ours = replica.update_since(news.vector)
        after = await self.coordinator.exchange_facts(repository, replica.state_vector(), ours)
        if after.content != replica.content_hash():
            for signed in await self.coordinator.facts(repository):
                replica.add(signed)

    async def note_failure(self, lease: Lease, strategy: str, reason: str) -> None:
        """A dead end, for whoever comes next."""
        fact = Fact(
            kind="failed",
            subject=subject_of(lease),
            claim=f"{strategy}: {reason}"[:MOST_CLAIM],
            commit=lease.goal.base,
            goal_id=lease.goal.goal_id,
            by=self.author,
            at=self.clock.now() // 1000,
        )
        await self.share(lease.goal.repository, (fact,))

    async def recall(self, lease: Lease) -> tuple[str, ...]:
        """What others have stated about the contract's tests and files, the latest first."""
        repository = lease.goal.repository
        await self.synchronise(repository)
        about = {*lease.contract.targets, *lease.contract.touch, subject_of(lease)}
        told = [s.fact for s in self.replica(repository).facts() if s.fact.subject in about]
        told.sort(key=lambda fact: (-fact.at, fact.hash))
        return tuple(f"{fact.by} ({fact.kind}): {fact.claim}" for fact in told[:MOST_RECALLED])

    def replica(self, repository: str) -> Replica:
        if repository not in self._replicas:
            self._replicas[repository] = open_replica(verify=verify_digest)
        return self._replicas[repository]


def subject_of(lease: Lease) -> str:
    """What a fact about a task's work is filed under."""
    return (", ".join(lease.contract.targets[:3]) or lease.contract.title)[:MOST_CLAIM]


def sign(fact: Fact, signer: Signer) -> SignedFact:
    return SignedFact(
        fact=fact, public_key=signer.public_key, signature=signer.sign_digest(fact.hash)
    )
