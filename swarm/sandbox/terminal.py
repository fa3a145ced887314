"""Somebody's terminal, connected to a command in a sandbox.

The terminal inside is another one (`relay`): what runs there never holds a descriptor of the user's,
and cannot type into it. What it writes is shown as it is, though: as in any remote shell, a hostile
program can draw what it likes.
"""

import asyncio
import fcntl
import os
import signal
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from swarm.sandbox import relay
from swarm.sandbox.port import Process, Sandbox

_MOST = 65536
_RUN = "\nmain(sys.argv[1:])\n"


async def run_in_terminal(
    sandbox: Sandbox, python: Path, argv: tuple[str, ...], keyboard: int, screen: int
) -> int:
    """Run until it ends; its exit code. `python` is an interpreter that the sandbox shows.

    The keyboard's terminal is in raw mode meanwhile: Ctrl-C and Ctrl-Z go inside.
    """
    program = await asyncio.to_thread(Path(relay.__file__).read_text) + _RUN
    kind = os.environ.get("TERM", "dumb")
    process = await sandbox.spawn(
        (str(python), "-I", "-S", "-c", program, *argv), env={"TERM": kind}
    )
    with _raw(keyboard):
        async with asyncio.TaskGroup() as group:
            typing = group.create_task(_type(process, keyboard))
            await _show(process, screen)
            typing.cancel()
    return await process.wait()


async def _show(process: Process, screen: int) -> None:
    while data := await process.read():
        await asyncio.to_thread(_write, screen, data)


async def _type(process: Process, keyboard: int) -> None:
    """Pass on what is typed, and the size of the window whenever it changes."""
    loop = asyncio.get_running_loop()
    frames: asyncio.Queue[bytes] = asyncio.Queue()

    def typed() -> None:
        data = os.read(keyboard, _MOST)
        if not data:
            loop.remove_reader(keyboard)
        frames.put_nowait(relay.frame(relay.TYPED, data))

    def resized() -> None:
        frames.put_nowait(relay.size_frame(*_size(keyboard)))

    resized()
    loop.add_reader(keyboard, typed)
    loop.add_signal_handler(signal.SIGWINCH, resized)
    try:
        while True:
            await process.write(await frames.get())
    finally:
        loop.remove_signal_handler(signal.SIGWINCH)
        loop.remove_reader(keyboard)


def _size(keyboard: int) -> tuple[int, int]:
    answer = fcntl.ioctl(keyboard, termios.TIOCGWINSZ, bytes(8))
    rows, columns = struct.unpack("HHHH", answer)[:2]
    return rows or 24, columns or 80


@contextmanager
def _raw(keyboard: int) -> Iterator[None]:
    before = termios.tcgetattr(keyboard)
    tty.setraw(keyboard)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
