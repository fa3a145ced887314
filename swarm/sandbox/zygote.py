"""The process that all sandboxes of one host are forked from.

Forking a supervisor is not possible: it has threads (Ray's, the event loop's), memory full of other
people's secrets and an environment that nobody inside may see. This is a fresh interpreter without
any of that; a fork of it costs a millisecond. It ends when its supervisor does, whichever way, and
all sandboxes end with it.

Standard library only: started as `python -I -S -c "..."` with an empty environment.
"""

import errno
import functools
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from swarm.sandbox import inside, kernel, renewal, seccomp, spares, view, wire

Stage = Callable[[wire.Message, socket.socket, int], None]


@dataclass(slots=True)
class Zygote:
    control: socket.socket
    mounts: int
    """A descriptor that tells when something was mounted on the machine."""

    maps: dict[tuple[str, str], int] = field(default_factory=dict)
    """User namespaces for the owners of files that many sandboxes show, by what they map."""

    waiting: dict[int, socket.socket] = field(default_factory=dict)
    """Who wants to know that a child is gone."""

    spare: spares.Spare | None = None
    """A sandbox that is half made."""


def main() -> NoReturn:
    """Serve the supervisor whose socket is our standard input."""
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    zygote = Zygote(control, os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC))
    wake, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    supervisor = os.pidfd_open(os.getppid())
    with suppress(OSError):  # a machine for which there is none
        seccomp.program(spared=())  # most sandboxes want this one, and find it made
    gc.freeze()
    _listen(zygote, wake, supervisor)


def _listen(zygote: Zygote, wake: int, supervisor: int) -> NoReturn:
    poll = select.poll()
    for fd in (zygote.control.fileno(), wake, supervisor):
        poll.register(fd, select.POLLIN)
    poll.register(zygote.mounts, select.POLLPRI)
    while True:
        found = [fd for fd, _event in poll.poll()]
        if zygote.mounts in found:  # first of all: it is told only once
            _give_up_spare(zygote)
        for fd in found:
            if fd == wake:
                _drain(wake)
            elif fd == zygote.mounts:
                continue
            elif fd == supervisor or not _serve_one(zygote):
                _give_up_spare(zygote)
                os._exit(0)
        _reap(zygote)


def _make_spare(zygote: Zygote, message: wire.Message) -> None:
    _give_up_spare(zygote)
    _has_mounted(zygote)  # from now on
    with suppress(OSError):  # it would have been a convenience
        zygote.spare = spares.make(message)


def _give_up_spare(zygote: Zygote) -> None:
    if zygote.spare is not None:
        zygote.spare.end()
        zygote.spare = None


def _has_mounted(zygote: Zygote) -> bool:
    """Whether something was, that a spare may not see."""
    poll = select.poll()
    poll.register(zygote.mounts, select.POLLPRI)
    return bool(poll.poll(0))


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
        if message["op"] == "renew":
            _fork_to_renew(message, fds[1:], reply)
        elif message["op"] == "spare":
            _make_spare(zygote, message)
        else:
            _create(zygote, message, reply, fds[1])
    finally:
        for fd in fds[1:]:
            os.close(fd)
        reply.close()
    return True


def _create(zygote: Zygote, message: wire.Message, reply: socket.socket, control: int) -> None:
    """Fork the server of a new sandbox. It tells that it is ready, or why it cannot be."""
    make, stage = _way_in(message)
    try:
        if _order_spare(zygote, message, reply, control):
            return
        if stage is _descend:
            message["maps"] = _shared_maps(zygote, message["world"])
        pid = make()
    except OSError as error:
        _tell(reply, wire.failure(error))
        return
    if pid == 0:
        _child(message, reply, control, stage)
    if stage is not _descend:
        _tell(reply, {"pid": pid})


def _renew(message: wire.Message, fds: list[int], reply: socket.socket) -> None:
    """In a child: mount anew what has got other layers."""
    if os.getuid() == 0 and not message["inside"]:
        inside.become_ordinary()
    renewal.renew(message, renewal.Doors(*fds))
    wire.send(reply, {"renewed": True})


def _order_spare(zygote: Zygote, message: wire.Message, reply: socket.socket, control: int) -> bool:
    """Whether there is one that becomes that sandbox. Its order is all that it hears of us."""
    if zygote.spare is None or zygote.spare.number != message.get("spare"):
        return False
    spare, zygote.spare = zygote.spare, None
    try:
        if _has_mounted(zygote):
            return False
        copies = _copies(zygote, message["world"]) if os.getuid() == 0 else []
        try:
            ordered = spares.order(spare, message, reply, control, copies)
        finally:
            view.close(copies)
        if ordered:
            _tell(reply, {"spare": True, "pid": ordered})
        return bool(ordered)
    finally:
        spare.close()


def _copies(zygote: Zygote, world: dict[str, Any]) -> list[int]:
    return view.copies(world, _shared_maps(zygote, world).bases)


def _fork_to_renew(message: wire.Message, fds: list[int], reply: socket.socket) -> None:
    try:
        pid = os.fork()
    except OSError as error:
        _tell(reply, wire.failure(error))
        return
    if pid:
        return
    try:
        signal.set_wakeup_fd(-1)
        _renew(message, fds, reply)
    except OSError as error:
        _tell(reply, wire.failure(error))
    os._exit(0)


def _tell(reply: socket.socket, message: wire.Message) -> None:
    with suppress(OSError):  # whoever asked may have gone, and we have others to serve
        wire.send(reply, message)


