"""A journal and a store of blobs in memory. They pass the same tests as the real ones."""

from collections.abc import Iterator, Sequence

from swarm.domain.canonical import digest as digest_of
from swarm.domain.errors import Rejected
from swarm.domain.events import Event
from swarm.domain.names import Digest
from swarm.journal.public_api import GENESIS, Head, Record, decode, encode, link


class MemoryJournal:
    """Events as bytes in a list: what is read back has been through the same codec."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self._bodies: list[bytes] = []
        self._hashes: list[bytes] = [GENESIS]
        self._closed = False
        self.append(events)

    def append(self, events: Sequence[Event]) -> int:
        if self._closed:
            raise Rejected("the journal is closed")
        for body in [encode(event) for event in events]:
            self._bodies.append(body)
            self._hashes.append(link(self._hashes[-1], len(self._bodies), body))
        return len(self._bodies)

    async def append_durably(self, events: Sequence[Event]) -> int:
        return self.append(events)

    def read(self, after: int = 0) -> Iterator[Record]:
        self._check(after)
        position = after
        while position < len(self._bodies):
            body = self._bodies[position]
            position += 1
            hash_ = Digest(self._hashes[position].hex())
            yield Record(position, decode(position, body), hash_)

    def head(self) -> Head:
        return Head(len(self._bodies), Digest(self._hashes[-1].hex()))

    def close(self) -> None:
        self._closed = True

    def _check(self, position: int) -> None:
        if not 0 <= position <= len(self._bodies):
            raise Rejected(f"the journal has no record {position}")


class MemoryBlobs:
    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}

    def put(self, data: bytes) -> Digest:
        digest = digest_of(data)
        self._blobs[digest] = data
        return digest

    def get(self, digest: Digest) -> bytes:
        self._check(digest)
        if digest not in self._blobs:
            raise Rejected(f"there is no blob {digest}")
        return self._blobs[digest]

    def has(self, digest: Digest) -> bool:
        self._check(digest)
        return digest in self._blobs

    def _check(self, digest: Digest) -> None:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise Rejected(f"{digest!r} is not the name of a blob: 64 hexadecimal digits are")
