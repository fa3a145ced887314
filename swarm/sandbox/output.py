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
_PIECE_BYTES = 64 << 10
_MOST_PIECES = 32
"""More than a pipe can hold."""

_PATIENCE_SECONDS = 0.003
"""Before a pipe is looked at the first time. Most commands have ended by then, with less written than a pipe
holds: who looked would be woken for the end of each of its pipes, and again for that of the command.
"""


class Kept:
    """Of one pipe."""

    def __init__(self, most: int, on_flood: Callable[[], None]) -> None:
        self._half = max(most // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._total = 0
        self._flood = max(FLOOD_BYTES, _FLOOD_TIMES * most)
        self._on_flood = on_flood

    @property
    def truncated(self) -> bool:
        return self._total > 2 * self._half

    def whole(self) -> bytes:
        if not self.truncated:
            return bytes(self._head + self._tail)
        gap = f"\n[... {self._total - 2 * self._half} bytes left out ...]\n".encode()
        return bytes(self._head) + gap + bytes(self._tail[-self._half :])

    def add(self, data: bytes) -> None:
        before = self._total
        self._total += len(data)
        room = max(self._half - len(self._head), 0)
        self._head += data[:room]
        self._tail += data[room:]
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]
        if before <= self._flood < self._total:
            self._on_flood()


class Pipe:
    """One that a command writes, and of which its two ends are kept. Closing it twice does no harm.

    A transport of the event loop's would do the same, in three more turns of the loop.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._ours, self.theirs = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._ours, False)
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._attending: asyncio.TimerHandle | None = None
        self.kept = Kept(most, lambda: None)

    def keep(self, on_flood: Callable[[], None]) -> None:
        """Begin to read. The other end is somebody else's by now."""
        self._close_theirs()
        self.kept = Kept(self._most, on_flood)
        self._attending = self._end.get_loop().call_later(_PATIENCE_SECONDS, self._attend)

    def _attend(self) -> None:
        self._attending = None
        self._end.get_loop().add_reader(self._ours, self._read)

    async def ended(self, seconds: float) -> None:
        """Return at the pipe's end, or then. To be asked when nobody should be left who writes."""
        for _piece in range(_MOST_PIECES):
            if self._end.done() or not self._read():
                break
        if not self._end.done():
            await asyncio.wait([self._end], timeout=seconds)

    def _read(self) -> bool:
        """False when there is nothing to read now."""
        try:
            data = os.read(self._ours, _PIECE_BYTES)
        except BlockingIOError:
            return False
        if data:
            self.kept.add(data)
        else:
            self._close_ours()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._close_theirs()
        self._close_ours()

    def _close_theirs(self) -> None:
        if self.theirs >= 0:
            os.close(self.theirs)
            self.theirs = -1

    def _close_ours(self) -> None:
        if self._ours < 0:
            return
        if self._attending is None:
            self._end.get_loop().remove_reader(self._ours)
        else:
            self._attending.cancel()
        os.close(self._ours)
        self._ours = -1
        if not self._end.done():
            self._end.set_result(None)
