"""The ways out of a sandbox: none, a socket of the supervisor's, or a proxy to some hosts."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox import blocked, network
from swarm.sandbox.network import Target
from swarm.sandbox.port import Network
from swarm.sandbox.proxy import Bounds, Proxy
from swarm.sandbox.public_api import Sandbox, SandboxSpec, weaknesses
from swarm.testing.sandbox import a_sandbox
from tests.sandbox.conftest import Place

Result = TypeVar("Result")
PYTHON = (sys.executable, "-I", "-S", "-c")
SHOWN = {"readonly": (Path(sys.base_prefix), Path(sys.prefix))}

CONNECT = """
import socket, sys, time
began = time.monotonic()
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=20)
except OSError as error:
    print("failed", type(error).__name__)
assert time.monotonic() - began < 15
"""


def inside(place: Place, work: Callable[[Sandbox], Awaitable[Result]], **spec: object) -> Result:
    async def main() -> Result:
        shown = SHOWN if place.mode in ("idmapped", "namespaces") else {}
        async with a_sandbox(place.folder, {}, mode=place.mode, **shown, **spec) as sandbox:  # type: ignore[arg-type]
            return await work(sandbox)

    return asyncio.run(main())


# Listening


def test_a_socket_that_listens_inside_is_served_from_outside(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        listening = await sandbox.listen(0)
        port = listening.getsockname()[1]

        async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello from outside")
            writer.close()

        server = await asyncio.start_server(greet, sock=listening)
        script = (
            f"import socket; s = socket.create_connection(('127.0.0.1', {port})); print(s.recv(99))"
        )
        assert b"hello from outside" in (await sandbox.exec((*PYTHON, script))).stdout
        server.close()

    inside(isolated, work)


def test_a_port_that_is_taken_cannot_be_listened_on(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        with await sandbox.listen(4000), pytest.raises(Rejected):
            await sandbox.listen(4000)

    inside(isolated, work)


# Blocked attempts


def test_a_connection_fails_at_once_and_is_told(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        result = await sandbox.exec((*PYTHON, CONNECT, "1.2.3.4", "443"))
        assert result.stdout.startswith(b"failed"), result.stderr
        (seen,) = await sandbox.blocked()
        assert (seen.host, seen.port, seen.count) == ("1.2.3.4", 443, 1)
        assert seen.command.startswith(sys.executable)

    inside(isolated, work)


def test_an_attempt_over_ipv6_is_told(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec((*PYTHON, CONNECT, "2001:db8::7", "80"))
        assert [(each.host, each.port) for each in await sandbox.blocked()] == [("2001:db8::7", 80)]

    inside(isolated, work)


def test_a_name_that_is_asked_for_is_told(isolated: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        result = await sandbox.exec((*PYTHON, CONNECT, "telemetry.example.org", "443"))
        assert result.stdout.startswith(b"failed"), result.stderr
        assert "telemetry.example.org" in {each.host for each in await sandbox.blocked()}

    inside(isolated, work)


def test_what_talks_to_itself_is_not_told(isolated: Place) -> None:
    script = """
import socket
server = socket.create_server(("127.0.0.1", 5000))
client = socket.create_connection(("127.0.0.1", 5000))
server.accept()[0].send(b"inside")
print(client.recv(9))
"""

    async def work(sandbox: Sandbox) -> None:
        assert b"inside" in (await sandbox.exec((*PYTHON, script))).stdout
        assert await sandbox.blocked() == ()

    inside(isolated, work)


def test_the_same_attempt_is_counted_and_others_are_capped(isolated: Place) -> None:
    script = """
import socket
for n in range(500):
    s = socket.socket()
    s.connect_ex(("9.9.9.9", 1 + n % 250))
    s.close()
