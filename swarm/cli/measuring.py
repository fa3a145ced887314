"""The benchmark, through the same door as everything else: a goal is submitted and followed."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from swarm.actors.public_api import leave
from swarm.bench.public_api import (
    BenchResult,
    BenchTask,
    as_json,
    examine,
    load_tasks,
    own_tasks,
    quixbugs_tasks,
    run_tasks,
    table,
)
from swarm.cli.failing import DONE, FAILED
from swarm.cli.keeping import Keeper
from swarm.cli.options import Runtime
from swarm.cli.orders import nap, new_command_id
from swarm.cli.session import Session, open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.watching import Watch
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.errors import Rejected, SwarmError
from swarm.domain.evidence import SuiteRun
from swarm.domain.goals import Goal
from swarm.repository.public_api import Mirror
from swarm.sandbox.public_api import SandboxMode, why_not

FAREWELL_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks, and how they are run."""

    folder: Path | None
    quixbugs: Path | None
    only: tuple[str, ...]
    rule: str
    runtime: Runtime


def measure(choice: Choice, *, as_document: bool) -> int:
    """One state folder for all of them, gone afterwards; the user's own is not touched."""
    tasks = tasks_of(choice)
    with tempfile.TemporaryDirectory(prefix="swarm-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        overrides = {"home": str(folder / "state")}
        session = open_session(as_json=as_document, overrides=overrides, make=True)
        course = Course(session, choice, folder, _mode(session))
        rows = []
        for row in run_tasks(tasks, course.run, course.examine, folder / "repositories"):
            rows.append(row)
            session.say(f"{row.task.name}: {row.verdict} ({row.result.wall_ms / 1000:.1f} s)")
        session.show(Text(table(rows)), json.loads(as_json(rows)))
    return DONE if all(row.is_right for row in rows) else FAILED


def tasks_of(choice: Choice) -> tuple[BenchTask, ...]:
    if choice.quixbugs is not None:
        return quixbugs_tasks(choice.quixbugs, choice.only)
    tasks = load_tasks(choice.folder or own_tasks())
    unknown = sorted(set(choice.only) - {task.name for task in tasks})
    if unknown:
        names = ", ".join(task.name for task in tasks)
        raise Rejected(f"there is no task {', '.join(unknown)}", advice=f"the tasks: {names}")
    return tuple(task for task in tasks if not choice.only or task.name in choice.only)


def _mode(session: Session) -> SandboxMode:
    """Hidden tests are run in the same kind of sandbox as the goals."""
    lacking = why_not(session.places.work)
    if lacking:
        session.say(f"NO SANDBOX ON THIS MACHINE ({lacking}): unsafe-worktree", "bold yellow")
    return "unsafe-worktree" if lacking else "namespaces"


@dataclass(frozen=True, slots=True)
class Course:
    session: Session
    choice: Choice
    folder: Path
    mode: SandboxMode

    def run(self, task: BenchTask, repository: Path) -> BenchResult:
        asked = Asked(
            text=task.goal,
            repository=repository,
            rule=self.choice.rule,
            unsafe_worktree=self.mode == "unsafe-worktree",
        )
        begun, cpu = time.monotonic(), _cpu_ms()
        try:
            state = self._state_at_the_end(goal_of(asked, self.session.settings))
        except SwarmError as error:
            return BenchResult(status="error", reason=str(error))
        wall = int(1000 * (time.monotonic() - begun))
        return self._result(state, wall, _cpu_ms() - cpu)

    def examine(self, task: BenchTask, files: Mapping[str, bytes]) -> SuiteRun:
        return asyncio.run(examine(task, files, python=Path(sys.executable), mode=self.mode))

    def _state_at_the_end(self, goal: Goal) -> GoalState:
        places = self.session.places
        keeper = Keeper(places, self.choice.runtime, None)
        watch = Watch(places).catch_up()
        leave(places.inbox, SubmitGoal(command_id=new_command_id(), goal=goal))
        while True:
            state = watch.catch_up().goals.get(goal.goal_id)
            if state is not None and state.status.is_final:
                keeper.see_off(FAREWELL_SECONDS)
                watch.close()
                return state
            keeper.keep()
            nap()

    def _result(self, state: GoalState, wall_ms: int, cpu_ms: int) -> BenchResult:
        attempts = state.attempts.values()
        return BenchResult(
            status=state.status,
            reason=state.reason,
            folder=self._exported(state),
            partial=state.intended is not None and state.intended.partial,
            wall_ms=wall_ms,
            cpu_ms=cpu_ms,
            steps=sum(len(attempt.steps) for attempt in attempts),
            spent=state.spent,
            attempts=len(attempts),
        )

    def _exported(self, state: GoalState) -> Path | None:
        """The pull request's files."""
        if state.published is None or state.intended is None:
            return None
        into = self.folder / "results" / state.goal.goal_id
        into.parent.mkdir(exist_ok=True)
        repository = state.goal.repository
        mirror = Mirror.open(self.session.places.mirror_of(repository), Path(repository))
        mirror.export(state.intended.tree, into)
        return into


def _cpu_ms() -> int:
    """Of all processes of ours that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int(1000 * (used.ru_utime + used.ru_stime))
