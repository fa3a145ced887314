"""Which new conditions of a repair no test misses: run without each of them (`conditions` says why)."""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm.agents.checks.comparison import outcomes_of
from swarm.agents.checks.conditions import Ablation
from swarm.agents.checks.runs import Runs
from swarm.agents.checks.together import together
from swarm.agents.port import CheckAssignment, Workbench
from swarm.domain.changes import Changes, Written
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding
from swarm.tools.public_api import execute_suite


@dataclass(frozen=True, slots=True)
class Trial:
    """What all runs have in common. `over` is what lies over the tree, `ids` what observes the change."""

    assignment: CheckAssignment
    workbench: Workbench
    over: Changes
    ids: tuple[TestId, ...]
    runs: Runs

    async def passes(self, ablation: Ablation) -> bool:
        """Whether no test tells the change from the same without the condition."""
        subject, workbench, runs = self.assignment.subject, self.workbench, self.runs
        without = Written(ablation.path.encode(), "100644", ablation.text.encode())
        async with workbench.sandbox(subject.base_tree, subject.tree) as sandbox:
            await sandbox.apply(self.over)
            await sandbox.apply(Changes((without,)))
            execution = await execute_suite(
                sandbox,
                workbench.environment,
                subject.tree,
                ids=self.ids,
                wall_seconds=runs.wall_seconds,
                nonce=runs.nonces(),
                test_seconds=runs.test_seconds,
                canary=False,
            )
        now = outcomes_of(execution.run)
        return not execution.killed_by and all(now.get(test) == "passed" for test in self.ids)


async def unearned(trial: Trial, ablations: Sequence[Ablation]) -> tuple[Finding, ...]:
    passed = await together(trial.passes, ablations)
    found = {
        (each.path, each.condition): Finding(
            rule="unearned-condition",
            message=f"`{each.condition}` is asked for by no test: all pass without it",
            path=each.path,
            line=each.line,
        )
        for each, passes in zip(ablations, passed, strict=True)
        if passes
    }
    return tuple(found.values())
