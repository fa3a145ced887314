"""Makes sandboxes of one mode, keeps what they held, and ends them."""

import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox import (
    archive,
    channel,
    confined,
    groups,
    isolated,
    layout,
    modes,
    profiles,
    remedies,
    spares,
    wire,
    worktree,
)
from swarm.sandbox.ahead import Ahead, Half
from swarm.sandbox.box import Box, Place
from swarm.sandbox.checkpoints import Store, Strata
from swarm.sandbox.folders import HostFolder, erase
from swarm.sandbox.groups import Group, Groups, Removal
from swarm.sandbox.holding import Holding, check
from swarm.sandbox.launch import Launched, Launcher
from swarm.sandbox.port import (
    BaseRef,
    CheckpointRef,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
)
from swarm.sandbox.renewal import Doors
from swarm.sandbox.settling import Settler

Result = TypeVar("Result")

_COPIED: tuple[SandboxMode, ...] = ("landlock", "unsafe-worktree")
"""Modes in which the tree is a plain copy."""


def open_host(scratch: Path, mode: SandboxMode, python: Path = Path(sys.executable)) -> SandboxHost:
    """A host whose sandboxes live below `scratch`, which must not be the user's to change.

    Nothing is started before the first sandbox is made. `python` runs our own code outside of what
    is isolated: the interpreter of this process is right. Raises Lacking for a mode that others
    than root cannot make.
    """
    if mode == "idmapped" and os.getuid() != 0:
        raise Lacking(
            "sandboxes of mode idmapped can be made by root only", advice="use namespaces"
        )
    return Host(scratch, mode, python)


_RENEWALS = 4
"""At the same time."""

_MOST_READY = 4
"""Sandboxes that are kept ready; more would be forgotten ones."""


