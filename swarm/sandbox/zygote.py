"""The process that all sandboxes of one host are forked from.

Forking a supervisor is not possible: it has threads (Ray's, the event loop's), memory full of other
people's secrets and an environment that nobody inside may see. This is a fresh interpreter without
any of that; a fork of it costs a millisecond. It ends when its supervisor does, whichever way, and
all sandboxes end with it.

Standard library only: started as `python -I -S -c "..."` with an empty environment.
"""

import gc
import os
import select
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import NoReturn

from swarm.sandbox import kernel, server, tree, wire


@dataclass(slots=True)
class Zygote:
    control: socket.socket
    waiting: dict[int, socket.socket] = field(default_factory=dict)
    """Who wants to know that a child is gone."""


def main() -> NoReturn:
    """Serve the supervisor whose socket is our standard input."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    zygote = Zygote(control)
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    supervisor = os.pidfd_open(os.getppid())
    gc.freeze()
    _serve(zygote, wake, supervisor)


def _serve(zygote: Zygote, wake: int, supervisor: int) -> NoReturn:
    poll = select.poll()
    for fd in (zygote.control.fileno(), wake, supervisor):
        poll.register(fd, select.POLLIN)
    while True:
        for fd, _event in poll.poll():
            if fd == wake:
                _drain(wake)
            elif fd == supervisor or not _serve_one(zygote):
                os._exit(0)
        _reap(zygote)


def _drain(wake: int) -> None:
    try:
        while os.read(wake, 4096):
            pass
    except BlockingIOError:
        return


def _serve_one(zygote: Zygote) -> bool:
    message, fds = wire.receive(zygote.control)
    if message is None:
        return False
    reply = socket.socket(fileno=fds[0])
    if message["op"] == "end":
        _end(zygote, message["pid"], reply)
        return True
    try:
        _create(zygote, message, reply, fds[1])
    finally:
        for fd in fds[1:]:
            os.close(fd)
        reply.close()
    return True


def _create(zygote: Zygote, message: wire.Message, reply: socket.socket, control: int) -> None:
    pid = os.fork()
    if pid == 0:
        _run(message, reply, control, zygote)


def _run(message: wire.Message, reply: socket.socket, control: int, zygote: Zygote) -> NoReturn:
    try:
        zygote.control.close()
        os.setsid()
        signal.set_wakeup_fd(-1)
        roots = {name: tree.open_root(path) for name, path in message["roots"].items()}
        wire.send(reply, {"pid": os.getpid()})
        reply.close()
        server.serve(
            server.Server(
                socket.socket(fileno=os.dup(control)),
                roots,
                message["limits"],
                alone=False,
                resident_bytes=message["resident_bytes"],
            )
        )
    except OSError as error:
        wire.send(reply, {"errno": error.errno, "error": error.strerror, "what": error.filename})
    finally:
        os._exit(1)


def _end(zygote: Zygote, pid: int, reply: socket.socket) -> None:
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # it is gone already
        reply.close()
        return
    zygote.waiting[pid] = reply


def _reap(zygote: Zygote) -> None:
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        reply = zygote.waiting.pop(pid, None)
        if reply is not None:
            reply.close()


if __name__ == "__main__":
    sys.exit("started by swarm.sandbox.host only")
