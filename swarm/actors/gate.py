"""The checks as a gate by themselves: anybody's change goes to the same tester and reviewers.

Nothing of a state folder is read or written: mirror, trees and sandboxes lie in a folder of their own
and are gone afterwards.
"""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.actors.assembly import limits_of, reviewers_of, testers_of
from swarm.actors.intake import GoalRequest, prepare_goal
from swarm.actors.metering import Meter
from swarm.actors.trees import Trees
from swarm.actors.workbench import HostWorkbench, mode_of
from swarm.agents.public_api import CheckAssignment, Checked, base_run, executed_again
from swarm.domain.changes import Changes
from swarm.domain.errors import Rejected
from swarm.domain.evidence import CheckReport, Evidence, SuiteRun
from swarm.domain.goals import Goal
from swarm.domain.money import MicroUsd
from swarm.domain.names import GoalId, TestId, TreeHash, nth_task
from swarm.domain.tasks import CheckSubject, Contract, Finding, TaskKind
from swarm.repository.public_api import Mirror, fork_point, read_commit
from swarm.sandbox.public_api import open_host
from swarm.services.public_api import Services
from swarm.settings.public_api import Settings
from swarm.tools.public_api import run_suite


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    accepted: bool
    unsure: bool
    """Nothing is against it, and a check asks a person about it."""

    reports: dict[str, CheckReport]
    """By aspect."""

    findings: tuple[Finding, ...]
    evidence: tuple[Evidence, ...]
    cost: MicroUsd = 0
    """Of the processor's time."""


def check_change(
    settings: Settings,
    *,
    repository: Path,
    change: str,
    base: str | None = None,
    test: str | None = None,
    targets: tuple[TestId, ...] = (),
    failing: bool = False,
) -> CheckVerdict:
    """Check a branch, or a file with a patch in git's form, against its base.

    The base is the one given, else where the branch left the present one, else the present commit. With
    `failing` every test that fails there is a target; without targets, those that the change turns green.
    Raises Rejected where change or base cannot be read.
    """
    # A branch is named by whoever wrote it: its name is no word of a person who asks for something.
    request = GoalRequest(text="check a change", repository=repository, test=test)
    goal = prepare_goal(request, settings, new_id=lambda: GoalId(f"g-{secrets.token_hex(4)}"))
    return asyncio.run(_check(settings, goal, change, base, None if failing else targets))


async def _check(
    settings: Settings,
    goal: Goal,
    change: str,
    base: str | None,
    targets: tuple[TestId, ...] | None,
) -> CheckVerdict:
    with tempfile.TemporaryDirectory(prefix="swarm-check-") as folder:
        mirror = Mirror.open(Path(folder) / "mirror.git", Path(goal.repository))
        goal, tree = _subject_trees(mirror, goal, change, base)
        async with workbench_on(mirror, goal, Path(folder), settings) as workbench:
            baseline = await base_run(
                workbench,
                goal.base_tree,
                wall_seconds=settings.command_minutes * 60.0,
                nonces=lambda: secrets.token_hex(16),
            )
            if baseline.run.broken:
                raise Rejected(f"the suite gives no results on the base: {baseline.run.broken}")
            red = _red(baseline.run)
            subject = CheckSubject(
                base=goal.base,
                base_tree=goal.base_tree,
                tree=tree,
                targets=red
                if targets is None
                else targets or await _turned_green(settings, workbench, goal, tree, red),
                authors=(),
                of=None,
                round=1,
            )
            checked = await run_checks(
                settings, goal, subject, baseline.run, baseline.voided, workbench
            )
            spent = workbench.meter.spent
    return _verdict(checked, spent)


async def _turned_green(
    settings: Settings,
    workbench: HostWorkbench,
    goal: Goal,
    tree: TreeHash,
    red: tuple[TestId, ...],
) -> tuple[TestId, ...]:
    """Nobody says what the change is for: for the failing tests that pass with it."""
    if not red:
        return ()
    async with workbench.sandbox(goal.base_tree, tree) as sandbox:
        ran = await run_suite(
            sandbox,
            workbench.environment,
            tree,
            ids=red,
            wall_seconds=settings.command_minutes * 60.0,
            nonce=secrets.token_hex(16),
        )
    return tuple(row.test for row in ran.outcomes if row.outcome == "passed" and row.test in red)


