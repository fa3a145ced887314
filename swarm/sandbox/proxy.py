"""The one way out of a sandbox that may reach some hosts: an HTTP proxy of its supervisor's.

It accepts on a socket that listens inside the sandbox, where there is no other network, and connects
from outside. What it reads is an enemy's: one request a connection, of a bounded size, either CONNECT
or GET or HEAD of an `http:` address; everything else is refused. A name is resolved once, here, and
the connection goes to an address that was looked at: an answer that changes between looking and
connecting changes nothing. Redirects are not followed; whoever follows one asks again.

What an allowed host passes on, or a name inside an encrypted connection that differs from the one it
was opened for, is out of its sight.
"""

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from swarm.sandbox import network
from swarm.sandbox.accepting import Listener
from swarm.sandbox.blocked import MOST, plain
from swarm.sandbox.network import Target
from swarm.sandbox.port import Blocked, Network

_HEAD_BYTES = 32 << 10
_PIECE_BYTES = 64 << 10
_HTTP, _HTTPS = 80, 443
_PASSED_ON = ("accept", "accept-encoding", "cache-control", "if-modified-since", "if-none-match",
              "range", "user-agent", "authorization")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    bytes: int = 4 << 30
    """In both directions, over the life of a sandbox."""

    connections: int = 64
    """At a time."""

    idle_seconds: float = 60.0
    connect_seconds: float = 20.0


class Resolve(Protocol):
    async def __call__(self, host: str, port: int) -> tuple[str, ...]: ...


class _Refused(Exception):
    """Not to be let through, with the reason and as much of the target as could be read."""

    def __init__(self, why: str, host: str = "", port: int = 0, status: int = 403) -> None:
        super().__init__(why)
        self.why, self.host, self.port, self.status = why, host, port, status


@dataclass(frozen=True, slots=True)
class _Request:
    target: Target
    forward: bytes
    """To be sent on; empty: a tunnel was asked for."""


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a name, as this machine resolves it. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(str(address[0]) for *_rest, address in found)


class Proxy:
    """Serves one sandbox until it is closed."""

    def __init__(
        self, allowed: Network, bounds: Bounds | None = None, resolve: Resolve = resolve
    ) -> None:
        self._allowed = allowed
        self._bounds = bounds or Bounds()
        self._resolve = resolve
        self._left = self._bounds.bytes
        self._refused: Counter[tuple[str, int, str]] = Counter()
        self._listener = Listener(self._answer, self._bounds.connections, _HEAD_BYTES)

    async def serve(self, listening: socket.socket) -> None:
        """Begin to accept on it; returns at once."""
        await self._listener.serve(listening)

    def close(self) -> None:
        """Refuse what comes, and end what is open."""
        self._listener.close()

    def blocked(self) -> tuple[Blocked, ...]:
        return tuple(
            Blocked(host, port, why=why, count=count)
            for (host, port, why), count in self._refused.items()
        )

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = _read(await self._head(reader))
            up_reader, up_writer = await self._connect(request.target)
        except _Refused as refused:
            self._record(refused)
            reason = {403: "Forbidden", 400: "Bad Request"}.get(refused.status, "Bad Gateway")
            body = f"the sandbox's proxy refuses this: {refused.why}\n".encode()
            writer.write(
                f"HTTP/1.1 {refused.status} {reason}\r\nContent-Length: {len(body)}\r\n"
                f"Content-Type: text/plain\r\nConnection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            return
        self._listener.open.add(up_writer)
        try:
            if request.forward:
                up_writer.write(request.forward)
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, up_writer, talks=not request.forward))
                group.create_task(self._pump(up_reader, writer))
        except ExceptionGroup as errors:
            if errors.split((OSError, TimeoutError))[1] is not None:
                raise
        finally:
            self._listener.open.discard(up_writer)
            up_writer.transport.abort()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._bounds.idle_seconds):
                return await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise _Refused("a request too long", status=400) from error
        except asyncio.IncompleteReadError as error:
            raise ConnectionResetError from error

    async def _connect(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = target.host, target.port
        why = network.refusal(self._allowed, target)
        if why or self._left <= 0:
            raise _Refused(why or "too much was sent already", host, port)
        try:
            async with asyncio.timeout(self._bounds.connect_seconds):
                addresses = await self._resolve(host, port)
                good = [
                    each for each in addresses if network.may_connect(self._allowed, each, port)
                ]
                if not good:
                    raise _Refused("its address is not a public one", host, port)
                return await self._first(good, port)
        except OSError as error:
            raise _Refused("cannot be reached", host, port, status=502) from error

    async def _first(
        self, addresses: list[str], port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for address in addresses[:-1]:
            with suppress(OSError):
                return await asyncio.open_connection(address, port)
        return await asyncio.open_connection(addresses[-1], port)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, talks: bool = True
    ) -> None:
        """Pass on until the end. Of who may not talk any more, nothing is passed on."""
        while True:
            async with asyncio.timeout(self._bounds.idle_seconds):
                piece = await reader.read(_PIECE_BYTES)
            self._left -= len(piece)
            if not piece:
                break
            if self._left < 0:
                raise ConnectionAbortedError("too much")
            if talks:
                writer.write(piece)
                async with asyncio.timeout(self._bounds.idle_seconds):
                    await writer.drain()
        if talks and writer.can_write_eof():
            writer.write_eof()

    def _record(self, refused: _Refused) -> None:
        key = plain(refused.host, 200), refused.port, refused.why
        if key in self._refused or len(self._refused) < MOST:
            self._refused[key] += 1


def _read(head: bytes) -> _Request:
    """Raises _Refused for everything that is not plainly one of the two forms."""
    try:
        first, *lines = head[:-4].decode("ascii").split("\r\n")
        method, where, version = first.split(" ")
    except ValueError as error:
        raise _Refused("no request that is understood", status=400) from error
    if version not in ("HTTP/1.1", "HTTP/1.0") or any(not each.isprintable() for each in lines):
        raise _Refused("no request that is understood", status=400)
    headers = _headers(lines)
    try:
        if method == "CONNECT":
            return _Request(_same(network.target(where), headers, _HTTPS), b"")
        return _plain_request(method, where, headers)
    except ValueError as error:
        raise _Refused(str(error), plain(where, 200), status=400) from error


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or name.lower() in headers:
            raise _Refused("headers that are not understood", status=400)
        headers[name.lower()] = value.strip()
    return headers


def _plain_request(method: str, where: str, headers: dict[str, str]) -> _Request:
    parts = urlsplit(where)
    if method not in ("GET", "HEAD") or parts.scheme != "http":
        raise ValueError("only CONNECT, and GET and HEAD of http addresses, are passed on")
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise ValueError("a body where there can be none")
    target = _same(network.target(parts.netloc, _HTTP), headers, _HTTP)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = target.host if target.port == _HTTP else f"{target.host}:{target.port}"
    kept = "".join(f"{name}: {headers[name]}\r\n" for name in _PASSED_ON if name in headers)
    text = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{kept}Connection: close\r\n\r\n"
    return _Request(target, text.encode("ascii"))


def _same(wanted: Target, headers: dict[str, str], default_port: int) -> Target:
    """What stands in the Host header must be what is asked for."""
    named = headers.get("host")
    if named is not None:
        port = wanted.port if ":" not in named else default_port
        if network.target(named, port) != wanted:
            raise _Refused("the Host header names another host", wanted.host, wanted.port)
    return wanted
