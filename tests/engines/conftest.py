"""A workshop for repairs: writes a small repository, runs an engine on it in a real sandbox."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import Outcome
from swarm.engines.port import Assignment, Done, Item, StepTaken, Submission
from swarm.engines.repair.engine import WHOLE_SECONDS, RepairEngine
from swarm.engines.repair.offers import Strategy
from swarm.sandbox.public_api import BaseRef, SandboxMode, SandboxSpec, open_host
from swarm.testing.engine import an_assignment


@dataclass(frozen=True)
class Workshop:
    """One repository and the outcomes of its tests."""

    folder: Path
    assignment: Assignment
    mode: SandboxMode = "unsafe-worktree"

    def repair(
        self,
        strategy: Strategy = "templates",
        *,
        done: tuple[Done, ...] = (),
        guidance: tuple[str, ...] = (),
        budget: int = 10**9,
        stop_after: int = 10**6,
        whole_seconds: float = WHOLE_SECONDS,
        cores: int = 1,
    ) -> list[Item]:
        """What the engine yields; no more than `stop_after` items are asked for."""

        async def work() -> list[Item]:
            price = self.assignment.cpu_price
            engine = RepairEngine(
                strategy, cpu_price=price, cores=cores, whole_seconds=whole_seconds
            )
            host = open_host(self.folder / "scratch", self.mode)
            (self.folder / "scratch").mkdir(exist_ok=True)
            items: list[Item] = []
            try:
                spec = SandboxSpec(
                    mount_point=self.folder / "tree",
                    readonly=(Path(sys.prefix), Path(sys.base_prefix)),
                    require=self.mode,
                )
                sandbox = await host.create(spec, BaseRef(self.folder / "tree", "0" * 40))
                async for item in engine.work(
                    self.assignment, sandbox, done, lambda: guidance, budget
                ):
                    items.append(item)
                    if len(items) >= stop_after:
                        break
                assert not await sandbox.diff(), "the sandbox's tree is left as it was"
            finally:
                await host.close()
            return items

        return asyncio.run(work())

    def repaired(self, strategy: Strategy = "templates") -> str:
        """The text of the one file that the submission changes."""
        end = self.repair(strategy)[-1]
        assert isinstance(end, Submission), end
        return self.text(end.changes)

    def text(self, changes: Changes) -> str:
        (written,) = changes.items
        assert isinstance(written, Written)
        return written.data.decode()

    def but(self, **what: object) -> "Workshop":
        """The same with other fields of the assignment."""
        return replace(self, assignment=replace(self.assignment, **what))  # type: ignore[arg-type]


def as_done(items: list[Item]) -> tuple[Done, ...]:
    steps = [item for item in items if isinstance(item, StepTaken)]
    return tuple(Done(k, each.action, each.result) for k, each in enumerate(steps, start=1))


class Builder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        files: Mapping[str, str | bytes],
        outcomes: Mapping[str, Outcome],
        mode: SandboxMode = "unsafe-worktree",
    ) -> Workshop:
        tree = self._folder / "tree"
        for name, content in files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        assignment = an_assignment(
            outcomes=outcomes, mount_point=str(tree), cpu_price=100, seconds=600
        )
        return Workshop(self._folder, assignment, mode)


@pytest.fixture
def workshop(tmp_path: Path) -> Builder:
    return Builder(tmp_path)
