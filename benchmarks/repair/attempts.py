"""Strategies one after the other on a set of files, each from the beginning, until one submits."""

import asyncio
import hashlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm.bench.public_api import BenchTask, examine
from swarm.bench.tasks import write_files
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import GREEN, HARMLESS, Outcome, SuiteRun
from swarm.domain.goals import Environment
from swarm.domain.names import GoalId, TaskId, TestId, TreeHash
from swarm.domain.tasks import Contract, TaskKind
from swarm.engines.public_api import (
    Assignment,
    GaveUp,
    RepairEngine,
    StepTaken,
    Submission,
    repair_engines,
)
from swarm.engines.repair.progress import Progress
from swarm.sandbox.public_api import BaseRef, Sandbox, SandboxMode, SandboxSpec, open_host
from swarm.tools.public_api import detect_environment, readonly_paths, run_suite

ORDER = ("templates", "synthesis", "donors")
PYTHON = Path(sys.executable)
_CPU_PRICE = 1_000_000
"""Micro-USD for a processor second, so that costs read as microseconds."""

Visible = Callable[[TestId], bool]


@dataclass
class Tried:
    """What one strategy came to."""

    strategy: str
    end: str
    seconds: float
    cpu_seconds: float
    tried: int
    plausible: int
    search_cpu: float = 0.0
    """Of the search alone, without localisation and confirmation."""

    search_seconds: float = 0.0
    """The same by the clock."""

    steps: list[str] = field(default_factory=list)
    suspicion: dict[str, dict[int, int]] = field(default_factory=dict, repr=False)


@dataclass
class Measured:
    """What all strategies came to on one task."""

    name: str
    verdict: str = "none"
    """`none`: no patch; `right`, `wrong`: by all tests, hidden ones included; `unfit`: no test fails, or
    none can be run; `ranked`: no patch was looked for.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    tried: int = 0
    strategy: str = ""
    patch: list[str] = field(default_factory=list)
    alternatives: list[str] = field(default_factory=list)
    strategies: list[Tried] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)


def everything(test: TestId) -> bool:
    return True


async def attempt(
    task: BenchTask,
    *,
    strategies: Sequence[str] = ORDER,
    seconds: int = 90,
    visible: Visible = everything,
    touch: tuple[str, ...] = (),
    python: Path = PYTHON,
    mode: SandboxMode = "unsafe-worktree",
    cores: int = 1,
    ranks_only: bool = False,
) -> Measured:
    """Let the strategies work on the task's files and judge what the first submission does. With
    `ranks_only`, no more than the first stage of the first strategy.
    """
    measured = Measured(task.name)
    async with _sandbox(task, python, mode) as (sandbox, environment):
        run = await _base(sandbox, environment)
        shown = _shown(run, visible)
        measured.notes.update(failing=_red(run), failing_shown=_red(shown), broken=run.broken[:300])
        if run.broken or not _red(shown):
            measured.verdict = "unfit"
            return measured
        engines = [
            engine
            for engine in repair_engines(_CPU_PRICE, cores=cores)
            if engine.strategy in strategies
        ]
        if ranks_only:
            assignment = _assignment(shown, environment, seconds, touch)
            tried, _ = await _worked(engines[0], assignment, sandbox, stages=1)
            measured.strategies.append(tried)
            measured.verdict = "ranked"
            return measured
        changes = await _tried(measured, shown, sandbox, environment, engines, seconds, touch)
    if changes is not None:
        files = {**task.files, **_files(changes)}
        after = await examine(task, files, python=python, mode=mode)
        measured.verdict = _judged(run, after)
    return measured


async def _tried(
    measured: Measured,
    run: SuiteRun,
    sandbox: Sandbox,
    environment: Environment,
    engines: Sequence[RepairEngine],
    seconds: int,
    touch: tuple[str, ...],
) -> Changes | None:
    """The first submission's changes; what happened is noted in `measured`."""
    for engine in engines:
        left = seconds - round(measured.seconds)
        if left < 6:
            continue
        assignment = _assignment(run, environment, left, touch)
        tried, end = await _worked(engine, assignment, sandbox)
        measured.strategies.append(tried)
        measured.seconds += tried.seconds
        measured.cpu_seconds += tried.cpu_seconds
        measured.tried += tried.tried
        if isinstance(end, Submission):
            measured.strategy = engine.strategy
            measured.patch = [
                line
                for line in end.why.splitlines()
                if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")
            ]
            measured.alternatives = list(end.alternatives)
            return end.changes
    return None


