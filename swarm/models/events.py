"""Server-sent events from bytes that arrive in any pieces.

Field names and line ends as in the HTML standard, part 9.2. Comments are passed over. An event larger
than the bound, or bytes that are not UTF-8, are garbage: what has been read cannot be trusted then.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from swarm.models.trouble import Trouble

MOST_EVENT = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerEvent:
    name: str
    data: str


@dataclass(slots=True)
class EventReader:
    """Feed it bytes; it gives the events that are complete."""

    _rest: bytearray = field(default_factory=bytearray)
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _size: int = 0

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """Raises Trouble for what is no stream of events."""
        self._rest += piece
        *lines, rest = self._rest.split(b"\n")
        self._rest = rest
        if len(rest) > MOST_EVENT:
            raise Trouble("garbage", "a line without an end")
        for line in lines:
            if (event := self._line(bytes(line.removesuffix(b"\r")))) is not None:
                yield event

    def _line(self, raw: bytes) -> ServerEvent | None:
        if not raw:
            return self._dispatched()
        self._size += len(raw)
        if self._size > MOST_EVENT:
            raise Trouble("garbage", "an event without an end")
        try:
            field_name, _, value = raw.decode("utf-8").partition(":")
        except UnicodeDecodeError as error:
            raise Trouble("garbage", "bytes that are not UTF-8") from error
        value = value.removeprefix(" ")
        if field_name == "event":
            self._name = value
        elif field_name == "data":
            self._data.append(value)
        return None

    def _dispatched(self) -> ServerEvent | None:
        event = ServerEvent(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._size = "", 0
        self._data = []
        return event
