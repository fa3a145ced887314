"""Sandboxes of both modes, as one fixture; namespaces only where this machine has them."""

import asyncio
import functools
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from swarm.sandbox.public_api import Limits, Sandbox, SandboxMode, why_not
from swarm.testing.sandbox import a_sandbox

Result = TypeVar("Result")


@functools.cache
def lacking() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return why_not(Path(scratch))


@dataclass(frozen=True)
class Place:
    """Where a test makes its sandboxes, and of which mode."""

    mode: SandboxMode
    folder: Path

    def run(
        self,
        work: Callable[[Sandbox], Awaitable[Result]],
        files: Mapping[str, str | bytes] | None = None,
        limits: Limits | None = None,
        **spec: Any,
    ) -> Result:
        """Do the work in a new sandbox over those files."""

        async def main() -> Result:
            async with a_sandbox(
                self.folder, files, mode=self.mode, limits=limits, **spec
            ) as sandbox:
                return await work(sandbox)

        return asyncio.run(main())


def needs_namespaces() -> None:
    if lacking():
        pytest.skip(f"no namespaces here: {lacking()}")


@pytest.fixture(params=["namespaces", "unsafe-worktree"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "namespaces":
        needs_namespaces()
    return Place(request.param, tmp_path)


@pytest.fixture
def isolated(tmp_path: Path) -> Place:
    needs_namespaces()
    return Place("namespaces", tmp_path)
