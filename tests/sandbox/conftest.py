"""Sandboxes of every mode, as one fixture, where this machine has them.

Mode `landlock`, started by root, works as another user, who must be able to reach the folder: it is
not below pytest's own, which is closed to everybody else.
"""

import asyncio
import functools
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from swarm.sandbox import landlock
from swarm.sandbox.attacks.table import MODES
from swarm.sandbox.public_api import Limits, Sandbox, SandboxMode, why_not
from swarm.testing.sandbox import a_sandbox

Result = TypeVar("Result")


@functools.cache
def lacking() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return why_not(Path(scratch))


@functools.cache
def lacking_mapped() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        return why_not(Path(scratch), "idmapped")


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


def needs_landlock() -> None:
    if landlock.abi() == 0:
        pytest.skip("this kernel has no Landlock")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that any user may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def needs_mapped_users() -> None:
    if lacking_mapped():
        pytest.skip(f"no sandboxes with mapped users here: {lacking_mapped()}")


_QUICK = "unsafe-worktree" if lacking() else "namespaces"
"""The mode that most people have; the thorough run tries them all."""


@pytest.fixture(
    params=[
        pytest.param(mode, marks=() if mode == _QUICK else (pytest.mark.thorough,))
        for mode in MODES
    ]
)
def place(request: pytest.FixtureRequest, tmp_path: Path, open_folder: Path) -> Place:
    if request.param == "idmapped":
        needs_mapped_users()
    if request.param in ("namespaces", "shared-proc"):
        needs_namespaces()
    if request.param == "landlock":
        needs_landlock()
        return Place(request.param, open_folder)
    return Place(request.param, tmp_path)


@pytest.fixture
def confined(open_folder: Path) -> Place:
    needs_landlock()
    return Place("landlock", open_folder)


@pytest.fixture
def mapped(tmp_path: Path) -> Place:
    needs_mapped_users()
    return Place("idmapped", tmp_path)


@pytest.fixture
def isolated(tmp_path: Path) -> Place:
    needs_namespaces()
    return Place("namespaces", tmp_path)
