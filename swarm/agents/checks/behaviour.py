"""The behaviour reviewer: what passing tests observe of the changed functions, before and after.

A test asserts a part of what it sees. This compares all of it: the suite's passing tests are run on
the base and on the tree under a recorder (`swarm.agents.checks.inside.recorder`). The base is
recorded twice, so that what is never the same is not compared.

A test that calls and does not look may have seen the bug, so another result is not yet a wrong one.
It is a *no* where the failing tests give no reason for it (`observations` says when they do), and a
note for the human where they do. A repair that passes is then tried without each of its new conditions:
one that no test misses is overfitted (`conditions`).
"""

import asyncio
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources

from swarm.agents.checks.answers import answered
from swarm.agents.checks.comparison import outcomes_of
from swarm.agents.checks.conditions import MOST, Ablation, ablations, distinguishes
from swarm.agents.checks.diffs import files_changed
from swarm.agents.checks.earning import Trial, unearned
from swarm.agents.checks.functions import Touched, new_constants, touched
from swarm.agents.checks.guard import Base, laid_over, read_base
from swarm.agents.checks.lint import Source
from swarm.agents.checks.observations import Observed, answers_only, differences, read
from swarm.agents.checks.places import is_test, text_of
from swarm.agents.checks.reach import Watched, unreached, watched
from swarm.agents.checks.runs import Runs
from swarm.agents.checks.together import together
from swarm.agents.port import CheckAssignment, Checked, Workbench
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import Evidence, SuiteRun, TestOutcome
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding, Verdict
from swarm.tools.public_api import Execution, execute_suite, inside

_RUNNERS = {"pytest": "pytest_run.py", "unittest": "unittest_run.py"}
_FUTURE = "from __future__ import annotations\n"
_MAIN = "\n_run = main\n\ndef main(channel, job):\n    return recorded(_run, channel, job)\n"
NOTHING = Changes()


@dataclass(frozen=True, slots=True)
class _Question:
    """What is to be recorded: on which tree, of which functions, by which tests."""

    assignment: CheckAssignment
    workbench: Workbench
    base: Base
    over: Changes
    touched: Touched
    constants: tuple[str, ...]
    """What the change brings in, as literals: inputs that it may treat in its own way."""

    ablations: tuple[Ablation, ...]
    """The change without one of its new conditions each."""

    spoken: frozenset[str]
    """Names in test files that the change adds: those tests speak for it."""

    watched: Watched
    """The statements that it takes away or brings in."""

    distinguishes: bool
    """It makes cases that the base does not make."""


@dataclass(frozen=True, slots=True)
class _Answer:
    findings: tuple[Finding, ...]
    verdict: Verdict
    summary: str
    outcomes: tuple[TestOutcome, ...] = ()
    mode: str = "none"
    limits: tuple[tuple[str, int], ...] = ()


RUNS = Runs(wall_seconds=300.0)


@dataclass(frozen=True, slots=True)
class _Recording:
    execution: Execution
    observed: Observed
    mode: str
    limits: tuple[tuple[str, int], ...]