@dataclass(slots=True)
class _Made:
    """A sandbox, its server, and what it holds on disk."""

    box: Box
    holding: Holding
    launcher: Launcher
    launched: Launched
    renewal: Future[None] | None = None
    """Its files are being mounted anew."""

    async def settled(self) -> None:
        """Return when they are. Raises as what failed then."""
        if self.renewal is not None:
            await asyncio.shield(asyncio.wrap_future(self.renewal))

    async def end(self, removal: Removal) -> None:
        """Return when all that ran in it is dead."""
        with suppress(OSError, Rejected):
            await self.settled()
        self.renewal = None
        doors, self.launched = self.launched.doors, replace(self.launched, doors=())
        channel.close_all(doors)
        await self.launcher.end(self.launched.pid)
        if self.launched.group is not None:
            await asyncio.to_thread(self.launched.group.empty)
            removal.begin(self.launched.group)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A sandbox that nobody has asked for yet."""

    spec: SandboxSpec
    base: BaseRef
    box: Box

    def is_for(self, spec: SandboxSpec, base: BaseRef) -> bool:
        return (self.spec, self.base) == (spec, base)


class Host:
    """Implements `swarm.sandbox.port.SandboxHost`, and `swarm.sandbox.box.Keeper`."""

    def __init__(self, scratch: Path, mode: SandboxMode, python: Path) -> None:
        self._scratch = scratch
        self._mode = mode
        self._python = python
        self._store = Store(scratch)
        self._settler = Settler(self._store)
        self._folder: HostFolder | None = None
        self._launcher: Launcher | None = None
        self._numbers = count(1)
        self._boxes: dict[str, _Made] = {}
        self._ready: list[_Ready] = []
        self._copies: dict[Path, Path] = {}
        self._groups: Groups | None = None
        self._removal = Removal()
        self._ahead = Ahead()
        self._renewals = ThreadPoolExecutor(_RENEWALS)

    async def create(self, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        """Raises Lacking when the machine cannot do it, Rejected when the request is wrong."""
        self._check(spec)
        return await self._taken(spec, base) or await self._create(spec, base, None)

    async def prepare(self, spec: SandboxSpec, base: BaseRef, count: int = 1) -> None:
        self._check(spec)
        there = sum(each.is_for(spec, base) for each in self._ready)
        for _ in range(there, min(count, _MOST_READY)):
            box = await self._create(spec, base, None)
            self._ready.append(_Ready(spec, base, box))
        while len(self._ready) > _MOST_READY:
            await self._ready.pop(0).box.destroy()

    async def restore(self, at: CheckpointRef, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        self._check(spec)
        return await self._create(spec, base, await self._strata(at, spec, base))

    async def checkpoints(self) -> tuple[CheckpointRef, ...]:
        return tuple(each.ref for each in await asyncio.to_thread(self._store.all))

    async def discard(self, at: CheckpointRef) -> None:
        await asyncio.to_thread(self._store.discard, at)

    async def export(self, at: CheckpointRef, file: Path) -> None:
        await asyncio.to_thread(archive.export, self._store, at, file)

    async def load(self, file: Path) -> CheckpointRef:
        return await asyncio.to_thread(archive.load, self._store, file)

    async def close(self) -> None:
        try:
            for made in list(self._boxes.values()):
                await made.box.destroy()
        finally:
            await asyncio.to_thread(self._ahead.stop)
            if self._launcher is not None:
                await self._launcher.close()
            await asyncio.to_thread(self._ahead.end)
            await asyncio.to_thread(self._removal.finish)
            if self._folder is not None:
                await asyncio.to_thread(self._folder.remove)
            await asyncio.to_thread(self._settler.close)
            await asyncio.to_thread(self._store.vanish)
            self._launcher = self._folder = None
            self._copies.clear()
            self._ready.clear()

    # What sandboxes ask for

    async def end(self, box: Box) -> None:
        made = self._boxes.pop(box.id, None)
        if made is not None:
            await made.end(self._removal)
            await asyncio.to_thread(erase, made.holding.folder)

    def stacked(self, box: Box) -> Sequence[Path]:
        return self._boxes[box.id].holding.stacks

    async def checkpoint(self, box: Box, label: str, hot: bool | None) -> CheckpointRef:
        made = self._boxes[box.id]
        if not made.holding.whole and hot is not True:
            kept = await _to_the_end(self._keep_cold, made, label, hot is None)
            if kept is not None:
                return kept
        if hot is False and await box.runs():
            raise Rejected("something runs, so a cold checkpoint is not possible")
        async with box.standing_still() as still:
            strata = await asyncio.to_thread(made.holding.copy, still.mapped)
        return self._keep(made, label, strata, hot=still.runs)

    async def rollback(self, box: Box, to: CheckpointRef) -> None:
        made = self._boxes[box.id]
        strata = await self._strata(to, box.spec, made.holding.base)
        await self._begin_again(made, strata)

    async def fork(self, box: Box, number: int, at: CheckpointRef) -> tuple[Sandbox, ...]:
        base = self._boxes[box.id].holding.base
        forks = [self.restore(at, box.spec, base) for _ in range(number)]
        async with _all_or_none() as started, asyncio.TaskGroup() as group:
            started += [group.create_task(each) for each in forks]
        return tuple(each.result() for each in started)

    def _keep(self, made: _Made, label: str, strata: Strata, *, hot: bool) -> CheckpointRef:
        ref = made.holding.keep(label, self._mode, strata, hot=hot)
        self._settler.note()
        return ref

    def _keep_cold(self, made: _Made, label: str, may_copy: bool) -> CheckpointRef | None:
        """None when something runs."""
        held = made.holding
        if may_copy and not made.box.is_quiet():
            return None
        looked = held.looked() if may_copy else None
        if looked is not None:
            return self._keep(made, label, held.copy((), looked), hot=False)
        return self._seal(made, label) if made.box.let_go() else None

    def _seal(self, made: _Made, label: str) -> CheckpointRef:
        """Nothing runs, and the server has let go of everything. What was collected is kept; nobody
        waits until there is a place to collect what comes next but who wants to write there.
        """
        held = made.holding
        if held.blank():
            self._hold_again(made, sealed=False)
            return self._keep(made, label, held.strata, hot=False)
        before = held.made
        try:
            held.seal()
        finally:
            if held.made == before:
                self._hold_again(made, sealed=False)
            else:
                made.box.expect_renewal()
                made.renewal = self._renewals.submit(self._renew, made)
        return self._keep(made, label, held.strata, hot=False)

    def _renew(self, made: _Made) -> None:
        """Raises OSError and Rejected."""
        order = made.holding.begin_anew()
        order["inside"] = layout.INSIDE_ID if self._mode == "idmapped" else 0
        made.launcher.renew(order, made.launched.doors)
        self._hold_again(made, sealed=True)
        made.holding.clear()

    def _hold_again(self, made: _Made, *, sealed: bool) -> None:
        here = made.launched.doors[Doors._fields.index("here")]
        made.box.hold(made.holding.gathered, here, sealed=sealed)

    async def renewed(self, box: Box) -> None:
        made = self._boxes.get(box.id)
        if made is None:  # it was ended meanwhile
            return
        try:
            await made.settled()
        except (OSError, Rejected):
            # It sees its files no more; a new server will, over the same layers.
            await self._begin_again(made, made.holding.strata)

    # Making

    def _check(self, spec: SandboxSpec) -> None:
        if not modes.is_at_least(self._mode, spec.require):
            raise Lacking(
                f"isolation of mode {spec.require} is required; sandboxes here are of mode"
                f" {self._mode}",
                advice="choose the weaker mode on purpose; swarm doctor tells what helps",
            )
        layout.check(spec)
        profiles.check(spec)
        if spec.limits.cpus and "cpu" not in groups.controllers():
            raise Lacking(
                "a share of the processors cannot be bounded here: no control group for it",
                advice=groups.DELEGATE,
            )

    async def _strata(self, at: CheckpointRef, spec: SandboxSpec, base: BaseRef) -> Strata:
        kept = await asyncio.to_thread(self._store.read, at)
        check(kept, spec, base, whole=self._mode in _COPIED)
        return kept.strata

    async def _taken(self, spec: SandboxSpec, base: BaseRef) -> Box | None:
        """One that was prepared, and has not died meanwhile."""
        while fitting := [each for each in self._ready if each.is_for(spec, base)]:
            self._ready.remove(fitting[-1])
            if fitting[-1].box.is_served():
                return fitting[-1].box
            await fitting[-1].box.destroy()
        return None

    async def _create(self, spec: SandboxSpec, base: BaseRef, strata: Strata | None) -> Box:
        folder = self._opened().path / f"{self._opened().token}-{next(self._numbers)}"
        try:
            held = await _to_the_end(self._hold, folder, spec, base, strata)
            place, launcher, launched = await self._start(held, strata)
        except BaseException:
            await asyncio.to_thread(erase, folder)
            raise
        box = Box(place, spec, base, launched.control, self, launched.group)
        self._boxes[box.id] = made = _Made(box, held, launcher, launched)
        await self._connect(made)
        return box

    def _hold(
        self, folder: Path, spec: SandboxSpec, base: BaseRef, strata: Strata | None
    ) -> Holding:
        """A folder of its own, and what it is over safe from being removed."""
        folder.mkdir(0o700)
        self._store.make()
        whole = folder / worktree.TREE if self._mode in _COPIED else None
        held = Holding(folder, spec, base, self._store, whole, strata or ())
        with self._store.adding():
            held.needs()
            self._store.require(held.strata)
        return held

    async def _begin_again(self, made: _Made, strata: Strata) -> None:
        """End all that runs while a new one starts over those, under the same name."""
        box, old = made.box, made.holding
        box.lose()
        with suppress(OSError, Rejected):
            await made.settled()
        gone = old.folder.rename(old.folder.with_name(f"{old.folder.name}-gone"))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._finish(made, gone))
                started = tasks.create_task(self._start_over(old, strata))
            made.holding, place, made.launcher, made.launched = started.result()
        except BaseException as error:
            self._boxes.pop(box.id, None)
            await asyncio.to_thread(erase, old.folder)
            if isinstance(error, BaseExceptionGroup):
                raise error.exceptions[0] from error
            raise
        box.begin_again(place, made.launched.control, made.launched.group)
        await self._connect(made)

    async def _finish(self, made: _Made, gone: Path) -> None:
        try:
            await made.end(self._removal)
        finally:
            await asyncio.to_thread(erase, gone)

    async def _start_over(
        self, old: Holding, strata: Strata
    ) -> tuple[Holding, Place, Launcher, Launched]:
        held = await _to_the_end(self._hold, old.folder, old.spec, old.base, strata)
        return held, *await self._start(held, strata)

    def _bound(self, pid: int, spec: SandboxSpec, unborn: Half | None) -> Group | None:
        """Nothing of the sandbox's runs yet but its server."""
        if unborn is not None:
            unborn.end()
        return self._all_groups().make(spec.limits, pid)

    def _all_groups(self) -> Groups:
        if self._groups is None:
            self._groups = Groups(groups.find())
        return self._groups

    async def _connect(self, made: _Made) -> None:
        try:
            await made.box.open_network()
        except BaseException:
            await made.box.destroy()
            raise

    async def _start(
        self, held: Holding, strata: Strata | None
    ) -> tuple[Place, Launcher, Launched]:
        spec = held.spec
        if not held.whole:
            place = await _to_the_end(held.prepare, self._mode)
            return place, *await self._isolate(held)
        kind = confined if self._mode == "landlock" else worktree
        fill = held.fill if strata is not None else held.fill_from_base
        place = await _to_the_end(kind.prepare, held.folder, spec, fill)
        return place, *await self._launch(kind.request(place, spec), spec)

    async def _isolate(self, held: Holding) -> tuple[Launcher, Launched]:
        bases = [held.base.directory, *(each.directory for each in held.spec.layers)]
        below = tuple((self._copies.get(each, each), self._is_foreign(each)) for each in bases)
        request = isolated.request(
            held.folder,
            self._opened().place,
            held.spec,
            self._mode,
            isolated.Below(below, self._store.strata, held.strata),
        )
        try:
            return await self._launch(request, held.spec)
        except Lacking as error:
            if not (_cannot_map(error) and any(each not in self._copies for each in bases)):
                raise
        for each in bases:
            await self._copy_base(each)
        return await self._isolate(held)

    def _is_foreign(self, base: Path) -> bool:
        """Somebody else's than whose the sandbox is, so that its owners have to be mapped. Copies
        belong to the one user who runs all sandboxes of the other modes.
        """
        return os.getuid() == 0 and (self._mode == "idmapped" or base not in self._copies)

    async def _copy_base(self, base: Path) -> None:
        if base not in self._copies:
            copy = self._opened().path / f"base-{next(self._numbers)}"
            await asyncio.to_thread(isolated.copy_base, base, copy)
            self._copies[base] = copy

    async def _launch(self, request: wire.Message, spec: SandboxSpec) -> tuple[Launcher, Launched]:
        launcher, half = self._started(), self._ahead.take()
        kind = spares.kind_of(request["world"]) if "world" in request else None
        fits = half is not None and half.fits(kind, spec.limits)
        more = {
            "executes": profiles.executes(spec),
            "spare": half.number if half is not None and fits else 0,
        }
        pending = _Pending(half)

        def begun(pid: int, *, spare: bool) -> None:
            if spare and half is not None and half.group is not None:
                pending.begin(half.group.bound, spec.limits)
            else:
                pending.begin(self._bound, pid, spec, half)

        launched: Launched | None = None
        try:
            launched = await launcher.launch(request | more, begun)
            launched = replace(launched, group=await pending.made())
            self._make_another(launcher, kind, spec)
            return launcher, launched
        except BaseException as error:
            if launched is not None:
                launched.let_go()
            await pending.abandon()
            if isinstance(error, OSError):
                raise remedies.explained(error, remedies.this_machine()) from error
            raise

    def _make_another(
        self, launcher: Launcher, kind: Mapping[str, Any] | None, spec: SandboxSpec
    ) -> None:
        """Half of one, for whoever comes next."""
        if kind is None:
            return
        mine = os.getuid() == 0  # nobody else can move what is born into other namespaces

        def ask(half: Half) -> None:
            files = half.group.members() if half.group is not None else ()
            order = {"number": half.number, "kind": kind, "groups": [str(each) for each in files]}
            launcher.make_spare(order)

        def reserve() -> Group | None:
            return self._all_groups().reserve(spec.limits) if mine else None

        self._ahead.begin(kind, reserve, ask)

    def _opened(self) -> HostFolder:
        if self._folder is None:
            self._folder = HostFolder(self._scratch)
        return self._folder

    def _started(self) -> Launcher:
        if self._launcher is not None and not self._launcher.alive:
            self._launcher.abandon()
            self._launcher = None
        if self._launcher is None:
            self._launcher = Launcher(self._python, self._opened().path / "zygote.log")
        return self._launcher