def _red(run: SuiteRun) -> tuple[TestId, ...]:
    return tuple(row.test for row in run.outcomes if row.outcome in {"failed", "error"})


def _subject_trees(
    mirror: Mirror, goal: Goal, change: str, base: str | None
) -> tuple[Goal, TreeHash]:
    """The goal on the change's base, and the tree that the change leads to."""
    repository = Path(goal.repository)
    patch = Path(change)
    if patch.is_file():
        commit = read_commit(repository, base) if base else goal.base
        base_tree = mirror.fetch(commit)
        tree = mirror.tree_patched(base_tree, patch.read_bytes())
    else:
        head = read_commit(repository, change, or_else="a file with a patch")
        commit = read_commit(repository, base) if base else fork_point(repository, goal.base, head)
        base_tree, tree = mirror.fetch(commit), mirror.fetch(head)
    moved = goal.model_copy(update={"base": commit, "base_tree": base_tree})
    return moved, tree


@asynccontextmanager
async def workbench_on(
    mirror: Mirror, goal: Goal, folder: Path, settings: Settings
) -> AsyncIterator[HostWorkbench]:
    """Sandboxes over a mirror's trees, without a coordinator."""

    async def archive(_: GoalId, tree: TreeHash) -> bytes:
        return await asyncio.to_thread(mirror.archive, tree)

    async def compare(_: GoalId, base: TreeHash, tree: TreeHash) -> Changes:
        return await asyncio.to_thread(mirror.changes, base, tree)

    boxes = folder / "boxes"
    boxes.mkdir(mode=0o700)
    host = open_host(boxes, mode_of(goal), Path(sys.executable))
    trees = Trees(folder / "trees", archive)
    meter = Meter(settings.cpu_hour)
    try:
        services = Services(host, folder / "services")
        yield HostWorkbench(goal, host, trees, compare, limits_of(settings), meter, services)
    finally:
        await host.close()


async def run_checks(
    settings: Settings,
    goal: Goal,
    subject: CheckSubject,
    base: SuiteRun,
    voided: tuple[TestId, ...],
    workbench: HostWorkbench,
) -> tuple[Checked, ...]:
    """All testers and reviewers, at the same time."""
    checkers = (*testers_of(settings), *reviewers_of(settings))
    assignments = [
        CheckAssignment(subject, _contract(goal, subject, checker.aspect), base, voided)
        for checker in checkers
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(checker.check(assignment, workbench))
            for checker, assignment in zip(checkers, assignments, strict=True)
        ]
    return tuple(task.result() for task in tasks)


async def run_claims(
    goal: Goal,
    subject: CheckSubject,
    base: SuiteRun,
    voided: tuple[TestId, ...],
    workbench: HostWorkbench,
    evidence: Evidence,
) -> str:
    """A model's claims, executed once more: what comes out differently, if anything does."""
    contract = _contract(goal, subject, evidence.kind)
    assignment = CheckAssignment(subject, contract, base, voided)
    return await executed_again(evidence, assignment, workbench)


def _contract(goal: Goal, subject: CheckSubject, aspect: str) -> Contract:
    return Contract(
        task_id=nth_task(goal.goal_id, 1),
        goal_id=goal.goal_id,
        kind=TaskKind.TEST if aspect == "suite" else TaskKind.REVIEW,
        title=f"Check ({aspect})",
        value=goal.value,
        budget=goal.budget,
        seconds=goal.seconds,
        aspect=aspect,
        subject=subject,
        asked=goal.text,
    )


def _verdict(checked: tuple[Checked, ...], spent: MicroUsd) -> CheckVerdict:
    reports = {each.evidence.kind: each.report for each in checked}
    suite = reports["suite"].verdict
    passed = suite == "yes" and all(report.verdict != "no" for report in reports.values())
    findings = tuple(f for report in reports.values() for f in report.findings)
    unsure = passed and any(finding.asks for finding in findings)
    return CheckVerdict(
        accepted=passed and not unsure,
        unsure=unsure,
        reports={str(kind): report for kind, report in reports.items()},
        findings=findings,
        evidence=tuple(each.evidence for each in checked),
        cost=spent + sum(each.cost for each in checked),
    )
