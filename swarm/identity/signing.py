"""What a key can do: sign an event, sign a digest."""

import re
from collections.abc import Sequence
from typing import Protocol

from swarm.domain.errors import Rejected
from swarm.domain.names import PublicKey

_SECRET = re.compile(r"[0-9a-f]{64}")


class Signers(Protocol):
    """Whoever keeps keys: `KeyRing` in files, `swarm.testing.identity` from a seed."""

    def signer(self, name: str) -> "Signer": ...


class Signer:
    """Signs as one agent. Stays in its process: it cannot be pickled, and shows no secret."""

    __slots__ = ("_secret", "public_key")

    def __init__(self, secret: str) -> None:
        """`secret`: 64 hexadecimal digits. Raises Rejected when they are no key."""
        from swarm.identity import nostr

        if _SECRET.fullmatch(secret) is None:
            raise Rejected("a secret key is 64 hexadecimal digits")
        self._secret = secret
        self.public_key: PublicKey = nostr.public_key(secret)

    def sign_event(
        self, kind: int, content: str, tags: Sequence[Sequence[str]], created_at: int
    ) -> str:
        """Return the signed Nostr event as JSON. `created_at`: seconds since 1970."""
        from swarm.identity import nostr

        return nostr.signed_event(self._secret, kind, content, tags, created_at)

    def sign_digest(self, digest_hex: str) -> str:
        """Return a Schnorr signature over the digest, as 128 hexadecimal digits.

        What is signed is the id of a Nostr event of a kind of its own with the digest as content,
        never the 32 bytes themselves: those could be the id of a ballot that was slipped in.
        """
        from swarm.identity import nostr
        from swarm.identity.verification import is_digest

        if not is_digest(digest_hex):
            raise Rejected(f"{digest_hex!r} is not a digest: 64 hexadecimal digits are")
        return nostr.signed_digest(self._secret, digest_hex)

    def __repr__(self) -> str:
        return f"Signer({self.public_key})"

    def __reduce__(self) -> str:
        raise TypeError("a signer stays in its process: pass the key ring's folder and the name")
