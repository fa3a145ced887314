"""What an update would do to a document, read from its bytes.

The library applies whatever it can decode, and keeps what it cannot place yet: an insertion whose
predecessor is missing, and the deletion of an item that has not arrived. Both are invisible until the
missing part comes, and then strike it. So an update is read first: only entries of the one flat map, each
with what precedes it, and no deletion of anything unknown.

The layout is version 1 of the Yjs update encoding (https://github.com/yjs/yjs, `src/utils/encoding.js`):
blocks of items by client, then ranges of deleted clocks by client; all numbers are LEB128.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from swarm.domain.errors import Rejected

ROOT = "facts"

_GARBAGE, _DELETED, _ANY = 0, 1, 8
_ORIGIN, _RIGHT_ORIGIN, _KEYED, _CONTENT = 0x80, 0x40, 0x20, 0x1F
_STRING = 119
_MOST_DIGITS = 9
"""Of a number, 7 bits each: ids have 53 bits."""

Clocks = Mapping[int, int]
"""The next clock that is expected, by client."""


@dataclass(frozen=True, slots=True)
class Update:
    """Where its blocks begin and end, and how far its deletions and origins reach, by client."""

    begins: Clocks
    ends: Clocks
    reaches: Clocks

    def missing_from(self, known: Clocks) -> bool:
        """Whether it builds on something that is neither known nor in it."""
        if any(start > known.get(client, 0) for client, start in self.begins.items()):
            return True
        return any(
            end > max(known.get(client, 0), self.ends.get(client, 0))
            for client, end in self.reaches.items()
        )

    def exceeds(self, known: Clocks) -> bool:
        """Whether not all of it has arrived in a document with these clocks."""
        return any(end > known.get(client, 0) for client, end in self.ends.items())


def read_update(data: bytes) -> Update:
    """Raises Rejected unless it consists of entries of the map, and is well-formed."""
    reader = _Reader(data)
    begins: dict[int, int] = {}
    ends: dict[int, int] = {}
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.number(), reader.number()
        if client in begins:
            raise Rejected("a client occurs twice in the update")
        begins[client] = clock
        for _ in range(count):
            clock += _length_of_item(reader, client, clock)
        ends[client] = clock
    for _ in range(reader.number()):
        client = reader.number()
        for _ in range(reader.number()):
            reader.reach(client, reader.number() + reader.number())
    reader.finish()
    return Update(begins=begins, ends=ends, reaches=reader.reaches)


def read_clocks(state_vector: bytes) -> dict[int, int]:
    """Raises Rejected when it is not a state vector."""
    reader = _Reader(state_vector)
    clocks = {reader.number(): reader.number() for _ in range(reader.number())}
    reader.finish()
    return clocks


def _length_of_item(reader: "_Reader", client: int, clock: int) -> int:
    info = reader.byte()
    if info == _GARBAGE:
        return reader.number()
    for neighbour in (_ORIGIN, _RIGHT_ORIGIN):
        if info & neighbour:
            whose, which = reader.number(), reader.number()
            if whose == client and which >= clock:
                raise Rejected("an item of the update builds on a later one")
            reader.reach(whose, which + 1)
    if not info & (_ORIGIN | _RIGHT_ORIGIN):
        if reader.number() != 1 or reader.text() != ROOT or not info & _KEYED:
            raise Rejected(f"the update writes elsewhere than in the map {ROOT!r}")
        reader.text()
    return _length_of_content(reader, info & _CONTENT)


def _length_of_content(reader: "_Reader", content: int) -> int:
    if content == _DELETED:
        return reader.number()
    if content != _ANY or reader.number() != 1 or reader.byte() != _STRING:
        raise Rejected("the update holds something else than a string")
    reader.text()
    return 1


@dataclass(slots=True)
class _Reader:
    data: bytes
    at: int = 0
    reaches: dict[int, int] = field(default_factory=dict)

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise Rejected("the update ends too early")
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        value = 0
        for place in range(_MOST_DIGITS):
            digit = self.byte()
            value |= (digit & 0x7F) << (7 * place)
            if digit < 0x80:
                return value
        raise Rejected("the update holds an endless number")

    def text(self) -> str:
        end = self.number() + self.at
        if end > len(self.data):
            raise Rejected("the update ends too early")
        raw, self.at = self.data[self.at : end], end
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Rejected("the update holds text that is not UTF-8") from error

    def reach(self, client: int, end: int) -> None:
        """Something of this client's up to `end` must be known."""
        self.reaches[client] = max(self.reaches.get(client, 0), end)

    def finish(self) -> None:
        if self.at != len(self.data):
            raise Rejected("the update goes on after its end")
