"""The hash chain: each record's hash covers its body, its position and the hash before it.

A changed, moved, inserted or removed record breaks the chain at its own position.
"""

import hashlib

GENESIS = bytes(32)
"""The hash before the first record."""


def link(previous: bytes, position: int, body: bytes) -> bytes:
    """SHA-256 over the previous hash, the position as 8 bytes (big endian), and the body."""
    return hashlib.sha256(previous + position.to_bytes(8, "big") + body).digest()