"""

    async def work(sandbox: Sandbox) -> None:
        await sandbox.exec((*PYTHON, script))
        seen = await sandbox.blocked()
        assert len(seen) == blocked.MOST
        assert {each.host for each in seen} == {"9.9.9.9"}
        assert max(each.count for each in seen) == 2

    inside(isolated, work)


@pytest.mark.parametrize("packet", [b"", b"\x45", bytes(60), b"\x4f" + b"\xff" * 59])
def test_packets_that_are_no_packets_do_no_harm(packet: bytes) -> None:
    tap = blocked.Tap(())
    tap._add(socket.AF_INET, packet, "x")
    tap._add(socket.AF_INET6, packet, "x")


# Rules

SOME = Network((("index.net", 443), (".example.org", 443), ("10.0.0.5", 443)))


@pytest.mark.parametrize(
    "name", ["index.net", "Index.net", "index.net.", "a.example.org", "a.b.example.org"]
)
def test_names_on_the_list_are_allowed(name: str) -> None:
    assert network.refusal(SOME, network.target(f"{name}:443")) == ""


@pytest.mark.parametrize(
    "name",
    ["evil.org", "xindex.net", "index.net.evil.org", "example.org", "badexample.org", "1.2.3.4",
     "2130706433", "0x7f.1", "127.1", "10.0.0.6"],
)  # fmt: skip
def test_other_names_and_addresses_are_refused(name: str) -> None:
    assert network.refusal(SOME, network.target(f"{name}:443")) != ""


@pytest.mark.parametrize(
    "text", ["", "index.net", ":443", "index.net:", "index.net:0", "index.net:99999", "a b:443",
             "user@index.net:443", "[::1]:443", "index..net:443", "index.net:44３", "-a.org:443"],
)  # fmt: skip
def test_what_is_no_name_and_port_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        network.target(text)


def test_the_port_has_to_be_on_the_list_too() -> None:
    assert network.refusal(SOME, Target("index.net", 80)) == "not on the list"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.6", "169.254.169.254", "192.168.1.1", "0.0.0.0", "224.0.0.1", "::1",
     "fd00::1", "fe80::1%eth0", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "100.64.0.1",
     "64:ff9b::a9fe:a9fe", "2002:7f00:1::"],
)  # fmt: skip
def test_an_allowed_name_may_not_lead_to_a_private_address(address: str) -> None:
    assert not network.may_connect(SOME, address, 443)


def test_it_may_lead_to_a_public_one_or_a_private_one_that_is_named() -> None:
    assert network.may_connect(SOME, "151.101.0.223", 443)
    assert network.may_connect(SOME, "10.0.0.5", 443)
    assert not network.may_connect(SOME, "10.0.0.5", 80)


# The proxy


@asynccontextmanager
async def a_proxy(
    names: dict[str, tuple[str, ...]], bounds: Bounds | None = None
) -> AsyncIterator[tuple[Proxy, int, int, list[bytes]]]:
    """One before a server that repeats what it is told; names resolve as told. Both ports."""
    asked: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            asked.append(data)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nyou said " + data)
            if data.startswith(b"GET"):
                break
        writer.close()

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        if host not in names:
            raise OSError("no such name")
        return names[host]

    target = await asyncio.start_server(echo, "127.0.0.1", 0)
    upstream = target.sockets[0].getsockname()[1]
    allowed = Network((("good.org", upstream), ("rebound.org", upstream), ("gone.org", upstream),
                       ("127.0.0.1", upstream)))  # fmt: skip
    proxy = Proxy(allowed, bounds, resolve)
    listening = socket.create_server(("127.0.0.1", 0))
    await proxy.serve(listening)
    try:
        yield proxy, listening.getsockname()[1], upstream, asked
    finally:
        proxy.close()
        target.close()
        for _turn in range(10):  # what is being ended sees its end
            await asyncio.sleep(0)


async def say(port: int, text: str, then: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode("latin-1"))
    answer = b""
    if then:
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.write(then)
        writer.write_eof()
    try:
        async with asyncio.timeout(120):
            return answer + await reader.read()
    except ConnectionError:
        return answer
    finally:
        writer.close()


NAMES = {"good.org": ("127.0.0.1",), "rebound.org": ("169.254.169.254", "10.1.1.1")}


def asked(
    text: str, then: bytes = b"", bounds: Bounds | None = None
) -> tuple[bytes, list[str], list[bytes]]:
    """What the proxy answers, why it refused, and what reached the server."""

    async def main() -> tuple[bytes, list[str], list[bytes]]:
        async with a_proxy(NAMES, bounds) as (proxy, port, upstream, reached):
            answer = await say(port, text.replace("PORT", str(upstream)), then)
            return answer, [each.why for each in proxy.blocked()], reached

    return asyncio.run(main())


def test_a_page_of_an_allowed_host_is_got() -> None:
    answer, refused, reached = asked(
        "GET http://good.org:PORT/simple/?a=1 HTTP/1.1\r\nHost: good.org:PORT\r\n"
        "Proxy-Authorization: secret\r\nX-Other: 1\r\nUser-Agent: pip\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert refused == []
    assert reached[0].startswith(b"GET /simple/?a=1 HTTP/1.1\r\nHost: good.org:")
    assert b"user-agent: pip" in reached[0]
    assert b"secret" not in reached[0]


def test_a_tunnel_to_an_allowed_host_passes_bytes_both_ways() -> None:
    answer, refused, reached = asked(
        "CONNECT good.org:PORT HTTP/1.1\r\nHost: good.org:PORT\r\n\r\n", b"\x16\x03\x01 hello"
    )
    assert answer.startswith(b"HTTP/1.1 200 Connection established")
    assert answer.endswith(b"you said \x16\x03\x01 hello")
    assert (refused, reached) == ([], [b"\x16\x03\x01 hello"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CONNECT evil.org:PORT HTTP/1.1\r\n\r\n", "not on the list"),
        ("CONNECT good.org:22 HTTP/1.1\r\n\r\n", "not on the list"),
        ("CONNECT 93.184.216.34:443 HTTP/1.1\r\n\r\n", "an address in the place of a name"),
        ("CONNECT good.org:PORT HTTP/1.1\r\nHost: evil.org:PORT\r\n\r\n", "the Host header"),
        ("GET http://good.org:PORT/ HTTP/1.1\r\nHost: evil.org\r\n\r\n", "the Host header"),
        ("CONNECT rebound.org:PORT HTTP/1.1\r\n\r\n", "its address is not a public one"),
        ("CONNECT gone.org:PORT HTTP/1.1\r\n\r\n", "cannot be reached"),
        ("GET http://169.254.169.254/latest/ HTTP/1.1\r\n\r\n", "an address in the place"),
        ("POST http://good.org:PORT/ HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "only CONNECT"),
        ("GET http://good.org:PORT/ HTTP/1.1\r\nContent-Length: 1\r\n\r\nx", "a body"),
        ("GET https://good.org:PORT/ HTTP/1.1\r\n\r\n", "only CONNECT"),
        ("GET / HTTP/1.1\r\nHost: good.org\r\n\r\n", "only CONNECT"),
        ("GET http://good.org@evil.org:PORT/ HTTP/1.1\r\n\r\n", "no host name"),
        ("CONNECT good.org:PORT HTTP/1.1\r\nHost: good.org:PORT\r\nHost: evil.org\r\n\r\n", "headers"),
        ("GET http://good.org:PORT/ HTTP/1.1\r\nA: 1\r\n Host: x\r\n\r\n", "headers"),
        ("nonsense\r\n\r\n", "no request"),
        ("GET http://good.org:PORT/\xff HTTP/1.1\r\n\r\n", "no request"),
        ("GET http://good.org:PORT/ HTTP/1.1\r\nA: " + "x" * 40000 + "\r\n\r\n", "too long"),
    ],
)  # fmt: skip
def test_everything_else_is_refused_and_told(text: str, why: str) -> None:
    answer, refused, reached = asked(text)
    assert answer.split(b" ")[1] in (b"403", b"400", b"502")
    assert len(refused) == 1
    assert why in refused[0]
    assert reached == []


def test_what_says_nothing_is_ended() -> None:
    answer, _refused, _reached = asked("CONNECT", bounds=Bounds(idle_seconds=0.2))
    assert answer == b""


def test_only_so_many_bytes_are_passed_on() -> None:
    text = "CONNECT good.org:PORT HTTP/1.1\r\n\r\n"
    answer, _refused, reached = asked(text, bytes(300_000), Bounds(bytes=100_000))
    assert sum(map(len, reached)) <= 100_000
    assert b"Connection established" in answer


def test_only_so_many_connections_are_open_at_a_time() -> None:
    async def main() -> None:
        async with a_proxy(NAMES, Bounds(connections=1)) as (_proxy, port, upstream, _reached):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"CONNECT good.org:{upstream} HTTP/1.1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            assert await say(port, "CONNECT good.org:1 HTTP/1.1\r\n\r\n") == b""
            writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("turns", range(4))
def test_an_interrupted_loop_tells_nothing_of_connections_that_are_open(turns: int) -> None:
    """However far they have come: accepted only, begun, or waiting for more."""
    told: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    async def main() -> socket.socket:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: told.append(context["message"]))
        await Proxy(Network((("good.org", 1),))).serve(listening)
        client = socket.create_connection(listening.getsockname())
        client.sendall(b"CONNECT good.org:1")
        while len(asyncio.all_tasks()) < 2:  # noqa: ASYNC110 - until it is accepted, and listened to
            await asyncio.sleep(0)
        for _turn in range(turns):
            await asyncio.sleep(0)
        return client

    with listening, asyncio.run(main()):
        assert told == []


def test_a_sandbox_reaches_the_allowed_host_and_no_other(isolated: Place) -> None:
    fetch = """
