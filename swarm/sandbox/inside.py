"""The last stage of a new sandbox: in its own namespaces, with every right in them and none outside.

Here the process that was forked for it becomes its server, and gives those rights up.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
import socket
from typing import Any, NoReturn

from swarm.sandbox import (
    blocked,
    confinement,
    kernel,
    quota,
    seccomp,
    server,
    tree,
    view,
    wire,
)
from swarm.sandbox.chain import Chain

UNPRIVILEGED = 65534
"""Who runs sandboxes when the supervisor is root: never root."""


def become_ordinary() -> None:
    kernel.become(UNPRIVILEGED)
    kernel.set_dumpable(True)  # or our own /proc entries would stay root's


def serve_isolated(message: wire.Message, reply: socket.socket, control: int) -> None:
    """Where nobody had to gather its world before."""
    world = message["world"]
    enter(world)
    view.enter(world["place"], os.getuid(), os.getgid())
    view.gather(world, os.getuid(), os.getgid())
    close_in(message, reply, control, tap())


def serve_gathered(message: wire.Message, reply: socket.socket, control: int) -> None:
    enter(message["world"])
    close_in(message, reply, control, tap())


def enter(world: dict[str, Any]) -> None:
    if world["own_proc"]:  # or nobody would be left to end the others
        kernel.die_with_parent()
    if not world["ids"]:
        kernel.map_user(world["inside"], *world["outside"])
    kernel.raise_loopback()
    socket.sethostname("sandbox")


def close_in(
    message: wire.Message,
    reply: socket.socket,
    control: int,
    tapped: blocked.Tap | None,
    chain: Chain | None = None,
    frame: int | None = None,
) -> None:
    """`frame`: what of its world was mounted before."""
    overlays = message["world"]["overlays"]
    written = tuple(tree.open_root(each["upper"]) for each in overlays)
    lowers = (lower for each in overlays for lower in each["lowers"])
    sealed = tuple(tree.open_root(each) for each in lowers if each.startswith("sealed/"))
    _hand_over(reply)
    if frame is None:
        view.build(message["world"])
    else:
        view.finish(message["world"], frame)
    kernel.drop_rights()
    alone = message["world"]["own_proc"]
    if not alone:
        confinement.scope()
    spared = () if alone else (os.getpid(), os.getppid(), *message["world"]["spared"])
    kernel.install_filter(seccomp.program(spared=spared))
    _serve(message, reply, control, written, sealed, alone=alone, tap=tapped, chain=chain)


def tap() -> blocked.Tap | None:
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


def serve_confined(message: wire.Message, reply: socket.socket, control: int) -> None:
    confinement.enter(message["confined"], UNPRIVILEGED)
    written = tuple(tree.open_root(each) for each in message["confined"]["written"])
    _serve(message, reply, control, written, alone=False)


def serve_worktree(message: wire.Message, reply: socket.socket, control: int) -> None:
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
    chain: Chain | None = None,
) -> NoReturn:
    served = server.Server(
        socket.socket(fileno=control),
        message["roots"],
        message["limits"],
        alone=alone,
        executes=message["executes"],
        tap=tap,
        chain=chain,
        parent=None if alone else os.pidfd_open(os.getppid()),
        bounds=message["watch"],
        sealed=quota.Sealed(sealed),
    )
    server.hold(served, written)
    wire.send(reply, {"ready": True})
    reply.close()
    server.serve(served)
