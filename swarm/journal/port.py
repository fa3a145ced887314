"""The ports: what the rest of the project needs of a journal and of a store of blobs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from swarm.domain.events import Event
from swarm.domain.names import Digest


@dataclass(frozen=True, slots=True)
class Record:
    """An event with its place in the record. Positions count from 1 without a gap."""

    position: int
    event: Event
    hash: Digest
    """Covers this record and all before it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last record; of an empty journal, position 0 and 64 zeros."""

    position: int
    hash: Digest


class Journal(Protocol):
    """An append-only record of events.

    `append` writes all of the events or none, and has them on the disk when it returns the last
    position. Raises Rejected when another coordinator has taken over, Exhausted when the disk is
    full (nothing is written, later calls may work), Lacking when the disk cannot be written.
    """

    def append(self, events: Sequence[Event]) -> int: ...

    async def append_durably(self, events: Sequence[Event]) -> int:
        """The same without blocking the loop; simultaneous calls share one write to the disk.

        A call that is cancelled may still have been carried out.
        """
        ...

    def read(self, after: int = 0) -> Iterator[Record]:
        """Yield the records behind position `after`, each verified. Raises Rejected."""
        ...

    def head(self) -> Head: ...

    def close(self) -> None: ...


class Blobs(Protocol):
    """Bytes by their hash: what is too large or too foreign for an event."""

    def put(self, data: bytes) -> Digest:
        """Keep the bytes, on the disk on return. Putting them again changes nothing."""
        ...

    def get(self, digest: Digest) -> bytes:
        """Return the bytes, verified. Raises Rejected when they are absent or damaged."""
        ...

    def has(self, digest: Digest) -> bool: ...
