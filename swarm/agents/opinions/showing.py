"""What a model is shown of a change: the task, how the suite fared before it, and the difference."""

import difflib
from collections.abc import Sequence

from swarm.agents.checks.diffs import File
from swarm.agents.port import CheckAssignment
from swarm.domain.goals import Environment
from swarm.engines.public_api import envelope

CONTEXT = 12
"""Lines around a change."""

MOST_DIFF = 60_000
MOST_FILE = 12_000
"""Characters."""


def shown(assignment: CheckAssignment, environment: Environment, files: Sequence[File]) -> str:
    contract, run = assignment.contract, assignment.base_run
    red = [row.test for row in run.outcomes if row.outcome in ("failed", "error", "crashed")]
    before = f"{len(run.outcomes) - len(red)} of {len(run.outcomes)} tests passed before the change"
    failing = f"; failing then: {', '.join(red[:20])}" if red else ""
    targets = [f"- {target}" for target in assignment.subject.targets]
    parts = [
        "# Task\n" + envelope("task", contract.description),
        "\n".join(["These tests must pass now:", *targets]) if targets else "",
        f"# Suite\n{before}{failing}. Tests run with: {' '.join(environment.command)}",
        "# Change",
        *(envelope(file.path, difference(file)) for file in files),
    ]
    return "\n\n".join(part for part in parts if part)[:MOST_DIFF]


def difference(file: File) -> str:
    """One file's change in unified form; what is not text is only named."""
    if file.texts is None:
        return "(binary)"
    before, after = (text.splitlines() for text in file.texts)
    lines = difflib.unified_diff(before, after, "before", "after", n=CONTEXT, lineterm="")
    return "\n".join(lines)[:MOST_FILE] or "(only its mode changed)"
