"""A ballot is a signed event: what is signed is all that counts, and it has one byte form.

The content is canonical JSON of subject, choice, role, evidence and voter. Tags repeat the subject so that
a relay can be asked for it; nobody decides anything by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field, ValidationError

from swarm.domain.ballots import Ballot, Choice, VoterRole
from swarm.domain.canonical import canonical
from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.names import AgentId, Digest, PublicKey

BALLOT_KIND = 8117
"""A regular event: relays keep every one, and no later event replaces it."""

_LONGEST = 8192
_Hash = Field(pattern=r"^[0-9a-f]{64}$")


class SignedEvent(Protocol):
    """An event whose id and signature have been checked."""

    @property
    def public_key(self) -> str: ...
    @property
    def kind(self) -> int: ...
    @property
    def content(self) -> str: ...


Verify = Callable[[str], SignedEvent]
"""Reads an event's JSON. Raises Rejected unless its signature is that of the key it names."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a voter has to sign."""

    kind: int
    content: str
    tags: tuple[tuple[str, ...], ...]


class _Content(Frozen):
    ballot: Literal["swarm/1"] = "swarm/1"
    subject: Digest = _Hash
    choice: Choice
    role: VoterRole
    evidence: Digest = Field(pattern=r"^([0-9a-f]{64})?$")
    voter: AgentId


def cast(
    voter: AgentId, role: VoterRole, subject: Digest, choice: Choice, evidence: Digest
) -> Draft:
    """The event to sign for a vote. `evidence` is empty for a human, who owes none."""
    content = _Content(subject=subject, choice=choice, role=role, evidence=evidence, voter=voter)
    return Draft(
        kind=BALLOT_KIND,
        content=canonical(content).decode(),
        tags=(("t", "swarm-ballot"), ("x", subject)),
    )


def read_ballot(event_json: str, verify: Verify) -> Ballot:
    """Raises Rejected when it is not properly signed, or not a ballot in its one byte form."""
    if len(event_json) > _LONGEST:
        raise Rejected(f"a ballot has at most {_LONGEST} characters, this one {len(event_json)}")
    event = verify(event_json)
    if event.kind != BALLOT_KIND:
        raise Rejected(f"an event of kind {event.kind} is not a ballot ({BALLOT_KIND})")
    content = _read_content(event.content)
    return Ballot(
        voter=content.voter,
        public_key=PublicKey(event.public_key),
        role=content.role,
        subject=content.subject,
        choice=content.choice,
        evidence=content.evidence,
        event=event_json,
    )


def _read_content(text: str) -> _Content:
    try:
        content = _Content.model_validate_json(text)
    except ValidationError as error:
        raise Rejected(f"a ballot with unreadable content: {_first(error.errors())}") from error
    if canonical(content).decode() != text:
        raise Rejected("a ballot whose content is not in canonical form")
    return content


def _first(errors: Sequence[object]) -> str:
    return str(errors[0])[:200] if errors else "no reason given"
