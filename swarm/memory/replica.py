"""One replica of a repository's facts.

Each replica, and each restart of one, writes under a fresh client id: two writers under one id diverge
silently, with equal state vectors. So the id is never saved and never given.

What comes from another replica is first read (`encoding`), then applied to a mirror of the document with
an observer, and only then, if the mirror saw nothing but good facts being added, to the document itself.
An empty scratch document in place of the mirror would not do: a deletion of something that it does not
hold is invisible there.

An entry's key is the hash of fact and signer together. So nobody can put their own signature in the place of
another's, and two signers of one fact stand side by side. The one change that passes besides an addition is
another good signature by the same signer: that happens when two replicas take a fact at the same time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swarm.domain.canonical import digest
from swarm.domain.errors import Rejected
from swarm.domain.facts import FactKind, SignedFact
from swarm.domain.names import Digest
from swarm.identity.public_api import verify_digest
from swarm.memory.admission import Verify, admit, entry, key_of
from swarm.memory.encoding import read_clocks, read_update

if TYPE_CHECKING:
    from swarm.memory.document import Change, Document

LARGEST_UPDATE = 64 << 20
"""Bytes. A repository should begin a new document long before."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What an update wanted that may not be; an empty key means the update as a whole."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Merged:
    """An update is taken whole or not at all: with anything in `refused`, nothing was added."""

    added: tuple[SignedFact, ...] = ()
    refused: tuple[Refused, ...] = ()


class Replica:
    """To be used by one thread at a time."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._document = _document()
        self._mirror = _document()
        self._held: dict[Digest, SignedFact] = {}
        self._hashes: dict[Digest, bytes] = {}

    # Asking ---------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._held)

    def facts(
        self, kind: FactKind | None = None, subject: str | None = None
    ) -> tuple[SignedFact, ...]:
        """Oldest first, as far as their authors say; equal times by hash."""
        chosen = (
            (signed.fact.at, key, signed)
            for key, signed in self._held.items()
            if kind in {None, signed.fact.kind} and subject in {None, signed.fact.subject}
        )
        return tuple(signed for _, _, signed in sorted(chosen, key=lambda each: each[:2]))

    def content_hash(self) -> Digest:
        """Equal for replicas that hold the same facts with the same signatures."""
        return digest(b"".join(self._hashes[key] for key in sorted(self._hashes)))

    # Growing --------------------------------------------------------------------------------------

    def add(self, signed: SignedFact) -> bool:
        """Take a fact; False when it is already here. Raises Rejected unless it may be here."""
        key = key_of(signed)
        if key in self._held:
            return False
        admit(key, entry(signed), self._verify)
        before = self._document.state_vector()
        self._document.put(key, entry(signed))
        self._mirror.apply(self._document.update_since(before))
        self._hold(key, signed)
        return True

    def merge(self, update: bytes) -> Merged:
        """Take what another replica sent, if all of it may be; never raises for what it holds."""
        if not update:
            return Merged()
        try:
            changes = self._staged(update)
        except Rejected as error:
            return self._refuse([Refused("", str(error))])
        admitted, refused = self._judge(changes)
        if refused:
            return self._refuse(refused)
        self._document.apply(update)
        added = tuple(signed for key, signed in admitted.items() if key not in self._held)
        for key, signed in admitted.items():
            self._hold(key, signed)
        return Merged(added=added)

    def _hold(self, key: Digest, signed: SignedFact) -> None:
        self._held[key] = signed
        self._hashes[key] = hashlib.sha256(entry(signed).encode()).digest()

    def _staged(self, update: bytes) -> "list[Change]":
        """What the update does to the mirror. Raises Rejected when it cannot be taken as a whole."""
        if len(update) > LARGEST_UPDATE:
            raise Rejected(f"the update is larger than {LARGEST_UPDATE:,} bytes")
        read = read_update(update)
        if read.missing_from(read_clocks(self.state_vector())):
            raise Rejected(
                "the update builds on something that is not here",
                advice="ask again with this replica's state vector",
            )
        changes = self._mirror.apply(update)
        if read.exceeds(read_clocks(self._mirror.state_vector())):
            raise Rejected("the update cannot be placed")
        return changes

    def _judge(self, changes: "Iterable[Change]") -> tuple[dict[Digest, SignedFact], list[Refused]]:
        admitted: dict[Digest, SignedFact] = {}
        refused: list[Refused] = []
        for key, action, value in changes:
            try:
                if action == "delete":
                    raise Rejected("facts are never deleted")
                admitted[Digest(key)] = admit(key, value, self._verify)
            except Rejected as error:
                refused.append(Refused(key, str(error)))
        return admitted, refused

    def _refuse(self, refused: list[Refused]) -> Merged:
        self._mirror = _document(self.save())
        return Merged(refused=tuple(sorted(refused, key=lambda each: each.key)))

    # Travelling -----------------------------------------------------------------------------------

    def state_vector(self) -> bytes:
        """What this replica has seen, for another to say what is new."""
        return self._document.state_vector()

    def update_since(self, vector: bytes) -> bytes:
        """What is new to a replica with that state vector. Raises Rejected when it is none."""
        read_clocks(vector)
        return self._document.update_since(vector)

    def save(self) -> bytes:
        """Everything, for `open_replica`."""
        return self._document.whole()


def open_replica(saved: bytes = b"", verify: Verify = verify_digest) -> Replica:
    """A replica with what `save` returned. Every fact is checked again; raises Rejected otherwise."""
    replica = Replica(verify)
    refused = replica.merge(saved).refused
    if refused:
        raise Rejected(
            f"the saved facts are damaged: {refused[0].reason}",
            advice="remove the file; the other replicas still hold the facts",
        )
    return replica


def _document(content: bytes = b"") -> "Document":
    from swarm.memory.document import Document

    return Document(content)
