"""Edits made in a sandbox's tree for a while, one behind the other, and taken back again.

A later edit's positions count on the text that the earlier ones have made.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from swarm.domain.changes import Changes, Mode, Written
from swarm.engines.repair.patches import difference, patched
from swarm.engines.repair.progress import Plausible, Progress
from swarm.sandbox.public_api import Sandbox


@dataclass(frozen=True, slots=True)
class Laid:
    edits: tuple[Plausible, ...] = ()
    executable: frozenset[str] = frozenset()
    """Files that carry the executable bit, among others."""

    def with_one(self, progress: Progress, position: int) -> "Laid":
        """These, and behind them a plausible one."""
        programs = self.executable.union(progress.spectrum.executable)
        return Laid((*self.edits, progress.plausible[position]), programs)

    @asynccontextmanager
    async def on(self, sandbox: Sandbox) -> AsyncIterator[None]:
        """The tree has the edits inside the block; behind it, it is as it was."""
        files = await self._files(sandbox)
        try:
            for path, (_, after) in files.items():
                await self._write(sandbox, path, after)
            yield
        finally:
            for path, (before, _) in files.items():
                await self._write(sandbox, path, before)

    async def changes(self, sandbox: Sandbox) -> Changes:
        files = await self._files(sandbox)
        return Changes(
            tuple(Written(p.encode(), self._mode(p), after) for p, (_, after) in files.items())
        )

    async def told(self, sandbox: Sandbox) -> str:
        """The changed lines, as a reviewer reads them, of one edit behind the other."""
        parts = []
        for number, edit in enumerate(self.edits):
            data = await sandbox.read(sandbox.root / edit.path)
            earlier = replace(self, edits=self.edits[:number])
            parts.append(difference(earlier.over(edit.path, data), edit))
        return "\n".join(parts)

    def over(self, path: str, data: bytes) -> bytes:
        """What the edits make of a file."""
        for edit in self.edits:
            data = patched(data, edit.edits) if edit.path == path else data
        return data

    async def _files(self, sandbox: Sandbox) -> dict[str, tuple[bytes, bytes]]:
        """Before and after, by path."""
        found = {}
        for path in sorted({edit.path for edit in self.edits}):
            data = await sandbox.read(sandbox.root / path)
            found[path] = (data, self.over(path, data))
        return found

    async def _write(self, sandbox: Sandbox, path: str, data: bytes) -> None:
        await sandbox.write(sandbox.root / path, data, executable=path in self.executable)

    def _mode(self, path: str) -> Mode:
        return "100755" if path in self.executable else "100644"


NOTHING_LAID = Laid()
