"""A repair's own test: asked for where the failing tests reach the changed function only through others.

It is kept when it fails on the base and passes with the patch, each in a fresh process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.errors import Rejected
from swarm.domain.goals import Environment
from swarm.engines.repair.dispatch import ask
from swarm.engines.repair.laying import NOTHING_LAID, Laid
from swarm.engines.repair.patches import text_of
from swarm.engines.repair.progress import Pinned, Plausible, Spectrum
from swarm.engines.repair.regression import (
    Regression,
    function_at,
    is_asked_by,
    paths_for,
    regression,
)
from swarm.engines.repair.selection import file_of
from swarm.sandbox.public_api import Sandbox

PIN_SECONDS = 30.0
_LOOKED_AT = 6
"""Failing tests."""


@dataclass(frozen=True, slots=True)
class Pinning:
    sandbox: Sandbox
    environment: Environment
    spectrum: Spectrum

    async def is_wanted(self, edit: Plausible, laid: Laid) -> bool:
        """No failing test names the function that is changed."""
        data = laid.over(edit.path, await self.sandbox.read(self.sandbox.root / edit.path))
        function = function_at(text_of(data), edit.line)
        if function is None:
            return False
        for test in self.spectrum.targets[:_LOOKED_AT]:
            if is_asked_by(function, test, await self._text(file_of(test))):
                return False
        return True

    async def made(self, call: Mapping[str, str], edits: Laid) -> tuple[Pinned | None, float]:
        """The test, and the processor seconds it took to try it; None when it shows nothing."""
        beside = file_of(self.spectrum.targets[0])
        path = await self._free(call, beside)
        if path is None:
            return None, 0.0
        test = regression(call, path, await self._text(beside))
        without, some = await self._outcomes(test, NOTHING_LAID)
        within, more = await self._outcomes(test, edits)
        shown = without == ["failed"] and within == ["passed"]
        return Pinned(path=test.path, text=test.text) if shown else None, some + more

    async def _free(self, call: Mapping[str, str], beside: str) -> str | None:
        for path in paths_for(call, beside):
            try:
                await self.sandbox.read(self.sandbox.root / path)
            except Rejected:
                return path
        return None

    async def _outcomes(self, test: Regression, edits: Laid) -> tuple[Sequence[Any], float]:
        async with edits.on(self.sandbox):
            try:
                await self.sandbox.write(self.sandbox.root / test.path, test.text.encode())
                request = {"kind": "run", "files": (test.path,)}
                answer = await ask(self.sandbox, self.environment, request, PIN_SECONDS)
            finally:
                await self.sandbox.apply(Changes((Removed(test.path.encode()),)))
        return list(answer.body.get("outcomes", {}).values()), answer.cpu_seconds

    async def _text(self, path: str) -> str:
        return text_of(await self.sandbox.read(self.sandbox.root / path))


def with_test(changes: Changes, pinned: Pinned | None) -> Changes:
    if pinned is None:
        return changes
    added = Written(pinned.path.encode(), "100644", pinned.text.encode())
    return Changes(tuple(sorted((*changes.items, added), key=lambda each: each.path)))


def without_new_tests(changes: Changes, paths: Mapping[bytes, object]) -> Changes:
    """Of these changes those of the named files."""
    return Changes(tuple(each for each in changes.items if each.path in paths))
