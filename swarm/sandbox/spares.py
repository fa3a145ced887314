"""A sandbox that is half made before anybody asks for one.

Half of what a new sandbox takes is the same for all: forks of an interpreter, and namespaces, the
network's above all. So the zygote has one made as far as that while there is nothing else to do, for
the user that the last one had. Started as root, that is two processes that share a namespace of
mounts: one with root's rights gathers the world there, as ordered; the other, by then an ordinary user
in its own namespaces, makes the sandbox out of it. Neither has met anything of a sandbox before.

What they see of the machine's mounts is what there was when they were made. So the zygote gives one up
as soon as anything is mounted, and looks once more before it orders.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from swarm.sandbox import inside, kernel, server, view, wire

_NUMBER = 32
_MOST_MAPS = 8
"""Descriptors that one order can bring along for the owners of files."""


@dataclass(frozen=True, slots=True)
class Spare:
    number: int
    door: socket.socket
    """Its one order goes in here; it ends when nobody can give one any more."""

    first: int
    """The process that takes the order."""

    def end(self) -> None:
        """Return when it is dead."""
        self.door.close()
        with suppress(ChildProcessError):
            os.waitpid(self.first, 0)


def order(
    spare: Spare, message: wire.Message, reply: socket.socket, control: int, maps: view.Maps
) -> bool:
    """Have it become that sandbox, of which `reply` hears the rest; false when it cannot. It can be
    asked once.
    """
    mapped = [each for each in maps.bases if each]
    message = {**message, "mapped": [bool(each) for each in maps.bases]}
    if len(mapped) > _MOST_MAPS:
        return False
    try:
        wire.send(spare.door, message, [reply.fileno(), control, *mapped])
    except OSError:
        return False
    return True


def kind_of(world: dict[str, Any]) -> dict[str, Any] | None:
    """What a spare has to know to become such a sandbox. None for what none can become: with users of
    its own, or other processes in sight.
    """
    if world["ids"] or not world["own_proc"]:
        return None
    return {each: world[each] for each in ("own_proc", "ids", "inside", "outside")}


def make(message: wire.Message) -> Spare:
    """Fork one, of the kind and with the number that are asked for. Raises OSError."""
    ours, theirs = wire.pair()
    stage = _gather_for_another if os.getuid() == 0 else _wait_alone
    try:
        pid = os.fork() if os.getuid() == 0 else kernel.clone(kernel.ALL_NAMESPACES)
    except OSError:
        ours.close()
        theirs.close()
        raise
    if pid == 0:
        _stay(theirs, lambda: stage(message, theirs))
    theirs.close()
    return Spare(message["number"], ours, pid)


def _stay(door: socket.socket, stage: Callable[[], None], *keep: int) -> NoReturn:
    """Go through a stage with nothing open but that, and end."""
    with suppress(OSError):
        signal.set_wakeup_fd(-1)
        kernel.close_all_but((door.fileno(), *keep))
        os.setsid()
        stage()
    os._exit(0)


# As root


def _gather_for_another(order: wire.Message, door: socket.socket) -> None:
    for each in order["groups"]:
        Path(each).write_text("0")
    kernel.unshare(kernel.CLONE_NEWNS)
    to_it, from_us = wire.pair()
    told, telling = os.pipe2(os.O_CLOEXEC)
    if kernel.clone(kernel.CLONE_PARENT) == 0:
        _make_another(order, from_us, telling)
    from_us.close()
    os.close(telling)
    number = os.read(told, _NUMBER)
    if not number:  # it could not be made
        return
    pid = int(number)
    message, fds = wire.receive(door)
    if message is None:
        _end(pid, to_it)
        return
    reply = socket.socket(fileno=fds[0])
    try:
        wire.send(reply, {"pid": pid})
        maps = _maps(message["mapped"], fds[2:])
        user, group = order["kind"]["outside"]
        view.gather(message["world"], user, group, maps)
        here = os.open(".", os.O_PATH | os.O_CLOEXEC)
        wire.send(to_it, message, [fds[0], fds[1], here])
    except OSError as error:
        wire.send(reply, wire.failure(error))


def _maps(mapped: Sequence[bool], fds: Sequence[int]) -> view.Maps:
    given = iter(fds)
    return view.Maps(tuple(next(given) if each else 0 for each in mapped))


def _end(pid: int, to_it: socket.socket) -> None:
    """Return when it is dead. It ends when nobody can tell it what to be."""
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(pid)
        to_it.close()
        select.select([ended], [], [])


def _make_another(order: wire.Message, orders: socket.socket, telling: int) -> NoReturn:
    """As an ordinary user, to whom the namespaces then belong; but for that of mounts."""
    with suppress(OSError):
        inside.become_ordinary()
        namespaces = kernel.ALL_NAMESPACES & ~kernel.CLONE_NEWNS
        pid = kernel.clone(namespaces | kernel.CLONE_PARENT)
        if pid == 0:
            _stay(orders, lambda: _wait_for_what_is_gathered(order, orders))
        os.write(telling, str(pid).encode())
    os._exit(0)


def _wait_for_what_is_gathered(order: wire.Message, orders: socket.socket) -> None:
    def begin(_world: dict[str, Any], fds: Sequence[int]) -> None:
        os.fchdir(fds[0])
        os.close(fds[0])
        kernel.unshare(kernel.CLONE_NEWNS)

    _wait(order, orders, begin)


# As an ordinary user


def _wait_alone(order: wire.Message, door: socket.socket) -> None:
    def begin(world: dict[str, Any], _fds: Sequence[int]) -> None:
        view.gather(world, os.getuid(), os.getgid())

    _wait(order, door, begin)


def _wait(
    order: wire.Message,
    orders: socket.socket,
    begin: Callable[[dict[str, Any], Sequence[int]], None],
) -> None:
    """For the order, as far as one can get without it."""
    inside.enter(order["kind"])
    tapped = inside.tap()
    kernel.set_dumpable(False)  # it is of a user whom others may be, too
    chain = server.rehearsed()
    message, fds = wire.receive(orders)
    if message is None:
        return
    orders.close()
    reply = socket.socket(fileno=fds[0])
    try:
        begin(message["world"], fds[2:])
        inside.close_in(message, reply, fds[1], tapped, chain)
    except OSError as error:
        wire.send(reply, wire.failure(error))
