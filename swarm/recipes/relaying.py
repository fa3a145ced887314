"""An index of packages that wants a password, for builds that must not know it.

Programs that build packages may be anybody's, and could read a password that is in their sandbox. So a
relay of ours listens there instead, and asks the index from outside, with the password: for what lies
below the index's own address, and for files that its pages have linked to on the same host. Nothing
else of that host can be had through it, and nothing but GET and HEAD.

Links in pages that name the host are turned to the relay. Redirects are passed on and not followed:
what is on another host is reached through the sandbox's list of hosts, without the password, or not.
"""

import asyncio
import base64
import http.client
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from swarm.recipes.indexes import Indexes, Key
from swarm.sandbox.public_api import Listener, Sandbox

FIRST_PORT = 3141
"""On 127.0.0.1 inside; a host each."""

_HEAD_BYTES = 32 << 10
_PIECE_BYTES = 256 << 10
_PAGE_BYTES = 64 << 20
_MOST_LINKS = 500_000
_SECONDS = 120.0
_AT_A_TIME = 64
_ASKED = ("accept", "range", "if-range", "if-none-match", "if-modified-since", "user-agent")
_ANSWERED = ("content-type", "content-length", "content-range", "accept-ranges", "etag",
             "last-modified", "cache-control")  # fmt: skip
_LINK = re.compile(rb"""(?:\bhref\s*=\s*|"url"\s*:\s*)["']([^"'<>\s]+)["']""", re.IGNORECASE)
_BESIDE = (".metadata", ".asc", ".provenance")


@dataclass(frozen=True, slots=True)
class _Asked:
    method: str
    path: str
    headers: Mapping[str, str]


@asynccontextmanager
async def relayed(sandbox: Sandbox, indexes: Indexes) -> AsyncIterator[Indexes]:
    """The indexes as the sandbox is told of them, as long as they are served there."""
    relays: list[Relay] = []
    try:
        for port, key in enumerate(indexes.keys, FIRST_PORT):
            relay = Relay(key, indexes, f"http://127.0.0.1:{port}")
            await relay.serve(await sandbox.listen(port))
            relays.append(relay)
        yield indexes.told({relay.key.origin: relay.inside for relay in relays})
    finally:
        for relay in relays:
            relay.close()


class Relay:
    """Serves one host with a password until it is closed."""

    def __init__(self, key: Key, indexes: Indexes, inside: str) -> None:
        self.key, self.inside = key, inside
        own = [each for each in indexes.addresses if each.startswith(f"{key.origin}/")]
        self._below = tuple(urlsplit(each).path.rstrip("/") + "/" for each in own)
        self._linked: set[str] = set()
        self._context = ssl.create_default_context(cafile=indexes.authorities)
        self._listener = Listener(self._hear, _AT_A_TIME, _HEAD_BYTES)

    async def serve(self, listening: socket.socket) -> None:
        await self._listener.serve(listening)

    def close(self) -> None:
        self._listener.close()

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                asked = _read(await reader.readuntil(b"\r\n\r\n"))
            await self._answer(asked, writer)
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(_said(400, "Bad Request", {}))
        except (EOFError, http.client.HTTPException) as error:
            raise ConnectionAbortedError("one side says nothing that is understood") from error

    async def _answer(self, asked: _Asked, writer: asyncio.StreamWriter) -> None:
        if not self._may(asked.path):
            writer.write(_said(403, "Forbidden", {}))
            return
        connection = self._connection()
        try:
            answer = await asyncio.to_thread(self._ask, connection, asked)
            headers = {name: answer.headers[name] for name in _ANSWERED if name in answer.headers}
            if where := answer.headers.get("location"):
                headers["location"] = self._turned(asked.path, where.encode()).decode()
            if _is_page(headers) and asked.method == "GET":
                page = await asyncio.to_thread(answer.read, _PAGE_BYTES)
                body = self._page(asked.path, page)
                headers["content-length"] = str(len(body))
                writer.write(_said(answer.status, answer.reason, headers) + body)
                return
            writer.write(_said(answer.status, answer.reason, headers))
            while piece := await asyncio.to_thread(answer.read, _PIECE_BYTES):
                writer.write(piece)
                async with asyncio.timeout(_SECONDS):
                    await writer.drain()
        finally:
            connection.close()

    def _may(self, path: str) -> bool:
        plain = path.partition("?")[0]
        if any(part in {"..", "."} or "%2e" in part.lower() for part in plain.split("/")):
            return False
        files = (path, *(path.removesuffix(each) for each in _BESIDE))
        below = any(f"{plain}/".startswith(each) for each in self._below)
        return below or any(each in self._linked for each in files)

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self.key.host, self.key.port
        if self.key.scheme == "https":
            context = self._context
            return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
        return http.client.HTTPConnection(host, port, timeout=_SECONDS)

    def _ask(
        self, connection: http.client.HTTPConnection, asked: _Asked
    ) -> http.client.HTTPResponse:
        secret = base64.b64encode(f"{self.key.user}:{self.key.password}".encode()).decode()
        own = {"Authorization": f"Basic {secret}", "Accept-Encoding": "identity"}
        connection.request(asked.method, asked.path, headers={**asked.headers, **own})
        return connection.getresponse()

    def _page(self, path: str, page: bytes) -> bytes:
        """Remembers where its links lead on this host, and turns them to us."""
        for link in _LINK.findall(page):
            self._turned(path, link.replace(b"&amp;", b"&"))
        return self.key.spellings.sub(self.inside.encode(), page)

    def _turned(self, path: str, link: bytes) -> bytes:
        with suppress(ValueError):
            where, _ = urldefrag(urljoin(self.key.origin + path, link.decode("utf-8", "replace")))
            parts = urlsplit(where)
            same = (parts.scheme, parts.hostname, parts.port or self.key.default_port)
            if same == (self.key.scheme, self.key.host, self.key.port):
                if len(self._linked) < _MOST_LINKS:
                    self._linked.add(parts.path + (f"?{parts.query}" if parts.query else ""))
                return self.key.spellings.sub(self.inside.encode(), link)
        return link


def _read(head: bytes) -> _Asked:
    """Raises ValueError for what is not plainly a request for a path."""
    first, *lines = head[:-4].decode("ascii").split("\r\n")
    method, path, version = first.split(" ")
    good = method in ("GET", "HEAD") and path.startswith("/") and version.startswith("HTTP/1.")
    if not good or not all(each.isprintable() for each in (path, *lines)):
        raise ValueError("no request that is understood")
    given = dict(line.split(":", 1) for line in lines)
    named = {name.lower(): value.strip() for name, value in given.items()}
    return _Asked(method, path, {name: named[name] for name in _ASKED if name in named})


def _said(status: int, reason: str, headers: Mapping[str, str]) -> bytes:
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {reason}\r\n{told}Connection: close\r\n\r\n".encode(
        "latin-1", "replace"
    )


def _is_page(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "")
    return kind.startswith("text/html") or "pypi.simple" in kind
