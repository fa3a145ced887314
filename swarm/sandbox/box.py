"""A sandbox as its supervisor holds it: the socket to its server, and its folder on disk."""

import asyncio
import base64
import errno
import os
import select
import socket
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Protocol

from swarm.domain.changes import Change, Changes, Removed
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox import channel, command, differences, network, profiles, tree, wire
from swarm.sandbox.groups import Group
from swarm.sandbox.port import (
    BaseRef,
    Blocked,
    CheckpointRef,
    ExecResult,
    Guarantees,
    Process,
    Sandbox,
    SandboxMode,
    SandboxSpec,
)
from swarm.sandbox.proxy import Proxy

_TMP = Path("/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sandbox is, inside and outside."""

    id: str
    mode: SandboxMode
    root: Path
    env: dict[str, str]
    hidden: frozenset[bytes]
    """Paths relative to the root that are shown, and are not the tree's."""

    guarantees: Guarantees


@dataclass(frozen=True, slots=True)
class Still:
    """What stands still in a sandbox."""

    runs: bool
    """Anything at all."""

    mapped: tuple[Path, ...] | None
    """Files that may change without a trace, because a process has them in its memory; None when it
    cannot be told which.
    """


class Keeper(Protocol):
    """Who made it, keeps what it holds, and ends it."""

    def stacked(self, box: "Box") -> Sequence[Path]:
        """Directories that make up its tree above the base, the newest first."""
        ...

    async def checkpoint(self, box: "Box", label: str, hot: bool | None) -> CheckpointRef: ...
    async def renewed(self, box: "Box") -> None:
        """Return when its files are mounted again."""
        ...

    async def rollback(self, box: "Box", to: CheckpointRef) -> None: ...
    async def fork(self, box: "Box", number: int, at: CheckpointRef) -> tuple[Sandbox, ...]: ...
    async def discard(self, at: CheckpointRef) -> None: ...
    async def end(self, box: "Box") -> None: ...


class Box:
    """Implements `swarm.sandbox.port.Sandbox` for all modes."""

    def __init__(
        self,
        place: Place,
        spec: SandboxSpec,
        base: BaseRef,
        control: socket.socket,
        keeper: "Keeper",
        group: Group | None = None,
    ) -> None:
        self._group = group
        self._place = place
        self._spec = spec
        self._base = base
        self._control = control
        self._keeper = keeper
        self._numbers = count(1)
        self._running: list[command.Running] = []
        self._untold = set[int]()
        """Commands of whose end, and of all that they had started, nobody has told us; and what the server still writes."""

        self._proxy: Proxy | None = None
        self._frozen_since: float | None = None
        self._frozen_seconds = 0.0
        self._thaw = asyncio.Event()
        self._thaw.set()
        self._steady = asyncio.Event()
        """Its files are where they belong, and nobody wants them to stay as they are."""
        self._steady.set()
        self._changing = asyncio.Lock()
        self._renewed = True
        """Nothing is being mounted anew in it."""

    @property
    def id(self) -> str:
        return self._place.id

    @property
    def mode(self) -> SandboxMode:
        return self._place.mode

    @property
    def guarantees(self) -> Guarantees:
        return replace(self._place.guarantees, total_memory=self._group is not None)

    @property
    def spec(self) -> SandboxSpec:
        return self._spec

    @property
    def root(self) -> Path:
        return self._place.root

    async def exec(
        self,
        argv: tuple[str, ...],
        *,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        wall_seconds: float | None = None,
    ) -> ExecResult:
        self._check_executes()
        limits = self._spec.limits
        wall = limits.wall_seconds if wall_seconds is None else wall_seconds
        order = command.Order(
            next(self._numbers),
            argv,
            self._inside(cwd),
            self._environment(env),
            stdin,
            min(wall, limits.wall_seconds),
            limits.output_bytes,
            limits.cpu_seconds,
        )
        await self.thawed()
        before = (0, 0) if self._group is None else (self._group.killed(), self._group.refused())
        self._untold.add(order.number)
        result = await command.run(self, order, self.mode)
        self._untold.discard(order.number)  # not when it is cancelled
        return self._told(result, *before)

    def _told(self, result: ExecResult, killed: int, refused: int) -> ExecResult:
        """With the bound that the kernel held, if nobody else has named one: who loses a process to
        it and then waits till the time is over has met that bound first.
        """
        unnamed = result.killed_by in ("", "signal", "time")
        if self._group is None or result.returncode == 0 or not unnamed:
            return result
        if self._group.killed() > killed:
            return replace(result, killed_by="memory")
        if self._group.refused() > refused:
            return replace(result, killed_by="processes")
        return result

    async def spawn(
        self, argv: tuple[str, ...], *, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> Process:
        self._check_executes()
        await self.thawed()
        order = command.Order(next(self._numbers), argv, self._inside(cwd), self._environment(env))
        self._untold.add(order.number)
        running = await command.spawn(self, order)
        self._running.append(running)
        return running

    async def read(self, path: Path, most: int = 64 << 20) -> bytes:
        root, relative = self._named(path)
        fd = await self._open(root, relative)
        try:
            return await asyncio.to_thread(tree.read_descriptor, fd, most)
        except OSError as error:
            raise Rejected(f"cannot read {path}: {error.strerror}") from error
        finally:
            os.close(fd)

    async def write(self, path: Path, data: bytes, *, executable: bool = False) -> None:
        root, relative = self._named(path)
        mode = "100755" if executable else "100644"
        await self._change(root, [_record(relative, mode, data)], str(path))

    async def apply(self, changes: Changes) -> None:
        for path in changes.paths:
            _check(path)
        # Removals first: a file may stand where a directory has to be, and the other way round.
        ordered = sorted(changes.items, key=lambda each: not isinstance(each, Removed))
        await self._change("tree", map(_recorded, ordered), "the changes")

    async def diff(self) -> Changes:
        async with self._changing:
            await self._renewal()
            return await asyncio.to_thread(
                differences.compare,
                self._base.directory,
                self._keeper.stacked(self),
                whole=not self.guarantees.copy_on_write,
                hidden=self._place.hidden,
            )

    async def checkpoint(self, label: str, *, hot: bool | None = None) -> CheckpointRef:
        async with self._kept_steady():
            await self._renewal()
            return await self._keeper.checkpoint(self, label, hot)

    async def rollback(self, to: CheckpointRef) -> None:
        async with self._kept_steady():
            await self._keeper.rollback(self, to)

    async def fork(self, count: int, at: CheckpointRef | None = None) -> tuple[Sandbox, ...]:
        if at is not None:
            return await self._fork(count, at)
        at = await self.checkpoint("fork")
        try:
            return await self._fork(count, at)
        finally:
            await self._keeper.discard(at)

    async def _fork(self, count: int, at: CheckpointRef) -> tuple[Sandbox, ...]:
        async with self._changing:
            await self._renewal()
        return await self._keeper.fork(self, count, at)

    async def freeze(self) -> None:
        async with self._changing:
            if self._frozen_since is None:
                await self._stop()

    async def _stop(self, *, look: bool = False) -> wire.Message:
        self._frozen_since = time.monotonic()
        self._thaw.clear()
        answer = await self._ask({"op": "stop", "look": look})
        if not answer["stopped"]:
            raise Rejected("some process could not be stopped")
        return answer

    async def thaw(self) -> None:
        async with self._changing:
            await self._continue()

    async def _continue(self) -> None:
        if self._frozen_since is None:
            return
        await self._ask({"op": "continue"})
        self._frozen_seconds += time.monotonic() - self._frozen_since
        self._frozen_since = None
        self._thaw.set()

    async def listen(self, port: int) -> socket.socket:
        answers = self.request({"op": "listen", "port": port})
        try:
            answer, fds = await answers.next_with_fds()
            channel.checked(answer, "listen")
        except OSError as error:
            raise Rejected(f"cannot listen on port {port} inside: {error.strerror}") from error
        finally:
            answers.close()
        listening = socket.socket(fileno=fds[0])
        listening.setblocking(False)
        return listening

    async def blocked(self) -> tuple[Blocked, ...]:
        answer = await self._ask({"op": "blocked"})
        seen = tuple(
            Blocked(str(each["host"]), int(each["port"]), str(each["command"]), count=each["count"])
            for each in answer["blocked"]
        )
        return (*seen, *(self._proxy.blocked() if self._proxy is not None else ()))

    async def open_network(self) -> None:
        """Serve the proxy, where the specification names hosts; again for a new server inside."""
        if not self._spec.network.allowed or self.mode == "unsafe-worktree":
            return
        if self.mode == "landlock":  # nothing inside may open a connection, to the proxy neither
            raise Lacking(
                f"no host can be reached through a proxy from sandboxes of mode {self.mode}",
                advice="choose a mode with a network of its own",
            )
        listening = await self.listen(network.PROXY_PORT)
        if self._proxy is None:
            self._proxy = Proxy(self._spec.network)
        await self._proxy.serve(listening)

    async def destroy(self) -> None:
        self.lose()
        await self._keeper.end(self)
        self._bury()

    # For its keeper

    def is_served(self) -> bool:
        """Its server lives: else the kernel has closed the other end of its socket."""
        poll = select.poll()
        poll.register(self._control, 0)
        return not poll.poll(0)

    def is_quiet(self) -> bool:
        """For threads. Nothing runs. Where the kernel ends with a command all that it has started, the server
        need not be asked after the last.
        """
        if not self._untold and self.guarantees.own_proc:
            return True
        return not channel.ask_from_thread(self._control, {"op": "runs"})["runs"]

    def let_go(self) -> bool:
        """For threads. Hold no file open any more; false when something runs, and all stays as it was."""
        return bool(channel.ask_from_thread(self._control, {"op": "let go"})["quiet"])

    def hold(self, made: Sequence[Path], at: int, *, sealed: bool) -> None:
        """For threads. Look at its files again. `made`: where they collect now, as seen from the directory `at`
        in the sandbox's own mounts: only there do all files belong to the sandbox's user. `sealed`:
        where they collected until now is kept as it is.
        """
        fds = [tree.open_root(bytes(each), at) for each in made]
        try:
            channel.ask_from_thread(self._control, {"op": "hold", "sealed": sealed}, fds)
        finally:
            channel.close_all(fds)

    def expect_renewal(self) -> None:
        """Its files are mounted anew; whoever needs them waits for that."""
        self._renewed = False

    async def runs(self) -> bool:
        return bool((await self._ask({"op": "runs"}))["runs"])

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[Still]:
        if self._frozen_since is not None:
            yield _still(await self._ask({"op": "look"}))
            return
        try:
            yield _still(await self._stop(look=True))
        finally:
            await self._continue()

    def lose(self) -> None:
        """What runs is about to end."""
        if self._proxy is not None:
            self._proxy.close()
        self._control.close()

    def _bury(self) -> None:
        """What ran has ended."""
        for each in self._running:
            each.close()
        self._running.clear()

    def begin_again(self, place: Place, control: socket.socket, group: Group | None) -> None:
        """After all that ran has ended."""
        self._bury()
        self._group = group
        self._place = place
        self._control = control
        self._frozen_since = None
        self._untold.clear()
        self._renewed = True
        self._thaw.set()

    @asynccontextmanager
    async def _kept_steady(self) -> AsyncIterator[None]:
        """Nothing that was not there starts or writes meanwhile."""
        async with self._changing:
            self._steady.clear()
            try:
                yield
            finally:
                self._steady.set()

    # For commands that run in it

    def request(self, message: wire.Message, fds: Sequence[int] = ()) -> channel.Answers:
        return channel.request(self._control, message, fds)

    def running_seconds(self) -> float:
        now = self._frozen_since if self._frozen_since is not None else time.monotonic()
        return now - self._frozen_seconds

    async def thawed(self) -> None:
        while not (self._thaw.is_set() and self._steady.is_set() and self._renewed):
            await self._thaw.wait()
            await self._in_place()

    async def die(self) -> None:
        await self.destroy()

    async def _in_place(self) -> None:
        """Return when its files are where they belong."""
        while not (self._steady.is_set() and self._renewed):
            await self._steady.wait()
            if not self._renewed:
                async with self._changing:
                    await self._renewal()

    async def _renewal(self) -> None:
        """Return when nothing is being mounted anew. For who may change it."""
        if not self._renewed:
            await self._keeper.renewed(self)
            self._renewed = True

    def _check_executes(self) -> None:
        if not profiles.executes(self._spec):
            raise Rejected(
                "nothing can be executed in this sandbox", advice="its profile is files-only"
            )

    def _environment(self, more: dict[str, str] | None) -> dict[str, str]:
        proxied = network.environment(self._spec.network) if self._proxy is not None else {}
        return {**self._place.env, **proxied, **(more or {})}

    # Paths

    def _inside(self, path: Path | None) -> str:
        """As a command inside would name it."""
        if path is None:
            return str(self.root)
        if path.is_relative_to(self._spec.mount_point):
            return str(self.root / path.relative_to(self._spec.mount_point))
        return str(self.root / path)

    def _named(self, path: Path) -> tuple[str, bytes]:
        """Which of the server's directories the path is in, and where there."""
        absolute = Path(self._inside(path))
        for name, root in (("tree", self.root), ("tmp", _TMP)):
            if absolute.is_relative_to(root) and absolute != root:
                relative = bytes(absolute.relative_to(root))
                _check(relative)
                return name, relative
        raise Rejected(f"{path} is neither below {self.root} nor below {_TMP}")

    # Requests

    async def _ask(self, message: wire.Message, seconds: float | None = None) -> wire.Message:
        return await channel.ask(self._control, message, seconds or channel.ANSWER_SECONDS)

    async def _open(self, root: str, relative: bytes) -> int:
        await self._in_place()
        answers = self.request({"op": "open", "root": root, "path": os.fsdecode(relative)})
        try:
            answer, fds = await answers.next_with_fds()
            channel.checked(answer, "read")
        except OSError as error:
            raise Rejected(f"cannot read {os.fsdecode(relative)!r}: {error.strerror}") from error
        finally:
            answers.close()
        return fds[0]

    async def _change(self, root: str, changes: Iterable[wire.Message], what: str) -> None:
        await self._in_place()
        number = next(self._numbers)
        self._untold.add(number)
        try:
            await self._ask({"op": "change", "root": root, "changes": list(changes)}, 60.0)
        except OSError as error:
            self._untold.discard(number)
            raise Rejected(
                f"cannot write {what}: {error.strerror}",
                advice="the disk or a limit is full" if error.errno == errno.ENOSPC else "",
            ) from error
        self._untold.discard(number)


def _still(answer: wire.Message) -> Still:
    mapped = answer["mapped"]
    return Still(answer["runs"], None if mapped["all"] else tuple(map(Path, mapped["paths"])))


def _check(path: bytes) -> None:
    try:
        names = tree.parts_of(path)
    except OSError as error:
        raise Rejected(f"{path!r} is not a plain relative path") from error
    if b".git" in names:
        raise Rejected(f"{path!r} lies in a repository's own folder")


def _recorded(change: Change) -> wire.Message:
    if isinstance(change, Removed):
        return _record(change.path, "", b"")
    return _record(change.path, change.mode, change.data)


def _record(path: bytes, mode: str, data: bytes) -> wire.Message:
    return {"path": os.fsdecode(path), "mode": mode, "data": base64.b64encode(data).decode()}
