"""The process inside a sandbox that does what its supervisor asks: runs commands, stops them, reads
and writes files.

In a sandbox with namespaces it is process 1, and no signal from inside reaches it; in an unsafe
worktree it is an ordinary process that adopts what its children leave behind (subreaper). In both it
is not dumpable, so that what it runs cannot look into it, and it holds no rights.

When a command ends, whatever it started ends with it: everything in the sandbox that is not the
offspring of another command that still runs. Offspring is told by parenthood, which a process cannot
choose; one whose parents are gone has become our own child and belongs to nobody.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import base64
import errno
import gc
import os
import select
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NoReturn

from swarm.sandbox import kernel, starting, tree, wire
from swarm.sandbox.blocked import Tap
from swarm.sandbox.chain import Chain
from swarm.sandbox.quota import Sealed
from swarm.sandbox.watchdog import Watchdog, watching

_KILL_ROUNDS = 500
_DYING_ROUNDS = 30_000
_ROUND_MS = 2
_NAME = 200
_STOP_ROUNDS = 4_000
"""Some seconds: on a busy machine a process stops when it gets a processor."""

_MOST_MAPPED = 100
_MOST_NAMED = 5_000
"""Characters of their paths: what an answer has room for, however they are written."""
_OUTPUTS = 2
_SIGNAL_BYTES = 128
"""Of a `signalfd_siginfo`."""


@dataclass(slots=True)
class Command:
    """One that runs: who wants to know of its end, and why it was killed if it was."""

    number: int
    reply: socket.socket
    name: str
    killed_by: str = ""


@dataclass(slots=True)
class Server:
    control: socket.socket
    places: dict[str, str]
    """Directories that files are read from and written to, by name."""

    limits: dict[str, int]
    alone: bool
    """Everything that we see but ourselves is the sandbox's: we are process 1."""

    parent: int | None = None
    """A descriptor of the process whose end is ours too; process 1 is killed with its parent."""

    executes: bool = True
    """Whether anything may be started at all."""

    tap: Tap | None = None
    """Sees attempts to reach the network."""

    bounds: dict[str, int] = field(default_factory=dict)
    """For the watchdog."""

    watchdog: Watchdog = field(default_factory=Watchdog)
    """Says when all commands have to be killed, and why."""

    roots: dict[str, int] = field(default_factory=dict)
    """The places, open; none while they are let go of."""

    written: tuple[int, ...] = ()
    """Open directories that hold what was written, where that is not the places themselves."""

    sealed: Sealed = field(default_factory=Sealed)
    """What was written before the last checkpoint."""

    commands: dict[int, Command] = field(default_factory=dict)

    null: int = -1
    """An open file with nothing in it, for commands that read nothing."""

    chain: Chain | None = None
    """For commands that are started when nothing runs."""

    look_at: float = 0.0
    """When the watchdog wants to look again, while commands run."""


