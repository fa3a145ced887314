"""The tester: the suite on base + patch, against the base, by test id.

It never enters the writer's sandbox. It refuses a patch that reaches for the tests instead of the
bug, lays the base's own tests over the tree, runs the whole suite in a fresh sandbox, and then every
target once more alone: in a fresh sandbox and a fresh process whose exit status its parent sees. A
target that passes only in company, or whose process ends otherwise than its report says, does not
pass.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from swarm.agents.checks.answers import answered
from swarm.agents.checks.comparison import compare, differing, outcomes_of, told_of
from swarm.agents.checks.guard import guard, laid_over, read_base
from swarm.agents.checks.newness import News, look_at_tests
from swarm.agents.checks.runs import Runs
from swarm.agents.checks.together import together
from swarm.agents.port import CheckAssignment, Checked, Workbench
from swarm.domain.changes import Changes
from swarm.domain.evidence import Evidence, SuiteRun
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding, Verdict
from swarm.sandbox.public_api import Limits
from swarm.tools.public_api import Execution, execute_suite

RUNS = Runs(wall_seconds=600.0)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the sandboxes showed: the suite, each target alone, and how they were confined."""

    suite: Execution
    alone: tuple[tuple[TestId, Execution], ...]
    mode: str
    limits: Limits

    @property
    def interrupted(self) -> bool:
        return any(each.killed_by for each in (self.suite, *(e for _, e in self.alone)))


class SuiteTester:
    """Implements Checker."""

    aspect = "suite"

    def __init__(self, runs: Runs = RUNS) -> None:
        self._runs = runs

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked:
        subject = assignment.subject
        changes = await workbench.changes(subject.base_tree, subject.tree)
        directory = await workbench.directory(subject.base_tree)
        base = await asyncio.to_thread(read_base, directory, assignment.base_run)
        tampering = await asyncio.to_thread(guard, changes, base)
        if tampering:
            return self._refused(assignment, workbench, tampering)
        over = laid_over(changes, base)
        seen = await self._see(assignment, workbench, over)
        if seen.interrupted:
            return self._judged(assignment, workbench, seen, News())
        own = None if over else seen.suite.run
        news = await look_at_tests(assignment, workbench, changes, own, self._runs)
        return self._judged(assignment, workbench, seen, news)

    async def _see(self, assignment: CheckAssignment, workbench: Workbench, over: Changes) -> _Seen:
        subject = assignment.subject
        async with workbench.sandbox(subject.base_tree, subject.tree) as sandbox:
            await sandbox.apply(over)
            suite = await execute_suite(
                sandbox,
                workbench.environment,
                subject.tree,
                wall_seconds=self._runs.wall_seconds,
                nonce=self._runs.nonces(),
                test_seconds=self._runs.test_seconds,
            )
            mode, limits = sandbox.mode, sandbox.spec.limits
        targets = _worth_running_alone(workbench, suite.run, subject.targets)
        alone = await together(partial(self._alone, assignment, workbench, over), targets)
        return _Seen(suite, tuple(zip(targets, alone, strict=True)), mode, limits)

    async def _alone(
        self, assignment: CheckAssignment, workbench: Workbench, over: Changes, target: TestId
    ) -> Execution:
        """A process that had to be killed at its end is given a second try: on a busy machine the end of
        an interpreter may take longer than is waited for.
        """
        once = await self._run_alone(assignment, workbench, over, target)
        if once.exit_status is not None or once.killed_by:
            return once
        return await self._run_alone(assignment, workbench, over, target)

    async def _run_alone(
        self, assignment: CheckAssignment, workbench: Workbench, over: Changes, target: TestId
    ) -> Execution:
        subject = assignment.subject
        async with workbench.sandbox(subject.base_tree, subject.tree) as sandbox:
            await sandbox.apply(over)
            return await execute_suite(
                sandbox,
                workbench.environment,
                subject.tree,
                ids=[target],
                wall_seconds=self._runs.wall_seconds,
                nonce=self._runs.nonces(),
                test_seconds=self._runs.test_seconds,
                canary=False,
            )

    def _refused(
        self, assignment: CheckAssignment, workbench: Workbench, findings: tuple[Finding, ...]
    ) -> Checked:
        """Nothing was run: the evidence is what was read."""
        evidence = _evidence(assignment, workbench, findings, "no", self._limits(None))
        count = len(findings)
        return answered(evidence, findings, f"tampering: {count} finding{'s' * (count != 1)}")

    def _judged(
        self,
        assignment: CheckAssignment,
        workbench: Workbench,
        seen: _Seen,
        news: News,
    ) -> Checked:
        subject, run = assignment.subject, seen.suite.run
        found = (
            *compare(assignment.base_run, run, subject.targets, assignment.voided),
            *_not_alone(seen),
            *news.findings,
        )
        if seen.interrupted:
            verdict: Verdict = "unknown"
        else:
            verdict = "no" if any(finding.blocks for finding in found) else "yes"
        limits = self._limits(seen.limits)
        evidence = _evidence(
            assignment, workbench, found, verdict, limits, run=run, sandbox_mode=seen.mode
        ).model_copy(update={"brought": news.brought, "printed": run.printed})
        told = tuple(_with_text(finding, seen) for finding in found)
        return answered(evidence, told, _summary(verdict, run, found))

    def _limits(self, limits: Limits | None) -> dict[str, int]:
        own = {
            "suite_ms": int(self._runs.wall_seconds * 1000),
            "test_ms": int(self._runs.test_seconds * 1000),
        }
        return own if limits is None else limits.recorded() | own


