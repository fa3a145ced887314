"""Runs the embedded forge: in the foreground, or in a thread beside whoever uses it.

The web server is imported when one is wanted: most who come through this package's door want none.
"""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from swarm.domain.errors import Lacking
from swarm.forge.served.store import Database
from swarm.forge.served.world import Ground, World

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

HOST = "127.0.0.1"
START_SECONDS = 20.0

Wrap = Callable[["ASGIApp"], "ASGIApp"]


def open_world(folder: Path, ground: Ground, now: Callable[[], int]) -> World:
    return World(ground, Database(folder / "forge-served.sqlite"), now)


def serve_forge(world: World, port: int, started: Callable[[str], None]) -> None:
    """Until Ctrl-C. Only this machine can reach it."""
    from swarm.forge.served.app import application

    with _listening(port) as listening:
        started(_address(listening))
        server = _server(application(world))
        server.run(sockets=[listening])


@contextmanager
def forge_running(world: World, wrap: Wrap = lambda app: app) -> Iterator[str]:
    """The address of a forge that runs in a thread, on a free port. `wrap` may stand in its way."""
    from swarm.forge.served.app import application

    with _listening(0) as listening:
        server = _server(wrap(application(world)))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield _address(listening)
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)


def _server(app: "ASGIApp") -> "uvicorn.Server":
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """Raises Lacking where the port is taken. Connections wait from now on."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
        except OSError as error:
            raise Lacking(
                f"port {port} cannot be listened on: {error.strerror}",
                advice="name another: --port",
            ) from error
        listening.listen(128)
        yield listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()
    return f"http://{host}:{port}"