def serve(server: Server) -> NoReturn:
    """Answer requests until the supervisor or the zygote is gone; then everything here ends."""
    wake = _prepare(server)
    poll = select.poll()
    poll.register(server.control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    if server.parent is not None:
        poll.register(server.parent, select.POLLIN)
    for fd in _tapped(server):
        poll.register(fd, select.POLLIN)
    while _turn(server, poll, wake):
        pass
    _sweep(server, keep=())
    os._exit(0)


def hold(server: Server, written: tuple[int, ...]) -> None:
    """Open the places, and watch what is written there from now on."""
    server.roots = {name: tree.open_root(path) for name, path in server.places.items()}
    server.written = written
    shown = server.roots["tree"]
    server.watchdog = watching(server.bounds, written or (shown,), shown, server.sealed)


def _let_go(server: Server) -> bool:
    """Hold nothing open that is mounted, if nobody else does: if nothing runs."""
    if not _is_quiet(server):
        return False
    server.watchdog = Watchdog()
    for fd in server.roots.values():
        os.close(fd)
    server.roots = {}
    return True


def _hold_again(server: Server, written: tuple[int, ...], *, sealed: bool) -> None:
    """After we let go. `sealed`: what was written is where it was, and is not written to any more."""
    if sealed:
        server.sealed.directories += server.written
    else:
        for fd in server.written:
            os.close(fd)
    hold(server, written)


def _turn(server: Server, poll: select.poll, wake: int) -> bool:
    """Do what there is to do; false at the end."""
    going_on = True
    wait = max(server.look_at - monotonic(), 0) * 1000 if server.commands else None
    for fd, _event in poll.poll(wait):
        if fd == wake:
            _drain(wake)
        elif fd == server.control.fileno():
            going_on = going_on and _serve_one(server)
        elif server.tap is not None and fd in server.tap.fds:
            _tapped(server)
        else:
            going_on = False
    _reap(server)
    _watch(server)
    return going_on


def _tapped(server: Server) -> tuple[int, ...]:
    """Read what was tried while these commands ran."""
    if server.tap is None:
        return ()
    server.tap.read(command.name for command in server.commands.values())
    return server.tap.fds


def _prepare(server: Server) -> int:
    kernel.set_dumpable(False)
    server.null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    if server.alone and os.getpid() != 1:
        raise RuntimeError("only process 1 of a sandbox may signal everything that it sees")
    if not server.alone:
        kernel.become_subreaper()
    if server.alone and server.chain is None:
        server.chain = _chain()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    wake = kernel.signal_descriptor(signal.SIGCHLD)
    signal.signal(signal.SIGINT, signal.SIG_IGN if server.alone else signal.SIG_DFL)
    gc.collect()
    gc.freeze()
    return wake


def _chain() -> Chain | None:
    """Where somebody else is, it could stop a child in the middle, and us with it."""
    with suppress(OSError):
        return Chain(starting.CALLS)
    return None


def rehearsed() -> Chain | None:
    """A chain for a server to come, after most of what a command takes was done once, and without
    any. What a process uses for the first time after it was forked the kernel copies, page by page:
    that takes as long as a command. For who is alone in its namespace of processes.
    """
    chain = _chain()
    if chain is not None:
        starting.rehearse(chain)
    ours, theirs = wire.pair()
    with ours, theirs:
        server = Server(theirs, {}, {}, alone=True, chain=chain)
        wire.send(ours, {"op": "runs"}, [ours.fileno()])
        _serve_one(server)
        _tell(server, Command(0, theirs, ""), 0, 0.0)
        _reap(server)
    return chain


def _drain(wake: int) -> None:
    with suppress(BlockingIOError):
        os.read(wake, _SIGNAL_BYTES)


def _serve_one(server: Server) -> bool:
    """Do one request; false when there will be no more."""
    try:
        message, fds = wire.receive(server.control)
    except ConnectionError:
        return False
    if message is None:
        return False
    reply = socket.socket(fileno=fds[0])
    try:
        kept = _perform(server, message, reply, fds[1:])
    except OSError as error:
        _answer(reply, {"errno": error.errno, "error": error.strerror or str(error)})
        kept = False
    finally:
        for fd in fds[1:]:
            os.close(fd)
    if not kept:
        reply.close()
    return True


def _perform(server: Server, message: wire.Message, reply: socket.socket, fds: list[int]) -> bool:
    """True when the reply socket is kept for later answers."""
    match message["op"]:
        case "exec":
            if not server.executes:
                raise PermissionError(errno.EPERM, "nothing can be executed in this sandbox")
            _start(server, message, reply, fds)
            return True
        case "kill":
            for pid, command in list(server.commands.items()):
                if command.number == message["number"]:
                    _kill(server, pid, message["why"])
        case "stop":
            stopped = _stop(server)
            seen = _seen(server) if message["look"] else {}
            _answer(reply, {"stopped": stopped, **seen})
        case "continue":
            for pid in _offspring():
                _signal(pid, signal.SIGCONT)
            _answer(reply, {})
        case "listen":
            with _listening(message["port"]) as listening:
                _answer(reply, {}, [listening.fileno()])
        case "blocked":
            _tapped(server)
            records = server.tap.records() if server.tap is not None else []
            _answer(reply, {"blocked": records})
        case "runs":
            _answer(reply, {"runs": not _is_quiet(server)})
        case "let go":
            _answer(reply, {"quiet": _let_go(server)})
        case "hold":
            _hold_again(server, tuple(map(os.dup, fds)), sealed=message["sealed"])
            _answer(reply, {})
        case "look":
            _answer(reply, _seen(server))
        case "open":
            fd = tree.open_file(server.roots[message["root"]], os.fsencode(message["path"]))
            _answer(reply, {}, [fd])
            os.close(fd)
        case "change":
            for change in message["changes"]:
                _change(server.roots[message["root"]], change)
            _answer(reply, {})
    return False


def _answer(reply: socket.socket, message: wire.Message, fds: list[int] | None = None) -> None:
    try:
        wire.send(reply, message, fds or [])
    except OSError:  # nobody waits for it any more
        return


def _change(root: int, change: dict[str, Any]) -> None:
    path = os.fsencode(change["path"])
    match change["mode"]:
        case "":
            tree.remove(root, path)
        case "120000":
            tree.write_link(root, path, base64.b64decode(change["data"]))
        case mode:
            data = base64.b64decode(change["data"])
            tree.write_file(root, path, data, executable=mode == "100755")


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


# Commands


def _start(server: Server, message: wire.Message, reply: socket.socket, fds: list[int]) -> None:
    first = not server.commands
    given = fds if len(fds) > _OUTPUTS else [server.null, *fds]
    order = {
        "argv": message["argv"],
        "cwd": message["cwd"],
        "env": message["env"],
        "limits": server.watchdog.bounded(server.limits),
    }
    pid = starting.start(order, given, server.chain if _is_quiet(server) else None)
    server.commands[pid] = Command(message["number"], reply, " ".join(message["argv"])[:_NAME])
    _offer(pid)
    if first:
        server.watchdog.begin()
        server.look_at = monotonic() + server.watchdog.wait_seconds()
    if message["tell"]:
        _answer(reply, {"pid": pid})


def _offer(pid: int) -> None:
    """When memory is full, the sandbox's or the machine's, this process goes, not ours, and nobody's
    outside.
    """
    with suppress(OSError):  # it has ended, or its /proc is read-only
        fd = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, b"1000")
        finally:
            os.close(fd)


