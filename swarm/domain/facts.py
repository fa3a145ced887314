"""Statements about a repository, signed and never deleted; superseding one is another fact."""

from typing import Literal

from swarm.domain.canonical import canonical, digest
from swarm.domain.frozen import Frozen
from swarm.domain.names import AgentId, CommitHash, Digest, GoalId, PublicKey

FactKind = Literal["structure", "test-command", "convention", "related", "worked", "failed", "note"]


class Fact(Frozen):
    kind: FactKind
    subject: str
    """What it is about: a path, a module, a test id, or `repository`."""

    claim: str
    path: str = ""
    line: int = 0
    file_hash: str = ""
    """Git blob hash of `path` when it was stated; the fact is stale when the file's differs."""

    commit: CommitHash
    goal_id: GoalId | None = None
    by: AgentId
    at: int
    """Seconds since 1970."""

    supersedes: tuple[Digest, ...] = ()

    @property
    def hash(self) -> Digest:
        return digest(canonical(self))


class SignedFact(Frozen):
    fact: Fact
    public_key: PublicKey
    signature: str
    """Schnorr signature over `fact.hash`, hexadecimal."""