def _worth_running_alone(
    workbench: Workbench, run: SuiteRun, targets: tuple[TestId, ...]
) -> list[TestId]:
    """Targets that passed. A plain command is one test, and always alone."""
    if workbench.environment.runner == "command":
        return []
    now = outcomes_of(run)
    return [target for target in sorted(targets) if now.get(target) == "passed"]


def _not_alone(seen: _Seen) -> Iterator[Finding]:
    for target, execution in seen.alone:
        outcome = outcomes_of(execution.run).get(target)
        if outcome != "passed":
            now = outcome or "nothing"
            yield Finding(
                rule="not-alone",
                message=f"it passes in the suite; alone in a fresh process it ends as {now}",
                test=target,
            )
        elif execution.exit_status != 0:
            yield Finding(
                rule="not-alone",
                message=f"it is reported as passed; its process {_ended(execution)}",
                test=target,
            )


def _ended(execution: Execution) -> str:
    if execution.exit_status is None:
        return "did not end by itself, twice"
    return f"ended with {execution.exit_status}"


def _with_text(finding: Finding, seen: _Seen) -> Finding:
    """The finding with the failure's own words, for whoever has to mend it.

    Evidence goes without: such texts hold addresses and times.
    """
    if finding.rule == "suite-broken":
        return finding.model_copy(update={"message": f"{finding.message}\n{seen.suite.run.broken}"})
    if finding.test is None:
        return finding
    alone = dict(seen.alone).get(finding.test)
    source = alone if finding.rule == "not-alone" and alone else seen.suite
    text = source.failures.get(finding.test, "") or source.run.broken
    return finding.model_copy(update={"message": f"{finding.message}\n{text}".strip()})


def _evidence(
    assignment: CheckAssignment,
    workbench: Workbench,
    findings: tuple[Finding, ...],
    verdict: Verdict,
    limits: dict[str, int],
    *,
    run: SuiteRun | None = None,
    sandbox_mode: str = "none",
) -> Evidence:
    subject, environment = assignment.subject, workbench.environment
    return Evidence(
        kind="suite",
        base=subject.base,
        tree=subject.tree,
        argv=environment.command,
        environment=environment.hash,
        sandbox_mode=sandbox_mode,
        limits=limits,
        outcomes=() if run is None else run.outcomes,
        base_outcomes=()
        if run is None
        else differing(assignment.base_run, run, subject.targets),
        targets=subject.targets,
        voided=assignment.voided,
        tools={"python": environment.python_version, environment.runner: environment.runner_version},
        findings=findings,
        verdict=verdict,
    )  # fmt: skip


def _summary(verdict: Verdict, run: SuiteRun, findings: tuple[Finding, ...]) -> str:
    passed, every = told_of(run)
    if verdict == "unknown":
        return "the sandbox ended the run; nothing is known"
    if verdict == "yes":
        return f"{passed} of {every} tests pass, none is worse than on the base"
    rules = sorted({finding.rule for finding in findings})
    return f"{passed} of {every} tests pass; {', '.join(rules)}"
