"""A terminal inside a sandbox: runs a command on it, and passes on between it and two pipes.

The terminal is made inside, so that programs find it by name below /dev/pts and shells have job
control. What comes in on standard input are frames, because beside what is typed there is the size of
the window: a letter, the length in four bytes, and so many bytes. What goes out is what the terminal
shows.

Standard library only: sent into sandboxes as text.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from typing import NoReturn

TYPED, SIZE = b"d", b"w"
HEAD = 5
_MOST = 65536


def frame(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("!I", len(data)) + data


def size_frame(rows: int, columns: int) -> bytes:
    return frame(SIZE, struct.pack("!HH", rows, columns))


def main(argv: list[str]) -> NoReturn:
    """End with the command's exit code, or 128 and the signal's number."""
    try:
        pid, terminal = pty.fork()
    except OSError as error:
        sys.exit(f"no terminal can be made here: {error}")
    if pid == 0:
        try:
            os.execvp(argv[0], argv)  # noqa: S606
        finally:
            os._exit(127)
    _pass_on(terminal, pid)
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def _pass_on(terminal: int, pid: int) -> None:
    """Until the terminal is closed; nobody at the other end hangs it up."""
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    poll.register(0, select.POLLIN)
    waiting = b""
    while True:
        for fd, _event in poll.poll():
            data = _read(fd)
            if fd == terminal:
                if not data:
                    return
                _write(1, data)
            elif not data:
                poll.unregister(0)
                os.kill(pid, signal.SIGHUP)
            else:
                waiting = _act(terminal, waiting + data)


def _act(terminal: int, data: bytes) -> bytes:
    """Do what whole frames say; return the rest."""
    while len(data) >= HEAD:
        (length,) = struct.unpack("!I", data[1:HEAD])
        if len(data) < HEAD + length:
            break
        body, kind, data = data[HEAD : HEAD + length], data[:1], data[HEAD + length :]
        if kind == SIZE:
            rows, columns = struct.unpack("!HH", body)
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        else:
            _write(terminal, body)
    return data


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _MOST)
    except OSError:  # a terminal that nobody has open any more
        return b""


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
