"""An index that wants a password: builds get its packages, and never the password."""

import asyncio
import base64
import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from swarm.recipes.indexes import Indexes, host_indexes
from swarm.recipes.public_api import Built, Workshop, build, detect_recipe, own_interpreter
from swarm.recipes.relaying import Relay
from swarm.sandbox.public_api import BaseRef, open_host
from swarm.testing.workbench import write_files
from tests.recipes.test_recipes_build import UV, a_wheel, ran
from tests.sandbox.conftest import needs_namespaces

USER, PASSWORD = "me", "correct-horse"
WHEEL = "leaf-1-py3-none-any.whl"


@dataclass
class Upstream:
    """A small index on this machine. Its pages name it in full, as many do."""

    wheels: Path
    port: int = 0
    asked: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.port}/private/simple"

    def answer(self, path: str) -> tuple[int, str, bytes]:
        if path in {"/private/simple/leaf/", "/private/simple/leaf"}:
            link = f"http://127.0.0.1:{self.port}/files/{WHEEL}"
            return 200, "text/html; charset=utf-8", f'<a href="{link}">{WHEEL}</a>'.encode()
        if path == f"/files/{WHEEL}":
            return 200, "application/octet-stream", (self.wheels / WHEEL).read_bytes()
        if path == "/secret":
            return 200, "text/plain", b"the key to everything"
        return 404, "text/plain", b""


def a_handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            known = self.headers.get("Authorization") == f"Basic {secret}"
            upstream.asked.append((self.path, known))
            status, kind, body = upstream.answer(self.path) if known else (401, "text/plain", b"")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Upstream]:
    (tmp_path / "wheels").mkdir()
    a_wheel(tmp_path / "wheels", "leaf", "1")
    found = Upstream(tmp_path / "wheels")
    with ThreadingHTTPServer(("127.0.0.1", 0), a_handler(found)) as server:
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def indexes_of(upstream: Upstream, home: Path) -> Indexes:
    return host_indexes({"HOME": str(home), "PIP_INDEX_URL": upstream.address})


def got(upstream: Upstream, home: Path, *paths: str) -> list[tuple[int, bytes]]:
    """What a relay answers, asked for one after the other."""

    async def run() -> list[tuple[int, bytes]]:
        indexes = indexes_of(upstream, home)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            relay = Relay(indexes.keys[0], indexes, f"http://127.0.0.1:{port}")
            await relay.serve(listening)
            try:
                return [await asyncio.to_thread(one, port, path) for path in paths]
            finally:
                relay.close()

    return asyncio.run(run())


def one(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("uv", [UV, None], ids=["uv", "pip"])
@pytest.mark.thorough
def test_a_build_gets_packages_and_never_the_password(
    tmp_path: Path, upstream: Upstream, uv: Path | None
) -> None:
    needs_namespaces()
    look = "env; cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr '\\0' '\\n'"
    section = f"[environment]\nsteps = [{look + ' > .swarm-environment/seen'!r}]\n"
    base = write_files(tmp_path / "base", {"requirements.txt": "leaf\n", "swarm.toml": section})
    told: list[str] = []

    async def run() -> Built:
        host = open_host(tmp_path / "scratch", "namespaces")
        indexes = indexes_of(upstream, tmp_path)
        folder = tmp_path / "environments"
        shop = Workshop(folder, host, own_interpreter(), uv, indexes, tell=told.append)
        try:
            tree = BaseRef(base, "0" * 40)
            return await build(detect_recipe(base), tree, tmp_path / "repo", shop)
        finally:
            await host.close()

    made = asyncio.run(run())
    assert ran(tmp_path, base, made, "-c", "import leaf").returncode == 0
    seen = Path(made.python).parent.parent / "seen"
    assert "PATH=" in seen.read_text()
    kept = b"".join(
        each.read_bytes() for each in (tmp_path / "environments").rglob("*") if each.is_file()
    )
    assert PASSWORD.encode() not in kept + "".join((*told, made.model_dump_json())).encode()
    assert (f"/files/{WHEEL}", True) in upstream.asked


def test_what_pages_link_to_is_turned_to_the_relay_and_may_be_had(
    tmp_path: Path, upstream: Upstream
) -> None:
    early, page, wheel = got(
        upstream, tmp_path, f"/files/{WHEEL}", "/private/simple/leaf/", f"/files/{WHEEL}"
    )
    assert early[0] == 403
    assert str(upstream.port).encode() not in page[1]
    assert wheel == (200, (upstream.wheels / WHEEL).read_bytes())


@pytest.mark.parametrize(
    "path", ["/secret", "/private/simple/../../secret", "/private/simple/%2e%2e/secret", "/private"]
)
def test_nothing_else_of_the_host_can_be_had(tmp_path: Path, upstream: Upstream, path: str) -> None:
    assert got(upstream, tmp_path, path) == [(403, b"")]
    assert upstream.asked == []


@pytest.mark.parametrize(
    "head", [b"POST /private/simple/ HTTP/1.1", b"GET http://x/ HTTP/1.1", b"\xff"]
)
def test_what_is_no_plain_request_is_refused(
    tmp_path: Path, upstream: Upstream, head: bytes
) -> None:
    async def run() -> bytes:
        indexes = indexes_of(upstream, tmp_path)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            relay = Relay(indexes.keys[0], indexes, "http://127.0.0.1:1")
            await relay.serve(listening)
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(head + b"\r\n\r\n")
            said = await reader.read()
            writer.close()
            relay.close()
            return said

    assert asyncio.run(run()).startswith(b"HTTP/1.1 400 ")
