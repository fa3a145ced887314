"""Attacks on the one way out that a sandbox may have: the proxy to some hosts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from swarm.sandbox.attacks import on_network
from swarm.sandbox.attacks.arena import Arena
from swarm.sandbox.attacks.bundle import Order, Seen
from swarm.sandbox.attacks.definition import Attack, Expected, NoControl, Procedure
from swarm.sandbox.attacks.walls import allowed_without_walls
from swarm.sandbox.network import PROXY_PORT
from swarm.sandbox.port import Network

_FORBIDDEN = (
    "CONNECT evil.example:PORT",
    "CONNECT localhost.evil.example:PORT",
    "CONNECT xlocalhost:PORT",
    "CONNECT localhost:22",
    "CONNECT 169.254.169.254:80",
    "CONNECT 127.0.0.2:PORT",
    "CONNECT 2130706433:PORT",
    "CONNECT 0x7f.1:PORT",
    "CONNECT [::1]:PORT",
    "CONNECT localhost@evil.example:PORT",
    "CONNECT localhost:PORT HTTP/1.1|Host: evil.example",
    "CONNECT localhost:PORT HTTP/1.1|Host: localhost:PORT|Host: evil.example",
    "GET http://169.254.169.254/latest/meta-data/",
    "GET http://evil.example:PORT/",
    "GET http://localhost:PORT/ HTTP/1.1|Host: evil.example:PORT",
    "GET http://localhost:PORT@evil.example/",
    "GET file:///etc/passwd",
    "POST http://localhost:PORT/ HTTP/1.1|Content-Length: 0",
)
"""A bar stands for a new line."""


@asynccontextmanager
async def _server() -> AsyncIterator[int]:
    """The host that is allowed, which sends whoever asks on to where nobody may go."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(
            b"HTTP/1.1 200 OK\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        )
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def _asked(*requests: str, at_home: bool = True) -> Callable[[Arena], Awaitable[Seen]]:
    """Ask the proxy of a sandbox for all of them. `at_home`: the address of the allowed name, which
    is one of this machine's, is allowed as well.
    """

    async def run(arena: Arena) -> Seen:
        async with _server() as port:
            own = (("127.0.0.1", port),) if at_home else ()
            allowed = Network((("localhost", port), *own))
            async with arena.another(network=allowed) as sandbox:
                texts = [each.replace("PORT", str(port)) for each in requests]
                orders = [Order(on_network.ask_proxy, (str(PROXY_PORT), each)) for each in texts]
                seen = await arena.attempt(orders, sandbox)
        return _together(texts, seen)

    return run


def _together(texts: list[str], seen: list[Seen]) -> Seen:
    for verdict in ("through", "broken"):
        for text, each in zip(texts, seen, strict=True):
            if each.verdict == verdict:
                return Seen(each.verdict, f"{text}: {each.detail}")
    return Seen("refused", seen[0].detail if len(seen) == 1 else f"{len(seen)} refused")


async def _past(arena: Arena) -> Seen:
    """Where a proxy is, there is still no other way."""
    async with _server() as port:
        allowed = Network((("localhost", port), ("127.0.0.1", port)))
        async with arena.another(network=allowed) as sandbox:
            wanted = (("127.0.0.1", str(port)), ("1.1.1.1", "443"), ("169.254.169.254", "80"))
            orders = [Order(on_network.connect, each) for each in wanted]
            seen = await arena.attempt(orders, sandbox)
    return _together([host for host, _port in wanted], seen)


ALL = (
    Attack(
        37,
        "fool the proxy to the hosts that are allowed",
        "One allowed host becomes the whole internet, or the cloud's metadata.",
        (
            Procedure(
                "ask for others, by address, by name, by header",
                _asked(*_FORBIDDEN),
                _asked("CONNECT localhost:PORT"),
                "for the host that is allowed",
            ),
            Procedure(
                "an allowed name that leads to this machine",
                _asked("CONNECT localhost:PORT", at_home=False),
                _asked("CONNECT localhost:PORT"),
                "where that address is allowed",
            ),
            Procedure(
                "go past it",
                _past,
                NoControl("attack 13 has it"),
            ),
        ),
        {
            **allowed_without_walls("there is no proxy, and nothing to go past"),
            "landlock": Expected("not applicable", "no host can be allowed there"),
        },
    ),
)