class BehaviourReviewer:
    """Implements Checker."""

    aspect = "behaviour"

    def __init__(self, runs: Runs = RUNS) -> None:
        self._runs = runs

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked:
        subject = assignment.subject
        changes = await workbench.changes(subject.base_tree, subject.tree)
        directory = await workbench.directory(subject.base_tree)
        base = await asyncio.to_thread(read_base, directory, assignment.base_run)
        question = _asked(assignment, workbench, base, changes)
        answer = await self._answer(question)
        return answered(self._evidence(question, answer), answer.findings, answer.summary)

    async def _answer(self, question: _Question) -> _Answer:
        if not question.touched:
            return _Answer((), "unknown", "no function was changed that could be observed")
        if question.workbench.environment.runner not in _RUNNERS:
            return _Answer((), "unknown", "a plain command cannot be observed")
        first = await self._record(question, _ids(question.assignment), None, True)
        if first.execution.run.broken or first.execution.killed_by:
            return _Answer((), "unknown", "the base could not be recorded", mode=first.mode)
        if not first.observed.calls:
            asked = _unobserved(question)
            return _Answer(asked, "unknown", "no test observes what was changed", mode=first.mode)
        ids = tuple(sorted(first.observed.tests | frozenset(question.assignment.subject.targets)))
        record = partial(self._record, question, ids, first.observed)
        second, after = await together(record, (True, False))
        answer = _compared(question, first, second, after)
        if answer.verdict == "no" or not question.assignment.subject.targets:
            return answer
        trial = Trial(question.assignment, question.workbench, question.over, ids, self._runs)
        return _with(answer, await unearned(trial, question.ablations))

    async def _record(
        self,
        question: _Question,
        ids: tuple[TestId, ...],
        before: Observed | None,
        on_base: bool,
    ) -> _Recording:
        """`before`: the first recording, which the others follow."""
        subject, workbench = question.assignment.subject, question.workbench
        tree = subject.base_tree if on_base else subject.tree
        places = question.touched.before if on_base else question.touched.after
        watched = question.watched.before if on_base else question.watched.after
        async with workbench.sandbox(subject.base_tree, tree) as sandbox:
            await sandbox.apply(NOTHING if on_base else question.over)
            execution = await execute_suite(
                sandbox,
                workbench.environment,
                tree,
                ids=ids,
                wall_seconds=self._runs.wall_seconds,
                nonce=self._runs.nonces(),
                test_seconds=self._runs.test_seconds,
                canary=False,
                script=_script(_RUNNERS[workbench.environment.runner]),
                extra={
                    "tests": sorted(path for path in question.base.tests if path.endswith(".py")),
                    "changed": places,
                    "whole": question.touched.whole,
                    "wanted": sorted(before.functions) if before else [],
                    "seeds": None if before is None else [list(each) for each in before.seeds],
                    "watched": [[each.path, each.first, each.last] for each in watched],
                    "targets": list(subject.targets),
                    "constants": list(question.constants),
                },
            )
            limits = tuple(sandbox.spec.limits.recorded().items())
            return _Recording(execution, read(execution.extra), sandbox.mode, limits)

    def _evidence(self, question: _Question, answer: _Answer) -> Evidence:
        subject, environment = question.assignment.subject, question.workbench.environment
        own = {
            "suite_ms": int(self._runs.wall_seconds * 1000),
            "test_ms": int(self._runs.test_seconds * 1000),
        }
        return Evidence(
            kind="behaviour",
            base=subject.base,
            tree=subject.tree,
            argv=environment.command,
            environment=environment.hash,
            sandbox_mode=answer.mode,
            limits={**dict(answer.limits), **own},
            outcomes=answer.outcomes,
            base_outcomes=(),
            targets=subject.targets,
            voided=question.assignment.voided,
            tools={
                "python": environment.python_version,
                environment.runner: environment.runner_version,
            },
            findings=answer.findings,
            verdict=answer.verdict,
        )


def _asked(
    assignment: CheckAssignment, workbench: Workbench, base: Base, changes: Changes
) -> _Question:
    sources = _sources(changes, base)
    ablations = (each for source in sources for each in _ablations(source))
    return _Question(
        assignment=assignment,
        workbench=workbench,
        base=base,
        over=laid_over(changes, base),
        touched=touched(sources),
        constants=new_constants(sources),
        ablations=tuple(itertools.islice(ablations, MOST)),
        spoken=_spoken(changes, base),
        watched=watched(sources),
        distinguishes=any(
            distinguishes(*(side.decode("utf-8", "replace") for side in (each.before, each.after)))
            for each in sources
        ),
    )


def _unobserved(question: _Question) -> tuple[Finding, ...]:
    if not question.watched:
        return ()
    path = (*question.watched.after, *question.watched.before)[0].path
    message = "no test executes what was changed, so nothing is known of it"
    return (Finding(rule="unsure.unobserved", message=message, path=path, blocks=False),)


def _ablations(source: Source) -> Iterator[Ablation]:
    texts = (side.decode("utf-8", "replace") for side in (source.before, source.after))
    return ablations(source.path, *texts)


