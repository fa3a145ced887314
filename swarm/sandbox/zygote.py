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

from swarm.sandbox import (
    blocked,
    confinement,
    kernel,
    quota,
    renewal,
    seccomp,
    server,
    tree,
    view,
    wire,
)

UNPRIVILEGED = 65534
"""Who runs sandboxes when the supervisor is root: never root."""

Stage = Callable[[wire.Message, socket.socket, int], None]


@dataclass(slots=True)
class Zygote:
    control: socket.socket
    maps: dict[tuple[str, str], int] = field(default_factory=dict)
    """User namespaces for the owners of files that many sandboxes show, by what they map."""

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
    with suppress(OSError):  # a machine for which there is none
        seccomp.program(spared=())  # most sandboxes want this one, and find it made
    gc.freeze()
    _listen(zygote, wake, supervisor)


def _listen(zygote: Zygote, wake: int, supervisor: int) -> NoReturn:
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
        if message["op"] == "renew":
            _fork_to_renew(message, fds[1:], reply)
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
        if stage is _descend:
            message["maps"] = _shared_maps(zygote, message["world"])
        pid = make()
    except OSError as error:
        _tell(reply, _failure(error))
        return
    if pid == 0:
        _child(message, reply, control, stage)
    if stage is not _descend:
        _tell(reply, {"pid": pid})


def _fork_to_renew(message: wire.Message, fds: list[int], reply: socket.socket) -> None:
    try:
        pid = os.fork()
    except OSError as error:
        _tell(reply, _failure(error))
        return
    if pid:
        return
    try:
        signal.set_wakeup_fd(-1)
        _renew(message, fds, reply)
    except OSError as error:
        _tell(reply, _failure(error))
    os._exit(0)


def _tell(reply: socket.socket, message: wire.Message) -> None:
    with suppress(OSError):  # whoever asked may have gone, and we have others to serve
        wire.send(reply, message)


def _way_in(message: wire.Message) -> tuple[Callable[[], int], Stage]:
    if "confined" in message:
        return os.fork, _serve_confined
    if "world" not in message:
        return os.fork, _serve_worktree
    if os.getuid() == 0:
        return os.fork, _descend
    return (lambda: kernel.clone(_namespaces(message["world"]))), _serve_isolated


def _namespaces(world: dict[str, Any]) -> int:
    """Without a /proc of its own, a sandbox has no process numbers of its own either."""
    return kernel.ALL_NAMESPACES & ~(0 if world["own_proc"] else kernel.CLONE_NEWPID)


def _child(message: wire.Message, reply: socket.socket, control: int, stage: Stage) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        _close_all_but((reply.fileno(), control, *_all(message.get("maps", view.Maps()))))
        os.setsid()
        stage(message, reply, control)
    except OSError as error:
        wire.send(reply, _failure(error))
    os._exit(1)


def _close_all_but(keep: tuple[int, ...]) -> None:
    last = 2
    for fd in (*sorted(each for each in keep if each > last), 1 << 16):
        os.closerange(last + 1, fd)
        last = fd


def _failure(error: OSError) -> wire.Message:
    what = os.fsdecode(error.filename) if error.filename else ""
    return {"errno": error.errno, "error": error.strerror or str(error), "what": what}


# Started as root


def _descend(message: wire.Message, reply: socket.socket, control: int) -> None:
    """The stage with root's rights: gather, become an ordinary user, enter the namespaces."""
    world = message["world"]
    kernel.unshare(kernel.CLONE_NEWNS)
    maps = _own_maps(world, message["maps"]) if world["ids"] else message["maps"]
    user, group = world["outside"]
    view.gather(world, user, group, maps)
    _close_all_but((reply.fileno(), control))
    pid = (
        _enter_mapped(message, reply, control)
        if world["ids"]
        else _enter_alone(message, reply, control)
    )
    wire.send(reply, {"pid": pid})
    os._exit(0)


def _enter_alone(message: wire.Message, reply: socket.socket, control: int) -> int:
    """As an ordinary user, who is the only one in there."""
    _become_ordinary()
    pid = kernel.clone(_namespaces(message["world"]) | kernel.CLONE_PARENT)
    if pid == 0:
        _serve_gathered(message, reply, control)
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
        _serve_gathered(message, reply, control)
    _write_maps(pid, world["ids"], world["ids"])
    os.write(told, b".")
    return pid


