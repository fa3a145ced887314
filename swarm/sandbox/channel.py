"""The supervisor's end of the wire: requests that are answered on a socket of their own.

Nothing here belongs to an event loop, so a sandbox made under one may be used under the next.
"""

import asyncio
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from swarm.domain.errors import Rejected
from swarm.sandbox import wire

ANSWER_SECONDS = 60.0
"""A server that is alive answers within milliseconds, unless the machine's disk stands still."""

_MOST = 64 * 1024


class Answers:
    """The answers to one request."""

    def __init__(self, reply: socket.socket) -> None:
        reply.setblocking(False)
        self._reply = reply

    async def next(self, seconds: float | None = None) -> wire.Message | None:
        """None when there will be no more. Raises TimeoutError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds):
            try:
                data = await loop.sock_recv(self._reply, _MOST)
            except ConnectionError:
                return None
        with _understood():
            return wire.answer(data) if data else None

    def wait(self, seconds: float) -> wire.Message | None:
        """As `next`, for a thread that has nothing else to do."""
        self._reply.settimeout(seconds)
        try:
            data = self._reply.recv(_MOST)
        except ConnectionError:
            return None
        with _understood():
            return wire.answer(data) if data else None

    async def next_with_fds(
        self, seconds: float = ANSWER_SECONDS
    ) -> tuple[wire.Message | None, list[int]]:
        """Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            await ready(self._reply.fileno())
        with _understood():
            return wire.receive_answer(self._reply)

    def close(self) -> None:
        self._reply.close()


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise Rejected(
            "the sandbox does not answer as it should", advice="create another one"
        ) from error


async def ready(fd: int, *, to_write: bool = False) -> None:
    """Return when a descriptor can be read (or has come to its end), or written."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    add, remove = (
        (loop.add_writer, loop.remove_writer) if to_write else (loop.add_reader, loop.remove_reader)
    )
    add(fd, _resolve, future)
    try:
        await future
    finally:
        remove(fd)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def request(control: socket.socket, message: wire.Message, fds: Sequence[int] = ()) -> Answers:
    """Send it, and return where its answers will come. Raises Rejected when nobody is there."""
    ours, theirs = wire.pair()
    try:
        wire.send(control, message, [theirs.fileno(), *fds])
    except OSError as error:
        ours.close()
        raise Rejected(
            f"the sandbox is gone ({error.strerror})", advice="create another one"
        ) from error
    finally:
        theirs.close()
    return Answers(ours)


async def ask(
    control: socket.socket, message: wire.Message, seconds: float = ANSWER_SECONDS
) -> wire.Message:
    """A request with one answer. Raises Rejected when it fails, or cannot be answered."""
    answers = request(control, message)
    try:
        answer = await answers.next(seconds)
    except TimeoutError:
        answer = None
    finally:
        answers.close()
    return checked(answer, message["op"])


def ask_from_thread(
    control: socket.socket, message: wire.Message, fds: Sequence[int] = ()
) -> wire.Message:
    """As `ask`, for a thread that has nothing else to do."""
    answers = request(control, message, fds)
    try:
        answer = answers.wait(ANSWER_SECONDS)
    except TimeoutError:
        answer = None
    finally:
        answers.close()
    return checked(answer, message["op"])


def checked(answer: wire.Message | None, what: str) -> wire.Message:
    if answer is None:
        raise Rejected(f"the sandbox died at {what}", advice="create another one")
    if "error" in answer:
        raise OSError(answer.get("errno") or 0, answer["error"])
    return answer


def close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)
