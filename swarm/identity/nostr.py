"""The only module that knows nostr-sdk. Import it inside functions: loading it takes a while.

Events are those of NIP-01 (https://github.com/nostr-protocol/nips/blob/master/01.md): the id is the
SHA-256 of author, time, kind, tags and content, and a BIP-340 Schnorr signature covers the id.
"""

from collections.abc import Sequence

import nostr_sdk  # type: ignore[import-untyped]  # it ships without type information
from nostr_sdk import NostrSdkError

from swarm.domain.errors import Rejected
from swarm.domain.names import PublicKey
from swarm.identity.events import VerifiedEvent

DIGEST_KIND = 7573
"""Kind of the events that digests are signed in; no relay ever sees one."""


def new_secret() -> str:
    return str(nostr_sdk.SecretKey.generate().to_hex())


def public_key(secret: str) -> PublicKey:
    """Raises Rejected when the 64 digits are no secret key: zero, or beyond the curve's order."""
    try:
        return PublicKey(nostr_sdk.Keys.parse(secret).public_key().to_hex())
    except NostrSdkError:
        raise Rejected("the secret key is not valid") from None  # its text stays out of messages


def signed_event(
    secret: str, kind: int, content: str, tags: Sequence[Sequence[str]], created_at: int
) -> str:
    keys = nostr_sdk.Keys.parse(secret)
    try:
        unsigned = _unsigned(keys.public_key(), kind, content, tags, created_at)
        return str(keys.sign_event(unsigned).as_json())
    except (NostrSdkError, ValueError) as error:
        raise Rejected(f"this cannot be a Nostr event: {error}") from error


def signed_digest(secret: str, digest_hex: str) -> str:
    keys = nostr_sdk.Keys.parse(secret)
    return str(keys.sign_event(_digest_event(keys.public_key(), digest_hex)).signature())


def verified_event(event_json: str) -> VerifiedEvent:
    """Raises Rejected for anything but a well-formed event with its author's signature."""
    try:
        event = nostr_sdk.Event.from_json(event_json)
    except (NostrSdkError, nostr_sdk.InternalError, ValueError) as error:
        raise Rejected(f"not a Nostr event: {error}") from error
    if not event.verify():
        raise Rejected("the event's id or signature does not fit its content")
    return VerifiedEvent(
        id=event.id().to_hex(),
        public_key=PublicKey(event.author().to_hex()),
        kind=event.kind().as_u16(),
        content=event.content(),
        tags=tuple(tuple(tag.to_vec()) for tag in event.tags()),
        created_at=event.created_at().as_secs(),
    )


def is_signed_digest(author: PublicKey, digest_hex: str, signature_hex: str) -> bool:
    try:
        unsigned = _digest_event(nostr_sdk.PublicKey.parse(author), digest_hex)
        return bool(unsigned.add_signature(signature_hex).verify())
    except NostrSdkError:
        return False


def _digest_event(author: nostr_sdk.PublicKey, digest_hex: str) -> nostr_sdk.UnsignedEvent:
    return _unsigned(author, DIGEST_KIND, digest_hex, (), created_at=0)


def _unsigned(
    author: nostr_sdk.PublicKey,
    kind: int,
    content: str,
    tags: Sequence[Sequence[str]],
    created_at: int,
) -> nostr_sdk.UnsignedEvent:
    builder = nostr_sdk.EventBuilder(nostr_sdk.Kind(kind), content)
    builder = builder.custom_created_at(nostr_sdk.Timestamp.from_secs(created_at))
    builder = builder.tags([nostr_sdk.Tag.parse(list(tag)) for tag in tags])
    return builder.finalize_unsigned(author)