def _become_ordinary() -> None:
    kernel.become(UNPRIVILEGED)
    kernel.set_dumpable(True)  # or our own /proc entries would stay root's


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
    layers = made(f"{UNPRIVILEGED} {user} 1", f"{UNPRIVILEGED} {group} 1")
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


# The last stage: in the new namespaces, with every right in them and none outside


def _serve_isolated(message: wire.Message, reply: socket.socket, control: int) -> None:
    _enter(message["world"])
    view.gather(message["world"], os.getuid(), os.getgid())
    _close_in(message, reply, control)


def _serve_gathered(message: wire.Message, reply: socket.socket, control: int) -> None:
    _enter(message["world"])
    _close_in(message, reply, control)


def _enter(world: dict[str, Any]) -> None:
    if world["own_proc"]:  # or nobody would be left to end the others
        kernel.die_with_parent()
    if not world["ids"]:
        kernel.map_user(world["inside"], *world["outside"])
    kernel.raise_loopback()
    socket.sethostname("sandbox")


def _close_in(message: wire.Message, reply: socket.socket, control: int) -> None:
    tap = _tap()
    overlays = message["world"]["overlays"]
    written = tuple(tree.open_root(each["upper"]) for each in overlays)
    lowers = (lower for each in overlays for lower in each["lowers"])
    sealed = tuple(tree.open_root(each) for each in lowers if each.startswith("sealed/"))
    _hand_over(reply)
    view.build(message["world"])
    kernel.drop_rights()
    alone = message["world"]["own_proc"]
    if not alone:
        confinement.scope()
    spared = () if alone else (os.getpid(), os.getppid(), *message["world"]["spared"])
    kernel.install_filter(seccomp.program(spared=spared))
    _serve(message, reply, control, written, sealed, alone=alone, tap=tap)


def _tap() -> blocked.Tap | None:
    try:
        return blocked.open_tap()
    except OSError:  # a kernel without raw sockets: attempts fail as well, and are not seen
        return None


def _hand_over(reply: socket.socket) -> None:
    """Let the supervisor keep the place where everything is gathered, as a namespace of its own, so
    that new layers can be mounted later by a process that has what it takes; this one will not.
    """
    gathered = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    here = os.open(".", os.O_PATH | os.O_CLOEXEC)
    kernel.unshare(kernel.CLONE_NEWNS)
    shown = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    wire.send(reply, {"doors": True}, [gathered, here, shown])
    for each in (gathered, here, shown):
        os.close(each)


def _renew(message: wire.Message, fds: list[int], reply: socket.socket) -> None:
    """In a child: mount anew what has got other layers."""
    if os.getuid() == 0 and not message["inside"]:
        _become_ordinary()
    renewal.renew(message, renewal.Doors(*fds))
    wire.send(reply, {"renewed": True})


def _serve_confined(message: wire.Message, reply: socket.socket, control: int) -> None:
    confinement.enter(message["confined"], UNPRIVILEGED)
    written = tuple(tree.open_root(each) for each in message["confined"]["written"])
    _serve(message, reply, control, written, alone=False)


def _serve_worktree(message: wire.Message, reply: socket.socket, control: int) -> None:
    _serve(message, reply, control, (), alone=False)


def _serve(
    message: wire.Message,
    reply: socket.socket,
    control: int,
    written: tuple[int, ...],
    sealed: tuple[int, ...] = (),
    *,
    alone: bool,
    tap: blocked.Tap | None = None,
) -> NoReturn:
    served = server.Server(
        socket.socket(fileno=control),
        message["roots"],
        message["limits"],
        alone=alone,
        executes=message["executes"],
        tap=tap,
        parent=None if alone else os.pidfd_open(os.getppid()),
        bounds=message["watch"],
        sealed=quota.Sealed(sealed),
    )
    server.hold(served, written)
    wire.send(reply, {"ready": True})
    reply.close()
    server.serve(served)


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
