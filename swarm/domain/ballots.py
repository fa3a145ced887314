"""What is voted on, by whom, and the record that the rule was met."""

from typing import Literal

from pydantic import Field

from swarm.domain.canonical import canonical, digest
from swarm.domain.frozen import Frozen
from swarm.domain.grants import Grant
from swarm.domain.names import (
    AgentId,
    CommitHash,
    Digest,
    GoalId,
    Principal,
    PublicKey,
    TreeHash,
)

Choice = Literal["yes", "no", "abstain"]
VoterRole = Literal["tester", "reviewer", "human"]


class Voter(Frozen):
    agent_id: AgentId
    principal: Principal
    role: VoterRole
    family: str
    public_key: PublicKey


MODEL = "model:"


def is_model(family: str) -> bool:
    """Whether the agents of a family ask a model; then they are one opinion."""
    return family.startswith(MODEL)


class Policy(Frozen):
    """The rule for opening a pull request, with the voters it was written for.

    The roster is part of it: who may vote is fixed before anything is voted on.
    """

    threshold: int = Field(ge=1)
    """Yes votes of so many distinct principals."""

    testers: int = Field(ge=0)
    """So many of them are testers with executed evidence."""

    roster: tuple[Voter, ...]
    grants: tuple[Grant, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Protected places that a person lets the goal change; a yes that passes over others does not count."""

    @property
    def hash(self) -> Digest:
        return digest(canonical(self))


class Subject(Frozen):
    """Ballots count together when their subjects are equal, byte for byte."""

    goal_id: GoalId
    contract: Digest
    """Hash of the goal as it was accepted."""

    action: Literal["open-pull-request"]
    repository: str
    base: CommitHash
    tree: TreeHash
    policy: Digest
    round: int

    @property
    def hash(self) -> Digest:
        return digest(canonical(self))


class Ballot(Frozen):
    """A signed vote. `event` is the Nostr event as JSON; the other fields are read from it."""

    voter: AgentId
    public_key: PublicKey
    role: VoterRole
    subject: Digest
    choice: Choice
    evidence: Digest
    event: str


class Certificate(Frozen):
    """The rule was met: everything needed to check that again, without us."""

    subject: Subject
    policy: Policy
    authors: tuple[Principal, ...]
    ballots: tuple[Ballot, ...]

    @property
    def hash(self) -> Digest:
        return digest(canonical(self))
