"""What is kept of a command's output: its first and its last bytes.

A command may write for ever. The middle is forgotten while it runs, so memory stays bounded; what
writes a great deal more than is kept is reported, so that it can be ended.
"""

import asyncio
import os
from collections.abc import Callable
from typing import Self

FLOOD_BYTES = 64 << 20
"""A command that writes more, and much more than is kept, is killed."""

_FLOOD_TIMES = 4


class Kept(asyncio.Protocol):
    """Receives a pipe's bytes until its end."""

    def __init__(self, most: int, on_flood: Callable[[], None]) -> None:
        self._half = max(most // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._flood = max(FLOOD_BYTES, _FLOOD_TIMES * most)
        self._on_flood = on_flood
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def truncated(self) -> bool:
        return self._total > 2 * self._half

    def kept(self) -> bytes:
        if not self.truncated:
            return bytes(self._head + self._tail)
        gap = f"\n[... {self._total - 2 * self._half} bytes left out ...]\n".encode()
        return bytes(self._head) + gap + bytes(self._tail[-self._half :])

    async def ended(self, seconds: float) -> None:
        """Return at the pipe's end, or then."""
        await asyncio.wait([self._ended], timeout=seconds)

    def data_received(self, data: bytes) -> None:
        before = self._total
        self._total += len(data)
        room = max(self._half - len(self._head), 0)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]
        if before <= self._flood < self._total:
            self._on_flood()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._ended.done():
            self._ended.set_result(None)


class Pipe:
    """One that a command writes and we read. Closing the reader twice does no harm."""

    def __init__(self) -> None:
        ours, self.theirs = os.pipe2(os.O_CLOEXEC)
        self._file = os.fdopen(ours, "rb", buffering=0)
        self._transport: asyncio.ReadTransport | None = None

    async def keep(self, most: int, on_flood: Callable[[], None]) -> Kept:
        loop = asyncio.get_running_loop()
        self._transport, kept = await loop.connect_read_pipe(
            lambda: Kept(most, on_flood), self._file
        )
        return kept

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close_theirs()
        if self._transport is not None:
            self._transport.close()
        else:
            self._file.close()

    def close_theirs(self) -> None:
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1
