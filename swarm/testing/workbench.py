"""A workbench over plain folders, for tests of agents: real sandboxes, real trees, no repository."""

import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from swarm.domain.changes import Change, Changes, Mode, Removed, Written
from swarm.domain.goals import Environment
from swarm.domain.names import TreeHash
from swarm.engines.public_api import NOTHING_MORE, Needs
from swarm.sandbox.public_api import (
    BaseRef,
    Limits,
    Sandbox,
    SandboxHost,
    SandboxMode,
    SandboxSpec,
)

DEFAULT_LIMITS = Limits()


class LocalWorkbench:
    """Implements Workbench over folders that nobody changes, one for each tree."""

    def __init__(
        self,
        environment: Environment,
        trees: Mapping[TreeHash, Path],
        host: SandboxHost,
        *,
        require: SandboxMode = "unsafe-worktree",
        readonly: tuple[Path, ...] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._environment = environment
        self._trees = trees
        self._host = host
        self._spec = SandboxSpec(Path(environment.mount_point), readonly, limits, require)

    @property
    def environment(self) -> Environment:
        return self._environment

    @asynccontextmanager
    async def sandbox(
        self, base: TreeHash, tree: TreeHash | None = None, *, needs: Needs = NOTHING_MORE
    ) -> AsyncIterator[Sandbox]:
        spec = replace(self._spec, readonly=(*self._spec.readonly, *needs.readonly))
        sandbox = await self._host.create(spec, BaseRef(self._trees[base], base))
        try:
            if tree is not None and tree != base:
                await sandbox.apply(await self.changes(base, tree))
            yield sandbox
        finally:
            await sandbox.destroy()

    async def directory(self, tree: TreeHash) -> Path:
        return self._trees[tree]

    async def changes(self, base: TreeHash, tree: TreeHash) -> Changes:
        return differences(self._trees[base], self._trees[tree])


def differences(base: Path, other: Path) -> Changes:
    """What was done to the folder `base` to make it `other`."""
    before, after = dict(_files(base)), dict(_files(other))
    removed = [Removed(path) for path in before.keys() - after.keys()]
    written = [file for path, file in after.items() if before.get(path) != file]
    items: list[Change] = [*removed, *written]
    return Changes(tuple(sorted(items, key=lambda item: item.path)))


def tree_of(folder: Path) -> TreeHash:
    """A name for the folder's content. It is not git's."""
    summed = hashlib.sha256()
    for path, file in _files(folder):
        summed.update(repr((path, file.mode, file.data)).encode())
    return TreeHash(summed.hexdigest()[:40])


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """Make the folder where it is missing, and these files in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def _files(folder: Path) -> Iterator[tuple[bytes, Written]]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file())
    for path in found:
        name = path.relative_to(folder)
        if ".git" not in name.parts:
            yield os.fsencode(name), _written(path, os.fsencode(name))


def _written(path: Path, name: bytes) -> Written:
    if path.is_symlink():
        return Written(name, "120000", os.fsencode(path.readlink()))
    mode: Mode = "100755" if path.stat().st_mode & 0o100 else "100644"
    return Written(name, mode, path.read_bytes())
