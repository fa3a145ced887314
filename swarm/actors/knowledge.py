"""What a host's agents state about a repository, and what they hear of it.

Each host holds a replica of its own and shares it with its circle; the one beside the journal is saved.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm.actors.clock import Clock
from swarm.actors.ports import Lease
from swarm.actors.replicas import Circle
from swarm.domain.facts import Fact, SignedFact
from swarm.domain.names import AgentId, Digest
from swarm.identity.public_api import Signer

MOST_CLAIM = 500
"""Characters."""

MOST_RECALLED = 3


@dataclass(slots=True)
class Knowledge:
    circle: Circle
    signer: Signer
    author: AgentId
    clock: Clock

    async def share(self, repository: str, facts: Iterable[Fact]) -> None:
        signed = [sign(fact, self.signer) for fact in facts]
        await self.circle.replicas.add(repository, signed)
        await self.circle.synchronise(repository)

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

    def known(self, repository: str) -> tuple[Digest, ...]:
        """The facts that are known here now, by hash."""
        return tuple(sorted(each.fact.hash for each in self.circle.replicas.of(repository).facts()))

    async def recall(self, lease: Lease, known: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """What has been stated about the contract's tests and files, the latest first; not what was
        `known` before, nor what was learned in a time that was gone back behind.
        """
        repository = lease.goal.repository
        await self.circle.synchronise(repository)
        about = {*lease.contract.targets, *lease.contract.touch, subject_of(lease)}
        facts = [signed.fact for signed in self.circle.replicas.of(repository).facts()]
        told = [
            fact
            for fact in facts
            if fact.subject in about
            and fact.hash not in known
            and not any(begin // 1000 <= fact.at <= end // 1000 for begin, end in lease.gaps)
        ]
        told.sort(key=lambda fact: (-fact.at, fact.hash))
        return tuple(f"{fact.by} ({fact.kind}): {fact.claim}" for fact in told[:MOST_RECALLED])


def subject_of(lease: Lease) -> str:
    """What a fact about a task's work is filed under."""
    return (", ".join(lease.contract.targets[:3]) or lease.contract.title)[:MOST_CLAIM]


def sign(fact: Fact, signer: Signer) -> SignedFact:
    return SignedFact(
        fact=fact, public_key=signer.public_key, signature=signer.sign_digest(fact.hash)
    )