def _way_in(message: wire.Message) -> tuple[Callable[[], int], Stage]:
    if "confined" in message:
        return os.fork, inside.serve_confined
    if "world" not in message:
        return os.fork, inside.serve_worktree
    if os.getuid() == 0:
        return os.fork, _descend
    return (lambda: kernel.clone(_namespaces(message["world"]))), inside.serve_isolated


def _namespaces(world: dict[str, Any]) -> int:
    """Without a /proc of its own, a sandbox has no process numbers of its own either."""
    return kernel.ALL_NAMESPACES & ~(0 if world["own_proc"] else kernel.CLONE_NEWPID)


def _child(message: wire.Message, reply: socket.socket, control: int, stage: Stage) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        kernel.close_all_but((reply.fileno(), control, *_all(message.get("maps", view.Maps()))))
        os.setsid()
        stage(message, reply, control)
    except OSError as error:
        wire.send(reply, wire.failure(error))
    os._exit(1)


# Started as root


def _descend(message: wire.Message, reply: socket.socket, control: int) -> None:
    """The stage with root's rights: gather, become an ordinary user, enter the namespaces."""
    world = message["world"]
    kernel.unshare(kernel.CLONE_NEWNS)
    maps = _own_maps(world, message["maps"]) if world["ids"] else message["maps"]
    user, group = world["outside"]
    view.enter(world["place"], user, group)
    view.gather(world, user, group, maps)
    kernel.close_all_but((reply.fileno(), control))
    pid = (
        _enter_mapped(message, reply, control)
        if world["ids"]
        else _enter_alone(message, reply, control)
    )
    wire.send(reply, {"pid": pid})
    os._exit(0)


def _enter_alone(message: wire.Message, reply: socket.socket, control: int) -> int:
    """As an ordinary user, who is the only one in there."""
    inside.become_ordinary()
    pid = kernel.clone(_namespaces(message["world"]) | kernel.CLONE_PARENT)
    if pid == 0:
        inside.serve_gathered(message, reply, control)
    return pid


def _enter_mapped(message: wire.Message, reply: socket.socket, control: int) -> int:
    """As root, who has other ids mapped there; nothing of the sandbox runs before its process 1 is
    one of them.
    """
    world = message["world"]
    mapped, told = os.pipe2(os.O_CLOEXEC)
    pid = kernel.clone(_namespaces(world) | kernel.CLONE_PARENT)
    if pid == 0:
        os.close(told)
        if not os.read(mapped, 1):
            os._exit(1)
        os.close(mapped)
        kernel.become(world["inside"])
        inside.serve_gathered(message, reply, control)
    _write_maps(pid, world["ids"], world["ids"])
    os.write(told, b".")
    return pid


def _all(maps: view.Maps) -> tuple[int, ...]:
    return (*maps.bases, maps.layers, maps.system)


def _shared_maps(zygote: Zygote, world: dict[str, Any]) -> view.Maps:
    """Those that fit more than one sandbox."""

    def made(uid: str, gid: str) -> int:
        if (uid, gid) not in zygote.maps:
            zygote.maps[uid, gid] = _map_namespace(uid, gid)
        return zygote.maps[uid, gid]

    if world["ids"]:
        return view.Maps(system=made(world["system"], world["system"]))
    return view.Maps(_base_maps(world, made))


def _own_maps(world: dict[str, Any], shared: view.Maps) -> view.Maps:
    """Where each sandbox has a user of its own."""
    user, group = world["outside"]
    made = functools.cache(_map_namespace)
    layers = made(f"{inside.UNPRIVILEGED} {user} 1", f"{inside.UNPRIVILEGED} {group} 1")
    return view.Maps(_base_maps(world, made), layers, shared.system)


def _base_maps(world: dict[str, Any], made: Callable[[str, str], int]) -> tuple[int, ...]:
    """For each base a user namespace that makes the owner of its files the user who runs sandboxes,
    or 0.
    """
    user, group = world["outside"]
    found = []
    for base in world["bases"]:
        status = Path(base["path"]).stat()
        uid, gid = f"{status.st_uid} {user} 1", f"{status.st_gid} {group} 1"
        found.append(made(uid, gid) if base["mapped"] else 0)
    return tuple(found)


def _map_namespace(uids: str, gids: str) -> int:
    ready, told = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _wait_in_namespace(told)
    os.close(told)
    try:
        refused = os.read(ready, 1)
        if refused != b"\0":
            number = refused[0] if refused else errno.EPERM
            raise OSError(number, os.strerror(number), "unshare")
        _write_maps(pid, uids, gids)
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(ready)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _wait_in_namespace(told: int) -> NoReturn:
    """Until somebody has opened it, and ends us."""
    try:
        kernel.unshare(kernel.CLONE_NEWUSER)
        os.write(told, b"\0")
        signal.pause()
    except OSError as error:
        os.write(told, bytes([(error.errno or errno.EPERM) & 0xFF]))
    finally:
        os._exit(0)


def _write_maps(pid: int, uids: str, gids: str) -> None:
    """Raises OSError(EPERM) where our own user namespace lacks such ids."""
    try:
        Path(f"/proc/{pid}/uid_map").write_text(uids)
        Path(f"/proc/{pid}/gid_map").write_text(gids)
    except OSError as error:
        raise OSError(error.errno, error.strerror, view.MAP_IDS) from error


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