def _spoken(changes: Changes, base: Base) -> frozenset[str]:
    written = ((text_of(item.path), item) for item in changes.items if isinstance(item, Written))
    texts = (
        item.data.decode("utf-8", "replace")
        for path, item in written
        if is_test(path) and path not in base.paths
    )
    return frozenset(name for text in texts for name in re.findall(r"\w+", text))


def _with(answer: _Answer, more: tuple[Finding, ...]) -> _Answer:
    if not more:
        return answer
    told = f"{answer.summary}; {len(more)} new conditions that no test asks for"
    return replace(answer, findings=(*answer.findings, *more), verdict="no", summary=told)


def _ids(assignment: CheckAssignment) -> tuple[TestId, ...]:
    """What passed on the base, and the targets."""
    now = outcomes_of(assignment.base_run)
    passed = {test for test, outcome in now.items() if outcome == "passed"}
    return tuple(sorted((passed - set(assignment.voided)) | set(assignment.subject.targets)))


def _sources(changes: Changes, base: Base) -> list[Source]:
    """The repository's own code: tests are not what is observed."""
    return [
        Source(file.path, file.before or b"", file.after or b"")
        for file in files_changed(changes, base.data)
        if file.path.endswith(".py") and file.before and file.path not in base.tests
    ]


def _script(runner: str) -> str:
    """The recorder behind the runner's own script, in one module."""
    source = resources.files("swarm.agents.checks.inside").joinpath("recorder.py")
    recorder = source.read_text(encoding="utf-8").replace(_FUTURE, "")
    return inside(runner) + recorder + _MAIN


def _compared(
    question: _Question, first: _Recording, second: _Recording, after: _Recording
) -> _Answer:
    assignment, run = question.assignment, after.execution.run
    if second.execution.killed_by or after.execution.killed_by:
        return _Answer((), "unknown", "the sandbox ended a run", mode=after.mode)
    if run.broken:
        why = run.broken.splitlines()[0]
        broken = Finding(rule="suite-broken", message=f"the tests cannot be observed: {why}")
        return _Answer((broken,), "no", why, mode=after.mode, limits=after.limits)
    passed = {row.test for row in assignment.base_run.outcomes if row.outcome == "passed"}
    found = differences(
        first.observed,
        second.observed,
        after.observed,
        passing=passed - set(assignment.voided),
        targets=assignment.subject.targets,
        spoken=question.spoken,
    )
    asked = _questions(question, first.observed, second.observed, after.observed)
    found = (*_fallen(second.execution.run, run, assignment), *found, *asked)
    blocked = any(finding.blocks for finding in found)
    return _Answer(
        findings=found,
        verdict="no" if blocked else "unknown" if asked else "yes",
        summary=_summary(first.observed, found),
        outcomes=run.outcomes,
        mode=after.mode,
        limits=after.limits,
    )


def _questions(
    question: _Question, first: Observed, second: Observed, after: Observed
) -> tuple[Finding, ...]:
    """What a person is asked, since nothing here decides it."""
    by_heart = answers_only(first, second, after) if question.distinguishes else ()
    reached = first.reached | second.reached
    return (*by_heart, *unreached(question.watched, reached, after.reached))


def _fallen(before: SuiteRun, now: SuiteRun, assignment: CheckAssignment) -> Iterator[Finding]:
    """Tests that passed under the recorder on the base and do not on the tree."""
    outcomes = outcomes_of(now)
    for row in before.outcomes:
        fell = row.outcome == "passed" and outcomes.get(row.test) != "passed"
        if fell and row.test not in assignment.voided:
            yield Finding(
                rule="regression", message="it passes on the base and not here", test=row.test
            )


def _summary(first: Observed, found: tuple[Finding, ...]) -> str:
    blocking = sum(finding.blocks for finding in found)
    seen = f"{len(first.calls)} calls in {len(first.tests)} tests observed"
    changed = f"{blocking} changed in passing tests" if blocking else "none changed that should not"
    return f"{seen}; {changed}; {len(found) - blocking} notes"
