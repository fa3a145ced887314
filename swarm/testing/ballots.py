"""A ballot box whose signatures are HMACs: real enough that a changed byte is noticed, and needing no
library. Events have the fields and the id of a Nostr event.
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field

from swarm.domain.ballots import Ballot, Choice, Policy, Subject, Voter, VoterRole
from swarm.domain.canonical import Json, canonical
from swarm.domain.errors import Rejected
from swarm.domain.names import AgentId, CommitHash, Digest, GoalId, Principal, PublicKey, TreeHash
from swarm.quorum.public_api import Draft, cast, read_ballot

Tags = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    public_key: PublicKey
    kind: int
    content: str
    tags: Tags
    created_at: int


@dataclass(slots=True)
class Booth:
    """Knows every voter's secret, so it can check what they sign."""

    secrets: dict[str, bytes] = field(default_factory=dict)

    def key(self, name: str) -> PublicKey:
        """The public key of that name; made at the first call, the same ever after."""
        secret = hashlib.sha256(f"secret of {name}".encode()).digest()
        public = PublicKey(hashlib.sha256(secret).hexdigest())
        self.secrets[public] = secret
        return public

    def sign_event(
        self, name: str, kind: int, content: str, tags: Tags = (), created_at: int = 0
    ) -> str:
        key = self.key(name)
        fields: Json = [0, key, created_at, kind, [list(tag) for tag in tags], content]
        event = {
            "id": hashlib.sha256(canonical(fields)).hexdigest(),
            "pubkey": key,
            "created_at": created_at,
            "kind": kind,
            "tags": [list(tag) for tag in tags],
            "content": content,
            "sig": self._seal(key, canonical(fields)),
        }
        return json.dumps(event, sort_keys=True)

    def verify(self, event_json: str) -> VerifiedEvent:
        """Raises Rejected when it is no event, or not signed by the key it names."""
        try:
            event = json.loads(event_json)
            names = ("pubkey", "created_at", "kind", "tags", "content", "sig", "id")
            key, created_at, kind, tags, content, sig, name = (event[each] for each in names)
            fields = canonical([0, key, created_at, kind, tags, content])
        except (ValueError, KeyError, TypeError) as error:
            raise Rejected("not an event") from error
        good = key in self.secrets and hmac.compare_digest(self._seal(key, fields), str(sig))
        if not good or hashlib.sha256(fields).hexdigest() != name:
            raise Rejected("a bad signature")
        return VerifiedEvent(
            public_key=PublicKey(key),
            kind=kind,
            content=content,
            tags=tuple(tuple(tag) for tag in tags),
            created_at=created_at,
        )

    def vote(
        self,
        voter: Voter,
        subject: Subject,
        choice: Choice,
        *,
        evidence: str = "e" * 64,
        created_at: int = 0,
    ) -> Ballot:
        """A ballot as that voter would cast it."""
        owed = "" if voter.role == "human" else evidence
        draft = cast(voter.agent_id, voter.role, subject.hash, choice, Digest(owed))
        return self.sealed(voter.agent_id, draft, created_at)

    def sealed(self, name: str, draft: Draft, created_at: int = 0) -> Ballot:
        event = self.sign_event(name, draft.kind, draft.content, draft.tags, created_at)
        return read_ballot(event, self.verify)

    def voter(self, name: str, role: VoterRole = "reviewer", principal: str = "") -> Voter:
        return Voter(
            agent_id=AgentId(name),
            principal=Principal(principal or f"local/{name}"),
            role=role,
            family=role,
            public_key=self.key(name),
        )

    def _seal(self, key: str, data: bytes) -> str:
        return hmac.new(self.secrets[key], data, hashlib.sha256).hexdigest()


def a_subject(
    policy: Policy, *, tree: str = "7" * 40, base: str = "b" * 40, at: int = 1
) -> Subject:
    return Subject(
        goal_id=GoalId("g-000000"),
        contract=Digest("c" * 64),
        action="open-pull-request",
        repository="/repository",
        base=CommitHash(base),
        tree=TreeHash(tree),
        policy=policy.hash,
        round=at,
    )
