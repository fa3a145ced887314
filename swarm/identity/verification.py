"""Checking events and signatures: pure functions from text to a verdict.

The text is anybody's. The answer is a verified event or Rejected, and never anything else.
"""

import re

from swarm.domain.errors import Rejected
from swarm.domain.names import PublicKey
from swarm.identity.events import VerifiedEvent

LARGEST_EVENT = 65_536
"""Bytes of JSON; the limit that Nostr relays have by default."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def verify_event(event_json: str) -> VerifiedEvent:
    """Return what the event says. Raises Rejected when it is malformed, too large or forged."""
    from swarm.identity import nostr

    # Lone surrogates have no bytes; replaced, they are refused as any other change is.
    if len(event_json) > LARGEST_EVENT or len(event_json.encode(errors="replace")) > LARGEST_EVENT:
        raise Rejected(f"the event is larger than {LARGEST_EVENT:,} bytes")
    return nostr.verified_event(event_json)


def verify_digest(public_key: PublicKey, digest_hex: str, signature_hex: str) -> bool:
    """Tell whether `Signer.sign_digest` made this signature with the key. False if malformed."""
    from swarm.identity import nostr

    well_formed = is_digest(public_key) and is_digest(digest_hex) and _is_signature(signature_hex)
    return well_formed and nostr.is_signed_digest(public_key, digest_hex, signature_hex)


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def _is_signature(text: str) -> bool:
    return _SIGNATURE.fullmatch(text) is not None
