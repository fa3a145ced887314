"""What a host lends to the agents on it, and what agents in each role answer.

Agents hold no secrets, no journal and no repository: they see trees, sandboxes and contracts.
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from swarm.domain.changes import Changes
from swarm.domain.evidence import CheckReport, Evidence, SuiteRun
from swarm.domain.facts import Fact
from swarm.domain.goals import Environment
from swarm.domain.names import TestId, TreeHash
from swarm.domain.tasks import CheckSubject, Contract
from swarm.engines.public_api import NOTHING_MORE, Needs
from swarm.sandbox.public_api import Sandbox


class Workbench(Protocol):
    """One goal's worlds on one host."""

    @property
    def environment(self) -> Environment: ...

    def sandbox(
        self, base: TreeHash, tree: TreeHash | None = None, *, needs: Needs = NOTHING_MORE
    ) -> AbstractAsyncContextManager[Sandbox]:
        """A fresh sandbox of `base`, with what differs in `tree` applied; destroyed at the end.

        `needs`: what else is shown in it.
        """
        ...

    async def directory(self, tree: TreeHash) -> Path:
        """The tree's files on this host. Nobody may write there or run anything in it."""
        ...

    async def changes(self, base: TreeHash, tree: TreeHash) -> Changes: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planner answers: contracts, or why there are none."""

    contracts: tuple[Contract, ...]
    base_run: SuiteRun
    voided: tuple[TestId, ...]
    """Ids that flickered on the base."""

    facts: tuple[Fact, ...]
    cost: int = 0
    """Micro-USD that thinking cost, besides the processor's time."""

    prompt: str = ""
    """Name and version of what a model was told; empty where none was asked."""

    refusal: str = ""
    """Why nothing can be planned: `everything is green`, `needs a model engine: ...`."""

    failures: Mapping[TestId, str] = field(default_factory=dict)
    """What the runner printed of tests that failed on the base."""


@dataclass(frozen=True, slots=True)
class CheckAssignment:
    """What a tester or a reviewer is given."""

    subject: CheckSubject
    contract: Contract
    base_run: SuiteRun
    voided: tuple[TestId, ...]
    budget: int = 0
    """Micro-USD that thinking may cost."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a tester or a reviewer answers: the report, and the evidence it refers to."""

    report: CheckReport
    evidence: Evidence
    cost: int = 0
    """Micro-USD that thinking cost, besides the processor's time."""


class Checker(Protocol):
    """A tester or a reviewer."""

    @property
    def aspect(self) -> str: ...

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked: ...


class ThinkingChecker(Checker, Protocol):
    """One that asks a model."""

    @property
    def family(self) -> str:
        """Agents that ask the same model are one opinion."""
        ...

    @property
    def price(self) -> int:
        """What an answer costs, about, in micro-USD."""
        ...
