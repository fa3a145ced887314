"""What a verified event is, whoever verified it."""

from dataclasses import dataclass

from swarm.domain.names import PublicKey


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """What the holder of a key said, and when it claims to have said it."""

    id: str
    public_key: PublicKey
    kind: int
    content: str
    tags: tuple[tuple[str, ...], ...]
    created_at: int
    """Seconds since 1970, by the author's word alone."""