def _is_quiet(server: Server) -> bool:
    """Nothing runs."""
    return not server.commands and not _has_children()


def _kill(server: Server, pid: int, why: str) -> None:
    command = server.commands[pid]
    command.killed_by = command.killed_by or why
    for each in (pid, *_offspring(of=pid)):
        _signal(each, signal.SIGKILL)


def _reap(server: Server) -> None:
    """Collect the dead. A command's end is told after all that it started is dead too."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        command = server.commands.pop(pid, None)
        if command is not None:
            _finish(server, command, status, usage.ru_utime + usage.ru_stime)


def _finish(server: Server, command: Command, status: int, cpu: float) -> None:
    cpu += _sweep(server, keep=tuple(server.commands))
    _tell(server, command, status, cpu)


def _tell(server: Server, command: Command, status: int, cpu: float) -> None:
    code = os.waitstatus_to_exitcode(status)
    why = command.killed_by or server.watchdog.after(code)
    _answer(command.reply, {"code": code, "cpu": cpu, "killed_by": why})
    command.reply.close()


def _sweep(server: Server, keep: tuple[int, ...]) -> float:
    """Kill all but those commands and their offspring; the processor seconds of the killed."""
    if server.alone and not keep:
        return _sweep_everything(server)
    cpu, births, killed = 0.0, 0, set[int]()
    for _round in range(_DYING_ROUNDS):
        if not _has_children():
            return cpu
        victims = _strays(keep)
        if not victims:
            return cpu
        # Who was killed may need long to die, where the machine has much to do: that is no birth.
        births += not victims <= killed
        killed |= victims
        if births > _KILL_ROUNDS:
            break
        for pid in victims:
            _signal(pid, signal.SIGKILL)
        cpu += _collect(victims)
    # Something forks faster than we can look. Nobody is spared then: one call gets them all.
    if server.alone:
        cpu += _sweep_everything(server)
    return cpu


def _has_children() -> bool:
    """What our children leave behind becomes our child: without any, nothing is left."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _sweep_everything(server: Server) -> float:
    """The kernel kills every process at once; none can fork away from it. If commands are among them,
    who waits for these is told.
    """
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return 0.0
    cpu = 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return cpu
        used = usage.ru_utime + usage.ru_stime
        command = server.commands.pop(pid, None)
        if command is None:
            cpu += used
        else:
            _tell(server, command, status, used)


def _collect(victims: set[int]) -> float:
    cpu = 0.0
    for pid in victims:
        try:
            got, _status, usage = os.wait4(pid, os.WNOHANG)
        except ChildProcessError:  # its parent is another victim, and not yet dead
            continue
        if got:
            cpu += usage.ru_utime + usage.ru_stime
    if not cpu:
        select.poll().poll(_ROUND_MS)
    return cpu


def _strays(keep: tuple[int, ...]) -> set[int]:
    parents = kernel.parents()
    kept = set(keep).union(*(kernel.descendants(parents, pid) for pid in keep))
    return kernel.descendants(parents, os.getpid()) - kept


def _offspring(of: int | None = None) -> set[int]:
    return kernel.descendants(kernel.parents(), os.getpid() if of is None else of)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _stop(server: Server) -> bool:
    """Stop all where they are; true when every one of them has been seen to stand still."""
    if _is_quiet(server):
        return True
    for _round in range(_STOP_ROUNDS):
        if server.alone:
            _stop_everything()
        moving = {pid for pid in _offspring() if kernel.state(pid) not in "TtZX"}
        if not moving:
            return True
        for pid in moving:
            _signal(pid, signal.SIGSTOP)
        select.poll().poll(_ROUND_MS)
    return False


def _stop_everything() -> None:
    """At once, so that nothing that is just being forked slips through."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGSTOP)


def _seen(server: Server) -> wire.Message:
    return {"runs": not _is_quiet(server), "mapped": _mapped(server)}


def _mapped(server: Server) -> wire.Message:
    """Files that some process can change through its memory; or that this cannot be told."""
    found: set[str] = set()
    if _is_quiet(server):
        return {"all": False, "paths": []}
    for pid in _offspring():
        mapped = kernel.shared_mappings(pid)
        if mapped is None or len(found) > _MOST_MAPPED:
            return {"all": True}
        found |= mapped
    if sum(map(len, found)) > _MOST_NAMED:
        return {"all": True}
    return {"all": False, "paths": sorted(found)}


def _watch(server: Server) -> None:
    if not server.commands or monotonic() < server.look_at:
        return
    why = server.watchdog.verdict(_offspring)
    server.look_at = monotonic() + server.watchdog.wait_seconds()
    if why:
        for pid in list(server.commands):
            _kill(server, pid, why)
