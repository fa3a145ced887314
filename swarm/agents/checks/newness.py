"""Where behaviour is new or was wrong, a test of the change must fail without it and pass with it.

The change's own tests are run twice: on the base, and on the tree. An id that passes only with the change
shows it; if there is none, the tests would let the change be lost again. This is said once, in the first
round: some behaviour cannot be tested in its place, and then it is for the human to say.
"""

from swarm.agents.checks.comparison import outcomes_of
from swarm.agents.checks.places import is_test, text_of
from swarm.agents.checks.runs import Runs
from swarm.agents.port import CheckAssignment, Workbench
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import GREEN, SuiteRun
from swarm.domain.names import TestId, TreeHash
from swarm.domain.tasks import Finding
from swarm.tools.public_api import run_suite

NEEDS_TEST = "needs_test"
"""The feature of a contract that asks for it."""


def is_asked_for(assignment: CheckAssignment, runner: str) -> bool:
    """A plain command tells nothing of single tests."""
    asked = assignment.contract.features.get(NEEDS_TEST, 0)
    return bool(asked) and assignment.subject.round == 1 and runner != "command"


async def unshown(
    assignment: CheckAssignment,
    workbench: Workbench,
    changes: Changes,
    after: SuiteRun | None,
    runs: Runs,
) -> tuple[Finding, ...]:
    """What is to be said of it. `after`: the suite on the tree with the tree's own tests, if known."""
    tests = [i for i in changes.items if isinstance(i, Written) and is_test(text_of(i.path))]
    if not tests:
        return (_said("the change comes without a test; write one that fails without it"),)
    subject = assignment.subject
    before = await _ran(workbench, subject.base_tree, None, Changes(tuple(tests)), runs)
    if after is None:
        after = await _ran(workbench, subject.base_tree, subject.tree, Changes(), runs)
    if after.broken or shown_by(before, after):
        return ()  # a suite that is broken now is somebody else's finding
    words = "the change's own tests pass without it too: none of them shows what it is for"
    return (_said(words),)


def shown_by(before: SuiteRun, after: SuiteRun) -> tuple[TestId, ...]:
    """The ids that pass on the tree only."""
    once = outcomes_of(before)
    return tuple(
        test
        for test, now in outcomes_of(after).items()
        if now in GREEN and once.get(test) not in GREEN
    )


async def _ran(
    workbench: Workbench, base: TreeHash, tree: TreeHash | None, over: Changes, runs: Runs
) -> SuiteRun:
    async with workbench.sandbox(base, tree) as sandbox:
        await sandbox.apply(over)
        return await run_suite(
            sandbox,
            workbench.environment,
            tree or base,
            wall_seconds=runs.wall_seconds,
            nonce=runs.nonces(),
        )


def _said(words: str) -> Finding:
    return Finding(rule="new-test", message=words)
