"""Messages between the supervisor, the zygote and the servers inside: JSON and file descriptors.

One message is one packet of a SOCK_SEQPACKET socket, so that nothing has to be framed and a message
arrives whole or not at all. Long ones travel in a memory file whose descriptor comes last. Whoever
sends a request passes a socket for the answers along with it: two callers can never read each
other's answers, and an answer that cannot come any more shows as the end of that socket.

Standard library only: this also runs in an interpreter that was started with `-I -S`.
"""

import array
import json
import os
import socket
from collections.abc import Sequence
from typing import Any

Message = dict[str, Any]

_INLINE = 32 * 1024
_PACKET = 64 * 1024
MOST_FDS = 16
"""That one message can bring along."""


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def memory_file(data: bytes) -> int:
    """A descriptor of an unnamed file in memory that holds `data`, to be read from its start."""
    fd = os.memfd_create("swarm", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(data)
        os.lseek(fd, 0, os.SEEK_SET)
    except OSError:
        os.close(fd)
        raise
    return fd


def send(channel: socket.socket, message: Message, fds: Sequence[int] = ()) -> None:
    """Raises OSError when the other side is gone."""
    data = json.dumps(message).encode()
    if len(data) <= _INLINE:
        _send(channel, b"i" + data, fds)
        return
    fd = memory_file(data)
    try:
        _send(channel, b"m", (*fds, fd))
    finally:
        os.close(fd)


def receive(channel: socket.socket) -> tuple[Message | None, list[int]]:
    """The next message and its descriptors; None when the other side has closed."""
    data, fds = _packet(channel)
    if not data:
        return None, fds
    if data[:1] == b"m":
        with os.fdopen(fds.pop(), "rb") as file:
            return json.loads(file.read()), fds
    return json.loads(data[1:]), fds


def receive_answer(channel: socket.socket) -> tuple[Message | None, list[int]]:
    """As `receive`, of what may come from a sandbox: nothing of any length, and from no file of its own.
    Raises ValueError.
    """
    data, fds = _packet(channel)
    try:
        return (answer(data) if data else None), fds
    except ValueError:
        for fd in fds:
            os.close(fd)
        raise


def _packet(channel: socket.socket) -> tuple[bytes, list[int]]:
    data, ancillary, _flags, _address = channel.recvmsg(
        _PACKET, socket.CMSG_SPACE(MOST_FDS * array.array("i").itemsize), socket.MSG_CMSG_CLOEXEC
    )
    return data, _descriptors(ancillary)


def failure(error: OSError) -> Message:
    """What failed, and at which step."""
    what = os.fsdecode(error.filename) if error.filename else ""
    return {"errno": error.errno, "error": error.strerror or str(error), "what": what}


def answer(data: bytes) -> Message:
    """Read a packet of the sandbox's as what it may be: a small JSON object, else ValueError."""
    message = json.loads(data[1:])
    if data[:1] != b"i" or not isinstance(message, dict):
        raise ValueError("not an answer")
    return message


def _send(channel: socket.socket, data: bytes, fds: Sequence[int]) -> None:
    if not fds:
        channel.send(data)
        return
    channel.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    fds = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    return list(fds)
