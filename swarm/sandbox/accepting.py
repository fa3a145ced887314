"""Connections of one listening socket, each answered on its own until the listener is closed.

Whoever stands at the other end is an enemy's process: connections beyond a number are cut at once.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Listener:
    answer: Answering
    """May raise OSError (TimeoutError is one): either side has gone, or says nothing any more."""

    most: int
    """Connections at a time, with those that an answer adds to `open`."""

    head_bytes: int
    """So much is read while the end of something is looked for."""

    open: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None
    _attended: set["asyncio.Task[None]"] = field(default_factory=set)

    async def serve(self, listening: socket.socket) -> None:
        """Begin to accept on it; returns at once."""
        self._server = await asyncio.start_server(
            self._accept, sock=listening, limit=self.head_bytes
        )

    def close(self) -> None:
        """Refuse what comes, and end what is open."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self.open):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The task is made here: of one of its own that the ending event loop cancels, begun or not, the
        server would print a traceback.
        """
        task = asyncio.get_running_loop().create_task(self._attend(reader, writer))
        self._attended.add(task)
        task.add_done_callback(partial(self._leave, writer))

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self.open) >= self.most:
            writer.transport.abort()
            return
        self.open.add(writer)
        try:
            await self.answer(reader, writer)
        except OSError:
            writer.transport.abort()

    def _leave(self, writer: asyncio.StreamWriter, task: "asyncio.Task[None]") -> None:
        self._attended.discard(task)
        self.open.discard(writer)
        if task.cancelled():
            writer.transport.abort()
        writer.close()
