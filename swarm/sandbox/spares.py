"""A sandbox that is half made before anybody asks for one.

More than half of what a new sandbox takes is the same for all: forks of an interpreter, namespaces, the
network's above all, and the mounts of what is not its tree. So the zygote has one made as far as that
while there is nothing else to do, for the user that the last one had. It has met nothing of a sandbox
before. What it may not reach, because that takes root's rights, comes with its order: as copies of
mounts, which it puts where they belong.

What it sees of the machine's mounts is what there was when it was made. So the zygote gives it up as
soon as anything is mounted, and looks once more before it orders.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from swarm.sandbox import inside, kernel, server, view, wire

_NUMBER = 32
_MADE = b"."


@dataclass(frozen=True, slots=True)
class Spare:
    number: int
    door: socket.socket
    """Its one order goes in here; it ends when nobody can give one any more."""

    told: int
    """Tells its process id, and that it is made; ends when nothing more is to be told."""

    def made(self) -> tuple[int, bool]:
        """Its process id, 0 when there could be none, and whether it was made. To be asked once; waits for
        who is still at it.
        """
        said = b""
        while piece := os.read(self.told, _NUMBER):
            said += piece
        return int(said.replace(_MADE, b"") or b"0"), _MADE in said

    def close(self) -> None:
        self.door.close()
        os.close(self.told)

    def end(self) -> None:
        """Return when it is dead."""
        self.door.close()
        pid, _made = self.made()
        os.close(self.told)
        if pid:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)


def order(
    spare: Spare, message: wire.Message, reply: socket.socket, control: int, copies: Sequence[int]
) -> int:
    """Have it become that sandbox, of which `reply` hears the rest. Returns its process id, or 0 when
    it cannot. To be asked once.
    """
    fds = [reply.fileno(), control, *copies]
    pid, made = spare.made()
    if not made or len(fds) > wire.MOST_FDS:
        return 0
    try:
        wire.send(spare.door, message, fds)
    except OSError:  # it has died
        return 0
    return pid


def kind_of(world: dict[str, Any]) -> dict[str, Any] | None:
    """What a spare has to know to become such a sandbox. None for what none can become: with users of
    its own, or other processes in sight.
    """
    frame = view.frame_of(world)
    if world["ids"] or not world["own_proc"] or frame is None:
        return None
    return frame | {each: world[each] for each in ("place", "ids", "inside", "outside")}


def make(message: wire.Message) -> Spare:
    """Have one made, of the kind and with the number that are asked for. Raises OSError."""
    ours, theirs = wire.pair()
    told, telling = os.pipe2(os.O_CLOEXEC)
    spare = Spare(message["number"], ours, told)
    try:
        if os.fork() == 0:
            _stay(theirs, lambda: _make(message, theirs, telling), telling)
    except OSError:
        spare.close()
        raise
    finally:
        theirs.close()
        os.close(telling)
    return spare


def _stay(door: socket.socket, stage: Callable[[], None], *keep: int) -> NoReturn:
    """Go through a stage with nothing open but that, and end."""
    with suppress(OSError):
        signal.set_wakeup_fd(-1)
        kernel.close_all_but((door.fileno(), *keep))
        os.setsid()
        stage()
    os._exit(0)


def _make(message: wire.Message, door: socket.socket, telling: int) -> None:
    """In the control group; then as an ordinary user, to whom its namespaces belong."""
    for each in message["groups"]:
        Path(each).write_text("0")
    kind, is_root = message["kind"], os.getuid() == 0
    if is_root:
        kernel.unshare(kernel.CLONE_NEWNS)
        view.enter(kind["place"], *kind["outside"])
        inside.become_ordinary()
    pid = kernel.clone(kernel.ALL_NAMESPACES | kernel.CLONE_PARENT)
    if pid == 0:
        _stay(door, lambda: _wait(kind, door, telling, entered=is_root), telling)
    os.write(telling, str(pid).encode())


def _wait(kind: dict[str, Any], door: socket.socket, telling: int, *, entered: bool) -> None:
    """For the order, as far as one can get without it."""
    inside.enter(kind)
    tapped = inside.tap()
    kernel.set_dumpable(False)  # it is of a user whom others may be, too
    if not entered:
        view.enter(kind["place"], os.getuid(), os.getgid())
    frame = view.frame(kind)
    here = os.open(".", os.O_PATH | os.O_CLOEXEC)
    chain = server.rehearsed()
    os.fchdir(here)
    os.close(here)
    os.write(telling, _MADE)
    os.close(telling)
    message, fds = wire.receive(door)
    if message is None:
        return
    door.close()
    reply = socket.socket(fileno=fds[0])
    try:
        _gather(message["world"], fds[2:])
        inside.close_in(message, reply, fds[1], tapped, chain, frame)
    except OSError as error:
        wire.send(reply, wire.failure(error))


def _gather(world: dict[str, Any], copies: Sequence[int]) -> None:
    if copies:
        view.gather_copies(world, copies)
    else:
        view.gather(world, os.getuid(), os.getgid())
