"""The static reviewer: what a compiler, a linter and the diff itself say, and nothing is run.

Independent of the tester on purpose: it would catch what no test executes.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

from swarm.agents.checks.answers import answered
from swarm.agents.checks.compiling import Compiled, compiled
from swarm.agents.checks.dependencies import new_dependencies
from swarm.agents.checks.diffs import PROTECTED, Bounds, File, files_changed, review
from swarm.agents.checks.guard import Base, read_base
from swarm.agents.checks.handling import lost_handling
from swarm.agents.checks.likeness import special_cases
from swarm.agents.checks.lint import Source, linter_version, new_findings
from swarm.agents.checks.manifests import MOST as MOST_READ
from swarm.agents.checks.manifests import reader_of
from swarm.agents.checks.places import test_files_of
from swarm.agents.checks.tables import listed_cases
from swarm.agents.port import CheckAssignment, Checked, Workbench
from swarm.domain.evidence import Evidence
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding, Verdict

DEFAULT_BOUNDS = Bounds()
MOST_MANIFESTS = 400


@dataclass(frozen=True, slots=True)
class _Ran:
    findings: tuple[Finding, ...]
    interrupted: bool
    mode: str
    limits: dict[str, int]


class StaticReviewer:
    """Implements Checker. `protected` are globs of places that only a person may change."""

    aspect = "static"

    def __init__(
        self, *, protected: tuple[str, ...] = PROTECTED, bounds: Bounds = DEFAULT_BOUNDS
    ) -> None:
        self._protected = protected
        self._bounds = bounds

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked:
        subject, environment = assignment.subject, workbench.environment
        changes = await workbench.changes(subject.base_tree, subject.tree)
        directory = await workbench.directory(subject.base_tree)
        base = await asyncio.to_thread(read_base, directory, assignment.base_run)
        files = await asyncio.to_thread(files_changed, changes, base.data)
        touch = tuple(dict.fromkeys((*subject.touch, *assignment.contract.touch)))
        shown = review(changes, files, touch, self._protected, self._bounds, subject.grants)
        asked = assignment.contract.asked
        brought = new_dependencies(files, manifests_of(base), asked, subject.grants)
        shown = (*shown, *brought, *_read(files, base, subject.targets))
        sources = _sources(files)
        linted = await new_findings(sources, environment.python_version)
        ran = await self._compile(assignment, workbench, sources)
        return self._judged(
            assignment, workbench, (*shown, *ran.findings, *linted), ran, await linter_version()
        )

    async def _compile(
        self, assignment: CheckAssignment, workbench: Workbench, sources: list[Source]
    ) -> _Ran:
        if not sources:
            return _Ran((), interrupted=False, mode="none", limits={})
        async with workbench.sandbox(assignment.subject.base_tree) as sandbox:
            result: Compiled = await compiled(sandbox, workbench.environment, sources)
            limits = sandbox.spec.limits.recorded()
            return _Ran(result.findings, result.interrupted, sandbox.mode, limits)

    def _judged(
        self,
        assignment: CheckAssignment,
        workbench: Workbench,
        findings: tuple[Finding, ...],
        ran: _Ran,
        ruff: str,
    ) -> Checked:
        blocking = any(finding.blocks for finding in findings)
        verdict: Verdict = "no" if blocking else "unknown" if ran.interrupted else "yes"
        subject, environment = assignment.subject, workbench.environment
        evidence = Evidence(
            kind="static",
            base=subject.base,
            tree=subject.tree,
            argv=("compile", "ruff check", "diff"),
            environment=environment.hash,
            sandbox_mode=ran.mode,
            limits={**ran.limits, **self._bounds.recorded()},
            outcomes=(),
            base_outcomes=(),
            targets=subject.targets,
            voided=assignment.voided,
            tools={"python": environment.python_version, "ruff": ruff},
            findings=findings,
            verdict=verdict,
        )
        return answered(evidence, findings, _summary(verdict, findings))


def _read(files: tuple[File, ...], base: Base, targets: tuple[TestId, ...]) -> Iterator[Finding]:
    """What the code says that was changed, of tests and of errors. Tests are judged by the tester."""
    tests = [base.text(path) or "" for path in sorted(test_files_of(targets) & base.paths)]
    for file in files:
        texts = file.texts
        if file.before is None or file.after is None or texts is None or file.path in base.tests:
            continue
        if file.path.endswith(".py"):
            yield from special_cases(file.path, *texts, tests)
            yield from listed_cases(file.path, *texts) if targets else ()
            yield from lost_handling(file.path, *texts, asked=bool(targets))


def manifests_of(base: Base) -> Iterator[tuple[str, str]]:
    """The base's files that name dependencies, shortest path first."""
    found = (path for path in base.paths if reader_of(path) is not None)
    for path in sorted(found, key=lambda each: (len(each), each))[:MOST_MANIFESTS]:
        file = base.directory / path
        if not file.is_symlink() and file.stat().st_size <= MOST_READ:
            yield path, base.text(path) or ""


def _sources(files: tuple[File, ...]) -> list[Source]:
    """Python files that are there afterwards and are text."""
    return [
        Source(file.path, file.before or b"", file.after)
        for file in files
        if file.after is not None and file.path.endswith(".py") and file.texts is not None
    ]


def _summary(verdict: Verdict, findings: tuple[Finding, ...]) -> str:
    notes = sum(not finding.blocks for finding in findings)
    if verdict == "yes":
        return f"compiles, nothing wrong is new; {notes} note{'s' * (notes != 1)}"
    if verdict == "unknown":
        return "the sandbox ended the compilation; nothing is known"
    return ", ".join(sorted({finding.rule for finding in findings if finding.blocks}))