async def _worked(
    engine: Any, assignment: Assignment, sandbox: Sandbox, stages: int = 10**6
) -> tuple[Tried, Submission | GaveUp | None]:
    """No end, where it had come to none after so many stages."""
    began = time.monotonic()
    tried = Tried(engine.strategy, "", 0.0, 0.0, 0, 0)
    async for item in engine.work(assignment, sandbox, (), tuple, 10**12):
        tried.seconds = round(time.monotonic() - began, 2)
        if isinstance(item, StepTaken):
            cost = item.cost / _CPU_PRICE
            tried.cpu_seconds = round(tried.cpu_seconds + cost, 2)
            if item.action.startswith("searched"):
                tried.search_cpu += cost
                tried.search_seconds += item.seconds
            known = Progress.model_validate_json(item.result)
            tried.suspicion = known.spectrum.suspicion
            tried.tried, tried.plausible = known.tried, len(known.plausible)
            tried.steps.append(f"{item.action} ({item.seconds:.1f} s)")
            if len(tried.steps) == stages:
                return tried, None
        elif isinstance(item, (Submission, GaveUp)):
            tried.search_cpu = round(tried.search_cpu, 2)
            tried.search_seconds = round(tried.search_seconds, 2)
            tried.end = "submitted" if isinstance(item, Submission) else item.reason
            return tried, item
    raise AssertionError("an engine ends with a submission or gives up")


@asynccontextmanager
async def _sandbox(
    task: BenchTask, python: Path, mode: SandboxMode
) -> AsyncIterator[tuple[Sandbox, Environment]]:
    with tempfile.TemporaryDirectory(prefix="swarm-repair-") as name:
        scratch = await asyncio.to_thread(Path(name).resolve)
        project = scratch / "project"
        await asyncio.to_thread(write_files, project, task.files)
        environment = await detect_environment(
            project, project, python=python, test_command=None, own_python=python
        )
        host = open_host(scratch / "sandboxes", mode)
        try:
            readonly = await readonly_paths(environment)
            spec = SandboxSpec(project, readonly, require=mode)
            yield await host.create(spec, BaseRef(project, "0" * 40)), environment
        finally:
            await host.close()


async def _base(sandbox: Sandbox, environment: Environment) -> SuiteRun:
    return await run_suite(
        sandbox, environment, TreeHash("0" * 40), wall_seconds=300.0, nonce="0" * 32
    )


def _shown(run: SuiteRun, visible: Visible) -> SuiteRun:
    outcomes = tuple(each for each in run.outcomes if visible(each.test))
    return run.model_copy(update={"outcomes": outcomes, "collected": len(outcomes)})


def _red(run: SuiteRun) -> int:
    return sum(each.outcome not in HARMLESS for each in run.outcomes)


def _assignment(
    run: SuiteRun, environment: Environment, seconds: int, touch: tuple[str, ...]
) -> Assignment:
    red = (each for each in run.outcomes if each.outcome not in HARMLESS)
    contract = Contract(
        task_id=TaskId("g-000001.t1"),
        goal_id=GoalId("g-000001"),
        kind=TaskKind.WRITE,
        title="Make the failing tests pass",
        targets=tuple(each.test for each in red),
        touch=touch,
        value=1_000_000,
        budget=10**12,
        seconds=seconds,
    )
    return Assignment(contract, environment, run, cpu_price=_CPU_PRICE)


def _files(changes: Changes) -> dict[str, bytes]:
    return {each.path.decode(): each.data for each in changes.items if isinstance(each, Written)}


def _judged(before: SuiteRun, after: SuiteRun) -> str:
    then = {each.test: each.outcome for each in after.outcomes}
    settled = (each for each in before.outcomes if each.outcome not in ("skipped", "xpassed"))
    green = all(_is_green(each.test, then) for each in settled)
    return "right" if green and not after.broken else "wrong"


def _is_green(test: TestId, then: dict[TestId, Outcome]) -> bool:
    """A file that could not be collected is green when all of its tests are; and so is a test that was
    expected to fail and passes.
    """
    green = GREEN | {"xpassed"}
    inside = [each for name, each in then.items() if name.startswith(f"{test}::")]
    return then.get(test) in green or (bool(inside) and all(each in green for each in inside))


def half(test: TestId) -> bool:
    """Every other test, by its name alone."""
    return hashlib.sha256(test.encode()).digest()[0] % 2 == 0
