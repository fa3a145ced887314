"""The tests that come with a change: what they show, and whether they show anything.

Those that are new and pass on the tree are run once more on the base, with nothing of the change but its
tests: an id that passes only with the change shows what the change is for. A person who reviews it is told
of them by name.

Where behaviour is new or was wrong, there must be one such test; if there is none, the tests would let the
change be lost again. This is said once, in the first round: some behaviour cannot be tested in its place, and
then it is for the human to say. Of a plain command's tests only their names in its output are known; where it
names none, nothing is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from swarm.agents.checks.places import is_test, text_of
from swarm.agents.checks.runs import Runs
from swarm.agents.port import CheckAssignment, Workbench
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import GREEN, BroughtTest, Outcome, SuiteRun
from swarm.domain.names import TestId, TreeHash
from swarm.domain.tasks import Finding
from swarm.tools.public_api import run_suite

NEEDS_TEST = "needs_test"
"""The feature of a contract that asks for it."""


@dataclass(frozen=True, slots=True)
class News:
    brought: tuple[BroughtTest, ...] = ()
    findings: tuple[Finding, ...] = ()


async def look_at_tests(
    assignment: CheckAssignment,
    workbench: Workbench,
    changes: Changes,
    after: SuiteRun | None,
    runs: Runs,
) -> News:
    """`after`: the suite on the tree with the tree's own tests, if known."""
    asked = assignment.contract.features.get(NEEDS_TEST, 0) and assignment.subject.round == 1
    tests = tuple(i for i in changes.items if isinstance(i, Written) and is_test(text_of(i.path)))
    if not tests:
        words = "the change comes without a test; write one that fails without it"
        return (
            News(findings=_said(words))
            if asked and _lacks(assignment, workbench, after)
            else News()
        )
    subject = assignment.subject
    if after is None:
        after = await _ran(workbench, subject.base_tree, subject.tree, Changes(), runs)
    new = _new(assignment.base_run, after)
    before = await _before(assignment, workbench, Changes(tests), new, runs) if new else {}
    brought = tuple(BroughtTest(test=test, without=before.get(test)) for test in new)
    if not asked or after.broken or not _by_name(workbench, after):
        return News(brought)  # a suite that is broken now is somebody else's finding
    if any(each.without not in GREEN for each in brought) or any(_mended(assignment, after)):
        return News(brought)
    words = "the change's own tests pass without it too: none of them shows what it is for"
    return News(brought, _said(words))


def _lacks(assignment: CheckAssignment, workbench: Workbench, after: SuiteRun | None) -> bool:
    """Where no file of tests is changed: Rust's lie in the code, and are seen by their names alone."""
    if workbench.environment.runner != "command":
        return True
    return after is not None and _by_name(workbench, after) and not _new(assignment.base_run, after)


def _by_name(workbench: Workbench, run: SuiteRun | None) -> bool:
    """Whether single tests are told of."""
    if workbench.environment.runner != "command":
        return True
    return run is not None and run.printed is not None and bool(run.printed.tests)


def _new(base: SuiteRun, after: SuiteRun) -> tuple[TestId, ...]:
    """Ids that pass and were not there; nothing where the base names none to compare with."""
    known = base.named
    if base.broken or (after.printed is not None and not known):
        return ()
    return tuple(test for test, now in after.named.items() if now == "passed" and test not in known)


async def _before(
    assignment: CheckAssignment,
    workbench: Workbench,
    tests: Changes,
    new: tuple[TestId, ...],
    runs: Runs,
) -> dict[TestId, Outcome]:
    """How they end on the base. A plain command can only be run whole."""
    ids = None if workbench.environment.runner == "command" else new
    base = assignment.subject.base_tree
    return (await _ran(workbench, base, None, tests, runs, ids)).named


def _mended(assignment: CheckAssignment, after: SuiteRun) -> Iterator[TestId]:
    """Ids of the base that pass only now."""
    now = after.named
    for test, outcome in assignment.base_run.named.items():
        if outcome not in GREEN and now.get(test) in GREEN and test not in assignment.voided:
            yield test


async def _ran(
    workbench: Workbench,
    base: TreeHash,
    tree: TreeHash | None,
    over: Changes,
    runs: Runs,
    ids: tuple[TestId, ...] | None = None,
) -> SuiteRun:
    async with workbench.sandbox(base, tree) as sandbox:
        await sandbox.apply(over)
        return await run_suite(
            sandbox,
            workbench.environment,
            tree or base,
            ids=ids,
            wall_seconds=runs.wall_seconds,
            nonce=runs.nonces(),
        )


def _said(words: str) -> tuple[Finding, ...]:
    return (Finding(rule="new-test", message=words),)
