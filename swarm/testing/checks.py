"""What tests of testers and reviewers begin with: a small project, two trees of it, an assignment."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from swarm.agents.checks.baseline import base_run
from swarm.agents.checks.runs import new_nonce
from swarm.agents.port import CheckAssignment, Checked, Checker
from swarm.domain.evidence import SuiteRun
from swarm.domain.goals import Environment
from swarm.domain.names import CommitHash, GoalId, Principal, TaskId, TestId, TreeHash
from swarm.domain.tasks import CheckSubject, Contract, TaskKind
from swarm.sandbox.public_api import SandboxMode, open_host
from swarm.testing.workbench import LocalWorkbench, tree_of, write_files
from swarm.tools.public_api import detect_environment, readonly_paths

BASE = CommitHash("b" * 40)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Case:
    """A base on disk, how its tests run, and how they ran."""

    folder: Path
    base: Path
    files: Mapping[str, str]
    environment: Environment
    base_run: SuiteRun
    voided: tuple[TestId, ...] = ()
    mode: SandboxMode = "unsafe-worktree"
    readonly: tuple[Path, ...] = ()

    def tree(self, name: str, changed: Mapping[str, str | None]) -> Path:
        """The base with some files written, and those that are None removed."""
        files = {**self.files, **changed}
        kept = {path: text for path, text in files.items() if text is not None}
        return write_files(self.folder / name, kept)


def a_case(
    folder: Path,
    files: Mapping[str, str],
    command: str | None = None,
    mode: SandboxMode = "unsafe-worktree",
) -> Case:
    """The base as it is found: its environment detected, its suite run twice."""
    base = write_files(folder / "base", files)

    async def prepare() -> Case:
        environment = await detect_environment(
            base, base, python=None, test_command=command, own_python=Path(sys.executable)
        )
        readonly = await readonly_paths(environment)
        tree = tree_of(base)
        host = open_host(folder / "scratch", mode)
        bench = LocalWorkbench(environment, {tree: base}, host, require=mode, readonly=readonly)
        try:
            ran = await base_run(bench, tree, wall_seconds=240.0, nonces=new_nonce)
        finally:
            await host.close()
        return Case(folder, base, files, environment, ran.run, ran.voided, mode, readonly)

    return asyncio.run(prepare())


def checked(
    checker: Checker,
    case: Case,
    tree: Path,
    *,
    targets: tuple[str, ...],
    touch: tuple[str, ...] = (),
) -> Checked:
    """What the checker answers about the tree."""
    return ran(case, tree, checker.check, targets=targets, touch=touch)


def ran(
    case: Case,
    tree: Path,
    work: Callable[[CheckAssignment, LocalWorkbench], Awaitable[T]],
    *,
    targets: tuple[str, ...] = (),
    touch: tuple[str, ...] = (),
) -> T:
    """What the work comes to, with an assignment about the tree and a workbench."""
    assignment = an_assignment(case, tree, targets=targets, touch=touch)

    async def play() -> T:
        host = open_host(case.folder / "scratch", case.mode)
        trees = {tree_of(case.base): case.base, tree_of(tree): tree}
        workbench = LocalWorkbench(
            case.environment, trees, host, require=case.mode, readonly=case.readonly
        )
        try:
            return await work(assignment, workbench)
        finally:
            await host.close()

    return asyncio.run(play())


def an_assignment(
    case: Case, tree: Path, *, targets: tuple[str, ...], touch: tuple[str, ...] = ()
) -> CheckAssignment:
    subject = CheckSubject(
        base=BASE,
        base_tree=tree_of(case.base),
        tree=tree_of(tree),
        targets=tuple(TestId(target) for target in targets),
        touch=touch,
        authors=(Principal("local/writer"),),
        of=None,
        round=1,
    )
    contract = Contract(
        task_id=TaskId("g-000000.t2"),
        goal_id=GoalId("g-000000"),
        kind=TaskKind.TEST,
        title="check it",
        value=0,
        budget=0,
        seconds=60,
        touch=touch,
        subject=subject,
    )
    return CheckAssignment(subject, contract, case.base_run, case.voided)


def unrun(tree: TreeHash) -> SuiteRun:
    """For checks that do not look at the base's run."""
    return SuiteRun(tree=tree, outcomes=(), collected=0)