class _Pending:
    """A control group that is made while the process that it is for makes itself ready: to move a
    process takes as long as all processors need to come to a quiet moment.
    """

    def __init__(self, half: Half | None) -> None:
        self._half = half
        self._making: asyncio.Future[Group | None] | None = None

    def begin(self, make: Callable[..., Group | None], *what: Any) -> None:
        self._making = asyncio.get_running_loop().run_in_executor(None, partial(make, *what))

    async def made(self) -> Group | None:
        return await asyncio.shield(self._making) if self._making is not None else None

    async def abandon(self) -> None:
        if self._making is None:
            if self._half is not None:
                await asyncio.to_thread(self._half.end)
            return
        await asyncio.wait([self._making])
        group = self._making.result()
        if group is not None:
            await asyncio.to_thread(group.end)


@asynccontextmanager
async def _all_or_none() -> AsyncIterator[list[asyncio.Task[Sandbox]]]:
    """When one cannot be made, none is left."""
    started: list[asyncio.Task[Sandbox]] = []
    try:
        yield started
    except BaseExceptionGroup as errors:
        for each in started:
            if not each.cancelled() and each.exception() is None:
                await each.result().destroy()
        raise errors.exceptions[0] from errors


async def _to_the_end(work: Callable[..., Result], *arguments: Any) -> Result:
    """In a thread, and awaited also by who is cancelled: what it makes is about to be removed."""
    running = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


def _cannot_map(error: Lacking) -> bool:
    cause = error.__cause__
    return (
        isinstance(cause, OSError)
        and cause.errno == errno.EINVAL
        and str(cause.filename).startswith("mount_setattr")
    )