import os, sys, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=60).read()[:9])
    except OSError as error:
        print(error)
"""

    async def main() -> None:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nindex")
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        allowed = Network((("localhost", port), ("127.0.0.1", port)))
        spec = {"network": allowed, "profile": "exec"}
        async with a_sandbox(isolated.folder, {}, mode=isolated.mode, **SHOWN, **spec) as sandbox:  # type: ignore[arg-type]
            urls = (f"http://localhost:{port}/", "http://evil.org/")
            result = await sandbox.exec(
                (sys.executable, "-I", "-c", fetch, *urls), env={"no_proxy": "", "NO_PROXY": ""}
            )
            assert b"index" in result.stdout, result
            assert b"403" in result.stdout
            refused = [(each.host, each.port, each.why) for each in await sandbox.blocked()]
            assert refused == [("evil.org", 80, "not on the list")]
        server.close()

    asyncio.run(main())


# Profiles


def test_nothing_can_be_executed_in_a_sandbox_for_files_only(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        await sandbox.write(Path("a"), b"1\n")
        assert await sandbox.read(Path("a")) == b"1\n"
        assert (await sandbox.diff()).paths == (b"a",)
        with pytest.raises(Rejected):
            await sandbox.exec(("true",))
        with pytest.raises(Rejected):
            await sandbox.spawn(("true",))
        with pytest.raises(OSError, match="nothing can be executed"):
            await sandbox._ask(  # type: ignore[attr-defined]
                {"op": "exec", "number": 1, "argv": ["true"], "cwd": "/", "env": {}}
            )

    inside(place, work, profile="files-only")


@pytest.mark.parametrize(
    ("profile", "allowed"),
    [("files-only", SOME), ("exec+model", SOME), ("exec+provider", Network())],
)
def test_a_profile_and_a_network_that_contradict_each_other_are_refused(
    isolated: Place, profile: str, allowed: Network
) -> None:
    async def work(_sandbox: Sandbox) -> None: ...

    with pytest.raises(Rejected):
        inside(isolated, work, profile=profile, network=allowed)


def test_what_a_provider_weakens_is_named() -> None:
    spec = SandboxSpec(Path("/srv/x"), network=SOME, profile="exec+provider")
    assert any("index.net:443" in each for each in weaknesses(spec))
    assert any("credential" in each for each in weaknesses(spec))
    assert weaknesses(SandboxSpec(Path("/srv/x"))) == ()


def test_an_allow_list_is_never_silently_dropped(place: Place) -> None:
    async def work(sandbox: Sandbox) -> None:
        assert place.mode != "landlock"
        result = await sandbox.exec(("env",))
        assert (b"https_proxy=" in result.stdout) == (place.mode != "unsafe-worktree")

    if place.mode == "landlock":
        with pytest.raises(Lacking, match="no host can be reached"):
            inside(place, work, network=SOME)
    else:
        inside(place, work, network=SOME)
