"""Signers from a seed, so that a test's agents have the same public keys in every run.

The signatures themselves differ from run to run: BIP-340 mixes fresh randomness into each.
"""

import hashlib

from swarm.identity.public_api import Signer


def a_signer(name: str = "ann", seed: int = 0) -> Signer:
    return Signer(hashlib.sha256(f"{seed}/{name}".encode()).hexdigest())


class SeededKeyRing:
    """A key ring without files."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed

    def signer(self, name: str) -> Signer:
        return a_signer(name, self._seed)
