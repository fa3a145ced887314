"""A claim's check, executed on the base and on the change, each in a fresh sandbox.

A check that passes on the change refutes its claim. One that fails there shows a mistake if it passed on
the base; if it failed there as well, it shows at most that something was not done that the model thinks
was asked for. What cannot be run shows nothing. Checks are files of the project's own runner; where the
suite is a command of some other kind, there is no way to run a single file, and none is run.
"""

import ast
from dataclasses import dataclass
from typing import Literal

from swarm.agents.checks.runs import Runs
from swarm.agents.opinions.claims import Claim
from swarm.agents.port import CheckAssignment, Workbench
from swarm.domain.errors import Rejected
from swarm.domain.evidence import GREEN
from swarm.domain.names import TestId, TreeHash
from swarm.domain.syntax import tree_of
from swarm.sandbox.public_api import Sandbox
from swarm.tools.public_api import execute_suite

Ending = Literal["passed", "failed", "unusable"]
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Probe:
    claim: Claim
    name: str
    """Of the file it becomes, at the repository's root."""

    tests: tuple[str, ...]
    """Functions in it."""

    @property
    def ids(self) -> list[TestId]:
        return [TestId(f"{self.name}::{test}") for test in self.tests]


@dataclass(frozen=True, slots=True)
class Probed:
    probe: Probe
    before: Ending
    after: Ending
    words: str = ""
    """Of the failure on the change."""

    @property
    def shows_loss(self) -> bool:
        """It held on the base, and no longer does."""
        return self.before == "passed" and self.after == "failed"

    @property
    def shows_lack(self) -> bool:
        """It did not hold on the base either, as far as it could be run there."""
        return self.before != "passed" and self.after == "failed"


def probes_of(claims: tuple[Claim, ...], runner: str) -> tuple[Probe, ...]:
    """Of claims that have a check that can be run."""
    if runner != "pytest":
        return ()
    found = []
    for number, claim in enumerate(claims, start=1):
        if tests := _tests_in(claim.check):
            found.append(Probe(claim, f"test_swarm_probe_{number}.py", tests))
    return tuple(found)


def probe_of(name: str, code: str) -> Probe:
    """A check that was executed before."""
    return Probe(Claim("", code), name, _tests_in(code))


def _tests_in(code: str) -> tuple[str, ...]:
    """The names of test functions, those in classes too; none where it is no Python."""
    try:
        tree = tree_of(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = list(_functions(tree.body, ""))
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found += _functions(node.body, f"{node.name}::")
    return tuple(found)


def _functions(body: list[ast.stmt], prefix: str) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [f"{prefix}{n.name}" for n in body if isinstance(n, kinds) and n.name.startswith("test")]


async def probe_all(
    probes: tuple[Probe, ...], assignment: CheckAssignment, workbench: Workbench, runs: Runs
) -> tuple[tuple[Probed, ...], str]:
    """What each came to, and the mode of the sandboxes it was executed in."""
    if not probes:
        return (), "none"
    subject = assignment.subject
    after, mode = await _ended(probes, workbench, subject.base_tree, subject.tree, runs)
    asked = tuple(probe for probe in probes if after[probe.name][0] == "failed")
    before, _ = await _ended(asked, workbench, subject.base_tree, None, runs) if asked else ({}, "")
    return tuple(
        Probed(probe, before.get(probe.name, ("unusable", ""))[0], *after[probe.name])
        for probe in probes
    ), mode


async def _ended(
    probes: tuple[Probe, ...],
    workbench: Workbench,
    base: TreeHash,
    tree: TreeHash | None,
    runs: Runs,
) -> tuple[dict[str, tuple[Ending, str]], str]:
    """One sandbox for all; each check is there alone, and gone when the next one comes."""
    async with workbench.sandbox(base, tree) as sandbox:
        found = {probe.name: await _one(probe, sandbox, workbench, runs) for probe in probes}
        return found, sandbox.mode


async def _one(
    probe: Probe, sandbox: Sandbox, workbench: Workbench, runs: Runs
) -> tuple[Ending, str]:
    try:
        await sandbox.write(sandbox.root / probe.name, probe.claim.check.encode("utf-8", "replace"))
    except Rejected:
        return "unusable", ""
    execution = await execute_suite(
        sandbox,
        workbench.environment,
        TreeHash("0" * 40),
        ids=probe.ids,
        wall_seconds=min(SECONDS, runs.wall_seconds),
        nonce=runs.nonces(),
        test_seconds=SECONDS / 2,
        canary=False,
    )
    outcomes = {row.outcome for row in execution.run.outcomes}
    if execution.killed_by or execution.run.broken or not outcomes or "error" in outcomes:
        return "unusable", ""
    if outcomes <= GREEN:
        return "passed", ""
    text = next(iter(execution.failures.values()), "")
    return ("failed" if "failed" in outcomes else "unusable"), text
