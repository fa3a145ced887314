"""Events as bytes, and back. The only module here that knows what an event is.

The bytes are canonical, so the same event hashes the same wherever it was written.
"""

from pydantic import ValidationError

from swarm.domain.canonical import canonical
from swarm.domain.errors import Rejected
from swarm.domain.events import EVENT, Event


def encode(event: Event) -> bytes:
    return canonical(event)


def decode(position: int, body: bytes) -> Event:
    """Raises Rejected for an event that this version does not know."""
    try:
        return EVENT.validate_json(body)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise Rejected(
            f"record {position} of the journal is not an event of this version: {reason}",
            advice="open the journal with the version of swarm that wrote it, or a newer one",
        ) from error
