"""Makes sandboxes, and ends them: the supervisor's end of one zygote."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from itertools import count
from pathlib import Path

import swarm
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox import channel, layout, limits, tree, wire, worktree
from swarm.sandbox.box import Box, Place
from swarm.sandbox.port import BaseRef, Sandbox, SandboxHost, SandboxMode, SandboxSpec
from swarm.sandbox.zygote import UNPRIVILEGED

_START = """
import sys
sys.path.append({packages!r})
from swarm.sandbox.zygote import main
main()
"""


def open_host(scratch: Path, mode: SandboxMode, python: Path = Path(sys.executable)) -> SandboxHost:
    """A host whose sandboxes live below `scratch` and are all of that mode.

    Nothing is started before the first sandbox. `python` runs our own code outside of what is
    isolated: the interpreter of this process is right.
    """
    return Host(scratch, mode, python)


class Host:
    """Implements `swarm.sandbox.port.SandboxHost`."""

    def __init__(self, scratch: Path, mode: SandboxMode, python: Path) -> None:
        self._scratch = scratch
        self._mode = mode
        self._python = python
        self._folder: Path | None = None
        self._zygote: tuple[subprocess.Popen[bytes], socket.socket] | None = None
        self._numbers = count(1)
        self._boxes: dict[str, tuple[Box, int]] = {}

    async def create(self, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        """Raises Lacking when the machine cannot do it, Rejected when the request is wrong."""
        _check(spec, self._mode)
        if self._mode == "namespaces":
            return await self._create_isolated(spec, base)
        return await self._create_worktree(spec, base)

    async def close(self) -> None:
        for box, _pid in list(self._boxes.values()):
            await box.destroy()
        if self._zygote is not None:
            process, control = self._zygote
            control.close()
            await asyncio.to_thread(process.wait)
            self._zygote = None
        if self._folder is not None:
            await asyncio.to_thread(_erase, self._folder)
            self._folder = None

    async def _create_worktree(self, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        folder = self._new_folder()
        copy = folder / "tree"
        hidden = await asyncio.to_thread(worktree.copy_tree, base.directory, copy, spec)
        home = folder / "home"
        home.mkdir()
        place = Place(folder.name, self._mode, copy, copy, _environment(home), hidden)
        request = {
            "op": "create",
            "roots": {"tree": str(copy), "tmp": "/tmp"},  # noqa: S108
            "limits": limits.worktree(spec.limits),
            "resident_bytes": spec.limits.memory_bytes,
        }
        return await self._started(place, spec, base, request)

    async def _create_isolated(self, spec: SandboxSpec, base: BaseRef) -> Sandbox:
        layout.check(spec)
        folder = self._new_folder()
        holes = layout.holes(spec)
        await asyncio.to_thread(_make_layers, folder, holes, spec)
        hidden = frozenset(map(bytes, holes))
        place = Place(
            folder.name,
            self._mode,
            spec.mount_point,
            folder / "layers/upper",
            _environment(Path(layout.HOME)),
            hidden,
        )
        request = {
            "op": "create",
            "roots": {"tree": str(spec.mount_point), "tmp": "/tmp"},  # noqa: S108
            "limits": limits.isolated(spec.limits),
            "resident_bytes": spec.limits.memory_bytes,
            "world": _world(spec, base, folder),
        }
        return await self._started(place, spec, base, request)

    async def _started(
        self, place: Place, spec: SandboxSpec, base: BaseRef, request: wire.Message
    ) -> Box:
        control, theirs = wire.pair()
        pid = await self._ask_zygote(request, theirs)
        box = Box(place, spec, base, control, self._destroy)
        self._boxes[box.id] = (box, pid)
        return box

    async def _ask_zygote(self, request: wire.Message, theirs: socket.socket) -> int:
        answers = channel.request(self._control(), request, [theirs.fileno()])
        theirs.close()
        pid, ready = 0, False
        try:
            while not (pid and ready):
                answer = await answers.next(channel.ANSWER_SECONDS)
                if answer is None or "error" in answer:
                    raise Lacking(f"cannot make a sandbox: {answer}")
                pid, ready = answer.get("pid", pid), ready or "ready" in answer
        finally:
            answers.close()
        return pid

    def _control(self) -> socket.socket:
        if self._zygote is None:
            self._zygote = _start_zygote(self._python)
        return self._zygote[1]

    def _new_folder(self) -> Path:
        if self._folder is None:
            self._scratch.mkdir(parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="host-", dir=self._scratch))
        folder = self._folder / f"{self._folder.name.removeprefix('host-')}-{next(self._numbers)}"
        folder.mkdir()
        return folder

    async def _destroy(self, box: Box) -> None:
        if box.id not in self._boxes:
            return
        _box, pid = self._boxes.pop(box.id)
        answers = channel.request(self._control(), {"op": "end", "pid": pid})
        box.disconnect()
        try:
            await answers.next(channel.ANSWER_SECONDS)
        finally:
            answers.close()
        if self._folder is not None:
            await asyncio.to_thread(_erase, self._folder / box.id)


def _check(spec: SandboxSpec, mode: SandboxMode) -> None:
    if spec.require == "namespaces" and mode != "namespaces":
        raise Lacking(
            f"isolation by namespaces is required, and these sandboxes are of mode {mode}",
            advice="require unsafe-worktree, or use a machine where namespaces work",
        )
    if not spec.mount_point.is_absolute() or spec.mount_point == Path("/"):
        raise Rejected(f"{spec.mount_point} cannot be a mount point: an absolute path below / can")


def _make_layers(folder: Path, holes: tuple[Path, ...], spec: SandboxSpec) -> None:
    """The directories that the overlay writes to, owned by who runs the sandbox."""
    for name in ("root", "layers", "layers/upper", "layers/work"):
        (folder / name).mkdir()
    for hole in holes:
        place = folder / "layers/holes" / hole
        place.parent.mkdir(parents=True, exist_ok=True)
        if (spec.mount_point / hole).is_dir():
            place.mkdir(exist_ok=True)
        else:
            place.touch()
    if os.getuid() == 0:
        for directory, _names, files in os.walk(folder / "layers"):
            for each in (Path(directory), *(Path(directory) / file for file in files)):
                os.chown(each, UNPRIVILEGED, UNPRIVILEGED)


def _world(spec: SandboxSpec, base: BaseRef, folder: Path) -> wire.Message:
    return {
        "folder": str(folder),
        "base": str(base.directory),
        "lowers": ["made/holes", "base"] if layout.holes(spec) else ["base"],
        "shown": [str(each) for each in layout.shown(spec)],
        "links": layout.links(),
        "mounts": [asdict(each) for each in layout.mounts(spec)],
        "home": layout.HOME,
        "inside": layout.INSIDE_ID,
        "outside": (os.getuid(), os.getgid()),
    }


def _start_zygote(python: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = wire.pair()
    packages = str(Path(swarm.__path__[0]).parent)
    nothing: dict[str, str] = {}
    process = subprocess.Popen(
        [str(python), "-I", "-S", "-c", _START.format(packages=packages)],
        stdin=theirs.fileno(),
        stdout=subprocess.DEVNULL,
        env=nothing,
        cwd="/",
        start_new_session=True,
    )
    theirs.close()
    return process, ours


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }


def _erase(folder: Path) -> None:
    directory = tree.open_root(os.fsencode(folder.parent))
    try:
        tree.erase(folder.name, directory)
    finally:
        os.close(directory)
