"""What other packages may import from `swarm.identity`."""

from swarm.identity.events import VerifiedEvent
from swarm.identity.keys import KeyRing
from swarm.identity.signing import Signer, Signers
from swarm.identity.verification import (
    LARGEST_EVENT,
    verify_digest,
    verify_event,
)

__all__ = [
    "LARGEST_EVENT",
    "KeyRing",
    "Signer",
    "Signers",
    "VerifiedEvent",
    "verify_digest",
    "verify_event",
]
