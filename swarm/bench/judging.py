"""What a result was worth.

A pull request is judged by tests that its author never saw. `wrong` is the verdict that costs: somebody
would have reviewed and perhaps merged it. To open none where nothing can be done is right.
"""

from pathlib import Path
from typing import Literal

from swarm.bench.tasks import BenchTask
from swarm.domain.evidence import HARMLESS, SuiteRun
from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd
from swarm.domain.names import TestId

Verdict = Literal["solved", "partial", "wrong", "refused", "error"]


class BenchResult(Frozen):
    """What one run on one task came to."""

    status: str
    """As a goal ends (`done`, `blocked`...), or `error` when the run itself broke."""

    reason: str = ""
    folder: Path | None = None
    """The pull request's files; None: no pull request was opened."""

    partial: bool = False
    """The pull request itself says that something is left open."""

    wall_ms: int = 0
    cpu_ms: int = 0
    steps: int = 0
    spent: MicroUsd = 0
    attempts: int = 0
    patch: str = ""
    """The pull request as a unified diff."""


def judge(
    task: BenchTask, result: BenchResult, before: SuiteRun | None, after: SuiteRun | None
) -> Verdict:
    """`before` and `after`: visible and hidden tests on the task's files and on the result's.

    Partial is what says so itself, makes something better and nothing worse. Everything else that is
    not all green is wrong, as is any change where nothing could or had to be done.
    """
    if result.status == "error":
        return "error"
    if result.folder is None:
        return "refused"
    if after is None or before is None or after.broken or task.expected != "solvable":
        return "wrong"
    if not _red(after) and _ids(before) <= _ids(after):
        return "solved"
    return "partial" if result.partial and _is_progress(before, after) else "wrong"


def is_right(task: BenchTask, verdict: Verdict) -> bool:
    return verdict == ("solved" if task.expected == "solvable" else "refused")


def _is_progress(before: SuiteRun, after: SuiteRun) -> bool:
    better = _red(before) - _red(after)
    return bool(better) and _red(after) <= _red(before) and _ids(before) <= _ids(after)


def _red(run: SuiteRun) -> frozenset[TestId]:
    return frozenset(row.test for row in run.outcomes if row.outcome not in HARMLESS)


def _ids(run: SuiteRun) -> frozenset[TestId]:
    return frozenset(row.test for row in run.outcomes)
