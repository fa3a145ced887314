"""Whether an entry may stand in the map: a signed fact, in its one byte form, under its own name."""

from collections.abc import Callable

from pydantic import ValidationError

from swarm.domain.canonical import canonical, digest
from swarm.domain.errors import Rejected
from swarm.domain.facts import SignedFact
from swarm.domain.names import Digest, PublicKey

Verify = Callable[[PublicKey, str, str], bool]
"""Whether the key made this signature over this digest (key, digest, signature). Every replica of a
document must answer alike, or they never agree on what it holds."""

LONGEST = 4096
"""Characters of one entry."""


def entry(signed: SignedFact) -> str:
    """The value that stands in the map."""
    return canonical(signed).decode()


def admit(key: object, value: object, verify: Verify) -> SignedFact:
    """Read an entry. Raises Rejected with the reason why it may not stand there."""
    if not isinstance(value, str):
        raise Rejected("the value is not a string")
    if len(value) > LONGEST:
        raise Rejected(f"the fact has {len(value)} characters; {LONGEST} are allowed")
    signed = _read(value)
    if entry(signed) != value:
        raise Rejected("the fact is not in canonical form")
    if key_of(signed) != key:
        raise Rejected("the key is not the hash of fact and signer")
    if not verify(signed.public_key, signed.fact.hash, signed.signature):
        raise Rejected("the signature is not good")
    return signed


def key_of(signed: SignedFact) -> Digest:
    """The hash of fact and signer: the entry's name."""
    return digest(canonical([signed.fact.hash, signed.public_key]))


def _read(value: str) -> SignedFact:
    try:
        return SignedFact.model_validate_json(value)
    except ValidationError as error:
        raise Rejected("the value is not a signed fact") from error
