"""One request over HTTP and its answer as a stream; the only module that knows httpx.

Nothing is followed to another host, nothing is decompressed (a small answer could become a large one),
and the user's proxy settings count for what is not on this machine. Foreign errors end here.
"""

import email.utils
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from swarm.models.trouble import Trouble, of_response

MOST_ERROR = 64 << 10
"""Bytes of a refusal that are read."""

CONNECTIONS = 32


class Wire:
    """Connections that are kept open between calls."""

    def __init__(self, *, connect_seconds: float, now: Callable[[], datetime]) -> None:
        """`now` stands in where a server does not say what time it is."""
        self._now = now
        self._timeout = httpx.Timeout(None, connect=connect_seconds, pool=connect_seconds)
        self._clients: dict[bool, httpx.AsyncClient] = {}

    def _client(self, *, local: bool) -> httpx.AsyncClient:
        """Certificates are read when they are needed first: that takes a while."""
        if local not in self._clients:
            self._clients[local] = httpx.AsyncClient(
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=8),
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if local else True,
                trust_env=not local,
                follow_redirects=False,
            )
        return self._clients[local]

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    @asynccontextmanager
    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, local: bool
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of a stream of events. Raises Trouble for every end that is none."""
        sent = {
            **headers,
            "content-type": "application/json",
            "accept": "text/event-stream",
            "accept-encoding": "identity",
            "user-agent": "bidswarm",
        }
        begun = False
        try:
            async with self._client(local=local).stream(
                "POST", url, headers=sent, content=body
            ) as reply:
                begun = True
                await self._demand_stream(reply)
                yield reply.aiter_raw()
        except httpx.HTTPError as error:
            raise translated(error, begun=begun) from error
        except (httpx.InvalidURL, httpx.StreamError) as error:
            raise Trouble("network", f"{type(error).__name__}: {error}"[:300]) from error

    async def _demand_stream(self, reply: httpx.Response) -> None:
        kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoded = reply.headers.get("content-encoding", "identity")
        if reply.status_code == httpx.codes.OK and kind == "text/event-stream":
            if encoded != "identity":
                raise Trouble("garbage", f"compressed ({encoded}) although it was not asked for")
            return
        body = await _head(reply)
        if reply.status_code == httpx.codes.OK:
            raise Trouble("garbage", f"{kind or 'something'} where a stream was asked for")
        told = {name.lower(): value for name, value in reply.headers.items()}
        raise of_response(reply.status_code, told, body, _server_time(told) or self._now())


async def _head(reply: httpx.Response) -> bytes:
    found = b""
    async for piece in reply.aiter_raw():
        found += piece
        if len(found) >= MOST_ERROR:
            break
    return found[:MOST_ERROR]


def _server_time(headers: Mapping[str, str]) -> datetime | None:
    """A date in `Retry-After` is by the server's clock; its own `Date` says what that shows."""
    try:
        return email.utils.parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def translated(error: httpx.HTTPError, *, begun: bool) -> Trouble:
    told = f"{type(error).__name__}: {error}"[:300].rstrip(": ")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Trouble("tls", f"the certificate is not accepted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    return Trouble("cut-off" if begun else "network", told, billed=begun)
