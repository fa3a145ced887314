"""The reviewer and the tester that ask a model. Both vote as reviewers do: nobody needs their yes.

What the tester finds counts only where something that held no longer does: what else it expects may be
its own wish. The reviewer's checks also count, once, where they say that something was left undone; after
that it is for the human to say.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from swarm.agents.checks.diffs import File, files_changed
from swarm.agents.checks.guard import read_base
from swarm.agents.checks.runs import Runs
from swarm.agents.opinions.claims import (
    CASES,
    MOST_CLAIMS,
    REVIEW,
    Claim,
    Opinion,
    read_cases,
    read_review,
)
from swarm.agents.opinions.probes import Probed, probe_all, probe_of, probes_of
from swarm.agents.opinions.showing import shown
from swarm.agents.port import CheckAssignment, Checked, Workbench
from swarm.domain.evidence import CheckReport, ClaimedCheck, Evidence, Outcome, TestOutcome
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding, Verdict
from swarm.engines.public_api import Assignment, Inquiry, Needs, Replied, inquire
from swarm.models.public_api import Call, Models, RouteView, Tool
from swarm.tools.public_api import Toolset

READ, SAID = 16_000, 1_500
"""Tokens of an answer, about."""

MILLION = 1_000_000
RUNS = Runs(wall_seconds=300.0)
NO_TOOLS = Toolset()
_ENDED: dict[str, Outcome] = {"passed": "passed", "failed": "failed", "unusable": "skipped"}


@dataclass(frozen=True, slots=True)
class _Answered:
    found: Replied
    opinion: Opinion
    claims: tuple[Claim, ...]


class Critic:
    """Implements ThinkingChecker: asks, executes what is claimed, judges."""

    def __init__(
        self,
        role: Literal["opinion", "cases"],
        view: RouteView,
        models: Models,
        runs: Runs = RUNS,
        tools: Toolset = NO_TOOLS,
    ) -> None:
        """`tools`: others' servers of tools, of which reviewers may use some."""
        self._role = role
        self._view = view
        self._models = models
        self._runs = runs
        self._tools = tools
        self._prompt = "review.1" if role == "opinion" else "cases.1"

    @property
    def aspect(self) -> str:
        return self._role

    @property
    def family(self) -> str:
        return f"model:{self._view.model}"

    @property
    def price(self) -> int:
        price = self._view.price
        return -(-(READ * price.cache_write + SAID * price.output) // MILLION)

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked:
        """Raises Transient when the model may answer later."""
        subject = assignment.subject
        changes = await workbench.changes(subject.base_tree, subject.tree)
        directory = await workbench.directory(subject.base_tree)
        base = await asyncio.to_thread(read_base, directory, assignment.base_run)
        files = await asyncio.to_thread(files_changed, changes, base.data)
        answered = await self._asked(assignment, workbench, files)
        probes = probes_of(answered.claims, workbench.environment.runner)
        probed, mode = await probe_all(probes, assignment, workbench, self._runs)
        return self._judged(assignment, workbench, answered, probed, mode)

    async def _asked(
        self, assignment: CheckAssignment, workbench: Workbench, files: tuple[File, ...]
    ) -> _Answered:
        subject = assignment.subject
        needs = Needs(readonly=self._tools.shows("reviewer"))
        async with workbench.sandbox(subject.base_tree, subject.tree, needs=needs) as sandbox:
            found = await inquire(
                self._inquiry(assignment, workbench, files),
                self._models,
                Assignment(assignment.contract, workbench.environment, assignment.base_run),
                sandbox,
                self._runs.nonces,
            )
        opinion, claims = self._read(found.call, files)
        return _Answered(found, opinion, claims)

    def _inquiry(
        self, assignment: CheckAssignment, workbench: Workbench, files: tuple[File, ...]
    ) -> Inquiry:
        file = resources.files("swarm.agents.opinions.prompts").joinpath(f"{self._prompt}.md")
        tool: Tool = REVIEW if self._role == "opinion" else CASES
        return Inquiry(
            engine=self._view.name,
            purpose="review",
            system=file.read_text(encoding="utf-8").replace("{most}", str(MOST_CLAIMS)),
            opening=shown(assignment, workbench.environment, files),
            answer=tool,
            limit=assignment.budget,
            tools=self._tools,
        )

    def _read(
        self, call: Call | None, files: tuple[File, ...]
    ) -> tuple[Opinion, tuple[Claim, ...]]:
        if self._role == "cases":
            return read_cases(call)
        texts = {file.path: file.texts[1] for file in files if file.texts is not None}
        return read_review(call, texts)

    # Judging ------------------------------------------------------------------------------------

    def _judged(
        self,
        assignment: CheckAssignment,
        workbench: Workbench,
        answered: _Answered,
        probed: tuple[Probed, ...],
        mode: str,
    ) -> Checked:
        findings = tuple(
            finding
            for claim in answered.claims
            if (finding := self._finding(assignment, claim, probed)) is not None
        )
        verdict = _verdict(answered.opinion, findings)
        subject, environment = assignment.subject, workbench.environment
        evidence = Evidence(
            kind=self._role,
            base=subject.base,
            tree=subject.tree,
            argv=(self._role, *environment.command),
            environment=environment.hash,
            sandbox_mode=mode,
            limits={"suite_ms": int(self._runs.wall_seconds * 1000)},
            outcomes=_rows(probed, lambda each: each.after),
            base_outcomes=_rows(probed, lambda each: each.before),
            targets=subject.targets,
            voided=assignment.voided,
            tools={"model": answered.found.model, "prompt": self._prompt},
            findings=findings,
            verdict=verdict,
            claimed=tuple(
                ClaimedCheck(name=each.probe.name, code=each.probe.claim.check) for each in probed
            ),
        )
        summary = self._summary(answered, probed, findings)
        told = tuple(_with_check(finding, probed) for finding in findings)
        report = CheckReport(
            verdict=verdict, findings=told, evidence=evidence.hash, summary=summary
        )
        return Checked(report, evidence, answered.found.cost)

    def _finding(
        self, assignment: CheckAssignment, claim: Claim, probed: tuple[Probed, ...]
    ) -> Finding | None:
        """None for a claim that nothing shows."""
        came_to = next((each for each in probed if each.probe.claim is claim), None)
        if came_to is not None and came_to.after == "passed":
            return None
        shown_by_run = came_to is not None and came_to.after == "failed"
        if not shown_by_run and not claim.line:
            return None
        test = came_to.probe.ids[0] if came_to is not None and shown_by_run else None
        return Finding(
            rule=self._rule(came_to),
            message=claim.words,
            path=claim.path,
            line=claim.line,
            test=test,
            blocks=came_to is not None and self._blocks(assignment, came_to),
        )

    def _rule(self, probed: Probed | None) -> str:
        if probed is None or probed.after != "failed":
            return "doubted-line"
        return "case-lost" if probed.shows_loss else "case-fails"

    def _blocks(self, assignment: CheckAssignment, probed: Probed) -> bool:
        if probed.shows_loss:
            return True
        first = assignment.subject.of is not None and assignment.subject.round == 1
        return self._role == "opinion" and probed.shows_lack and first

    def _summary(
        self, answered: _Answered, probed: tuple[Probed, ...], findings: tuple[Finding, ...]
    ) -> str:
        if answered.found.call is None:
            return f"no answer: {answered.found.why}"[:300]
        who = f"{answered.found.model or self._view.model}, {self._prompt}"
        if not answered.claims:
            return f"{who}: {answered.opinion}; nothing claimed"
        failed = sum(each.after == "failed" for each in probed)
        claims = f"{len(answered.claims)} claim{'s' * (len(answered.claims) != 1)}"
        what = f"{claims}, {len(probed)} executed, {failed} of these failed"
        kept = sum(finding.blocks for finding in findings)
        return f"{who}: {answered.opinion}; {what}, {kept} held against it"


async def executed_again(
    evidence: Evidence, assignment: CheckAssignment, workbench: Workbench, runs: Runs = RUNS
) -> str:
    """What comes out differently when a model's claims are executed once more; empty when nothing does.

    What the model said is not asked again: it would say something else. What its checks come to, and so
    whether a no was shown, does not depend on it.
    """
    probes = tuple(probe_of(each.name, each.code) for each in evidence.claimed)
    probed, _ = await probe_all(probes, assignment, workbench, runs)
    if _rows(probed, lambda each: each.after) != evidence.outcomes:
        return "the checks that were claimed come out differently on the change"
    if _rows(probed, lambda each: each.before) != evidence.base_outcomes:
        return "the checks that were claimed come out differently on the base"
    failed = {test for each in probed if each.after == "failed" for test in each.probe.ids}
    held = [finding for finding in evidence.findings if finding.blocks]
    if any(finding.test not in failed for finding in held):
        return "a finding holds against the change, and no check that fails shows it"
    if (evidence.verdict == "no") != bool(held):
        return "its verdict does not follow from what its checks showed"
    return ""


def _verdict(opinion: Opinion, findings: tuple[Finding, ...]) -> Verdict:
    """Only what was executed makes a no; words alone make no yes of a doubt."""
    if any(finding.blocks for finding in findings):
        return "no"
    return "yes" if opinion == "right" else "unknown"


def _rows(probed: tuple[Probed, ...], which: Callable[[Probed], str]) -> tuple[TestOutcome, ...]:
    return tuple(
        TestOutcome(test=TestId(each.probe.name), outcome=_ENDED[which(each)]) for each in probed
    )


def _with_check(finding: Finding, probed: tuple[Probed, ...]) -> Finding:
    """For whoever has to mend it: the check itself, and how it failed."""
    for each in probed:
        if finding.test is not None and finding.test in each.probe.ids:
            told = (
                f"{finding.message}\nThe check:\n{each.probe.claim.check}\nIt fails:\n{each.words}"
            )
            return finding.model_copy(update={"message": told[:6_000]})
    return finding
