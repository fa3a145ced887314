"""A provider inside the sandbox that is none: what an agent asks there goes to the gateway.

It listens on a port of the sandbox's own. An agent that is pointed to it needs no key and no network: the
gateway outside has the key, reserves before each call, and counts. Whoever asks is an enemy: requests are
bounded, one kind of them is understood, and money ends it.
"""

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from swarm.domain.errors import Exhausted, NeedsHuman, SwarmError, Transient
from swarm.engines.cli.sightings import Failed, Spent, Tokens, Trouble
from swarm.models.public_api import Passages, Passed, Passing
from swarm.sandbox.public_api import Listener

PORT = 3129
"""On 127.0.0.1 inside."""

MOST_HEAD, MOST_BODY = 64 << 10, 32 << 20
CONNECTIONS = 16
PATIENT_SECONDS, PING_SECONDS = 8.0, 10.0
"""So long an answer is waited for before a stream is begun that only says that there is more to come."""

_PING = b": more is to come\n\n"


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money is spent, and how much of it may be."""

    account: str
    cap: int
    limit: int


class Unread(Exception):
    """A request that is not understood."""


@dataclass(frozen=True, slots=True)
class Request:
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(slots=True)
class Relay:
    models: Passages
    engine: str
    purse: Purse
    path: str = "/messages"
    """The end of the only path there is."""

    only_data: bool = False
    """Its client understands no comments and no names of events."""

    patient_seconds: float = PATIENT_SECONDS
    spent: int = 0
    trouble: Failed | None = None
    """Why the last question was not answered, as the gateway knows it."""

    _unsaid: list[Spent] = field(default_factory=list)
    _listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self._listener = Listener(self._answer, CONNECTIONS, MOST_HEAD)

    async def serve(self, listening: socket.socket) -> None:
        await self._listener.serve(listening)

    def close(self) -> None:
        self._listener.close()

    def take(self) -> tuple[Spent, ...]:
        """What was spent since the last time."""
        told = tuple(self._unsaid)
        self._unsaid.clear()
        return told

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await read_request(reader)
        except (Unread, asyncio.LimitOverrunError):
            await _say(writer, 400, "that is not understood here")
            return
        except asyncio.IncompleteReadError:
            return
        if request.path.endswith("/count_tokens"):
            await _send(writer, 200, {"input_tokens": len(request.body) // 4})
        elif not request.path.endswith(self.path):
            await _say(writer, 404, f"there is nothing but {self.path}")
        else:
            await self._passed(request, writer)

    async def _passed(self, request: Request, writer: asyncio.StreamWriter) -> None:
        async with asyncio.TaskGroup() as group:
            call = group.create_task(self._asked(request))
            await asyncio.wait({call}, timeout=self.patient_seconds)
            begun = not call.done()
            if begun:
                writer.write(_HEAD)
            while not call.done():
                writer.write(b"\n" if self.only_data else _PING)
                await writer.drain()
                await asyncio.wait({call}, timeout=PING_SECONDS)
        answer = call.result()
        if isinstance(answer, Passed):
            writer.write((b"" if begun else _HEAD) + answer.stream)
            await writer.drain()
        elif begun:
            name = b"" if self.only_data else b"event: error\n"
            writer.write(name + b"data: " + json.dumps(_error(*answer)).encode() + b"\n\n")
            await writer.drain()
        else:
            await _say(writer, *answer)

    async def _asked(self, request: Request) -> Passed | tuple[int, str]:
        """The answer, or why there is none: a status and words."""
        purse = self.purse
        passing = Passing(
            engine=self.engine,
            account=purse.account,
            cap=purse.cap,
            limit=purse.limit - self.spent,
            body=request.body,
            headers=request.headers,
        )
        try:
            passed = await self.models.pass_on(passing)
        except SwarmError as error:
            self.trouble = Failed(_KINDS.get(type(error), "refused"), str(error))
            return status_of(error), f"{error}. {error.advice}".strip(" .")
        self.spent += passed.cost
        self.trouble = None
        tokens = Tokens(passed.read, passed.cached, passed.written)
        self._unsaid.append(Spent(tokens, passed.cost))
        return passed


_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\nConnection: close\r\n\r\n"
)
_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    529: "overloaded_error",
}


_KINDS: Mapping[type[SwarmError], Trouble] = {
    Exhausted: "over-budget",
    NeedsHuman: "logged-out",
    Transient: "overloaded",
}


def status_of(error: SwarmError) -> int:
    """As the provider itself would say it, so that agents do what fits."""
    match error:
        case Transient():
            return 529
        case NeedsHuman():
            return 401
        case Exhausted():
            return 402
        case _:
            return 400


def _error(status: int, text: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": _TYPES[status], "message": text}}


async def _say(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    await _send(writer, status, _error(status, text))


async def _send(writer: asyncio.StreamWriter, status: int, document: object) -> None:
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status < 400 else 'No'}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Raises Unread for what is not plainly a request with a body of a known length."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n"))[:-4].split(b"\r\n")
    words = first.split(b" ")
    headers = tuple(_header(line) for line in lines)
    known = dict(headers)
    length = known.get("content-length", "0")
    if len(words) != 3 or not length.isascii() or not length.isdigit() or int(length) > MOST_BODY:
        raise Unread
    if "transfer-encoding" in known:
        raise Unread
    path = words[1].split(b"?")[0].decode("ascii", "replace")
    return Request(path, headers, await reader.readexactly(int(length)))


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.strip().lower(), value.strip()
