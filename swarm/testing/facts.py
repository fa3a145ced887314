"""Facts with defaults, and a signature that needs no key pair: a digest of a name and what is signed."""

from swarm.domain.canonical import digest
from swarm.domain.facts import Fact, FactKind, SignedFact
from swarm.domain.names import AgentId, CommitHash, Digest, PublicKey


def a_fact(
    claim: str = "uses pytest",
    *,
    kind: FactKind = "convention",
    subject: str = "repository",
    by: str = "ann",
    at: int = 0,
    file_hash: str = "",
    supersedes: tuple[Digest, ...] = (),
) -> Fact:
    return Fact(
        kind=kind,
        subject=subject,
        claim=claim,
        file_hash=file_hash,
        commit=CommitHash("c" * 40),
        by=AgentId(by),
        at=at,
        supersedes=supersedes,
    )


def key_for(name: str) -> PublicKey:
    return PublicKey(digest(name.encode()))


def signed(fact: Fact, name: str = "ann", nonce: str = "") -> SignedFact:
    """Different nonces give different good signatures, as with a real scheme."""
    key = key_for(name)
    return SignedFact(
        fact=fact, public_key=key, signature=f"{_seal(key, fact.hash, nonce)}.{nonce}"
    )


def verify(public_key: PublicKey, digest_hex: str, signature: str) -> bool:
    seal, _, nonce = signature.partition(".")
    return seal == _seal(public_key, digest_hex, nonce)


def _seal(key: str, digest_hex: str, nonce: str) -> Digest:
    return digest(f"{key}|{digest_hex}|{nonce}".encode())
