"""Makes sandboxes of one mode, and ends them."""

import asyncio
import errno
import os
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.sandbox import (
    confined,
    isolated,
    layout,
    modes,
    profiles,
    remedies,
    wire,
    worktree,
)
from swarm.sandbox.box import Box, Place
from swarm.sandbox.folders import HostFolder, erase
from swarm.sandbox.launch import Launcher
from swarm.sandbox.port import BaseRef, Sandbox, SandboxHost, SandboxMode, SandboxSpec


def open_host(scratch: Path, mode: SandboxMode, python: Path = Path(sys.executable)) -> SandboxHost:
    """A host whose sandboxes live below `scratch`, which must not be the user's to change.

    Nothing is started before the first sandbox is made. `python` runs our own code outside of what
    is isolated: the interpreter of this process is right.
    """
    return Host(scratch, mode, python)


@dataclass(frozen=True, slots=True)
class _Made:
    box: Box
    pid: int
    launcher: Launcher


class Host:
    """Implements `swarm.sandbox.port.SandboxHost`."""

    def __init__(self, scratch: Path, mode: SandboxMode, python: Path) -> None:
        self._scratch = scratch
        self._mode = mode
        self._python = python
        self._folder: HostFolder | None = None
        self._launcher: Launcher | None = None
        self._numbers = count(1)
        self._boxes: dict[str, _Made] = {}
        self._copies: dict[Path, Path] = {}

    async def create(self, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        """Raises Lacking when the machine cannot do it, Rejected when the request is wrong."""
        if not modes.is_at_least(self._mode, spec.require):
            raise Lacking(
                f"isolation of mode {spec.require} is required; sandboxes here are of mode"
                f" {self._mode}",
                advice="choose the weaker mode on purpose; swarm doctor tells what helps",
            )
        layout.check(spec)
        profiles.check(spec)
        folder = self._opened().path / f"{self._opened().token}-{next(self._numbers)}"
        folder.mkdir(0o700)
        try:
            return await self._create(folder, spec, base)
        except BaseException:
            await asyncio.to_thread(erase, folder)
            raise

    async def close(self) -> None:
        try:
            for made in list(self._boxes.values()):
                await made.box.destroy()
        finally:
            if self._launcher is not None:
                await self._launcher.close()
            if self._folder is not None:
                await asyncio.to_thread(self._folder.remove)
            self._launcher = self._folder = None
            self._copies.clear()

    async def _create(self, folder: Path, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        if self._mode == "unsafe-worktree":
            place = await asyncio.to_thread(worktree.prepare, folder, spec, base.directory)
            return await self._launch(place, spec, base, worktree.request(place, spec))
        if self._mode == "landlock":
            place = await asyncio.to_thread(confined.prepare, folder, spec, base.directory)
            return await self._launch(place, spec, base, confined.request(place, spec))
        place = await asyncio.to_thread(isolated.prepare, folder, spec, self._mode)
        return await self._isolate(folder, place, spec, base)

    async def _isolate(
        self, folder: Path, place: Place, spec: SandboxSpec, base: BaseRef
    ) -> Sandbox:
        copy = self._copies.get(base.directory)
        mapped = os.getuid() == 0 and copy is None
        request = isolated.request(folder, spec, copy or base.directory, self._mode, mapped=mapped)
        try:
            return await self._launch(place, spec, base, request)
        except Lacking as error:
            if not (mapped and _cannot_map(error)):
                raise
        await self._copy(base.directory)
        return await self._isolate(folder, place, spec, base)

    async def _copy(self, base: Path) -> None:
        copy = self._opened().path / f"base-{next(self._numbers)}"
        await asyncio.to_thread(isolated.copy_base, base, copy)
        self._copies[base] = copy

    async def _launch(
        self, place: Place, spec: SandboxSpec, base: BaseRef, request: wire.Message
    ) -> Sandbox:
        launcher = self._started()
        try:
            executes = {"executes": profiles.executes(spec)}
            control, pid = await launcher.launch(request | executes)
        except OSError as error:
            raise remedies.explained(error, remedies.this_machine()) from error
        box = Box(place, spec, base, control, self._destroy)
        self._boxes[box.id] = _Made(box, pid, launcher)
        try:
            await box.open_network()
        except BaseException:
            await box.destroy()
            raise
        return box

    async def _destroy(self, box: Box) -> None:
        if box.id not in self._boxes:
            return
        made = self._boxes.pop(box.id)
        await made.launcher.end(made.pid)
        await asyncio.to_thread(erase, self._opened().path / box.id)

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


def _cannot_map(error: Lacking) -> bool:
    cause = error.__cause__
    return (
        isinstance(cause, OSError)
        and cause.errno == errno.EINVAL
        and str(cause.filename).startswith("mount_setattr")
    )
