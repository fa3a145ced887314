"""One task of the benchmark from its repository to its row, in a process of its own.

A goal is given up when its time is over and it has not said so itself, when the benchmark is told to
stop, and when the benchmark's process has gone.
"""

import asyncio
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

from swarm.actors.public_api import leave
from swarm.bench.public_api import BenchResult, BenchTask, Row, examine, judged, make_repository
from swarm.cli.keeping import Keeper
from swarm.cli.options import Runtime
from swarm.cli.orders import nap, new_command_id
from swarm.cli.session import Session, open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.watching import Watch
from swarm.coordination.public_api import GoalState, SubmitGoal
from swarm.domain.errors import Exhausted, SwarmError
from swarm.domain.evidence import SuiteRun
from swarm.domain.goals import Goal
from swarm.repository.public_api import Mirror
from swarm.sandbox.public_api import SandboxMode

GRACE_SECONDS = 60.0
"""After its time a goal may still finish what it has in hand and say so."""

FAREWELL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ways:
    """How a goal is run; the same for every task of one measurement."""

    rule: str
    runtime: Runtime
    seconds: int
    budget: str | None = None
    """Dollars for each goal; None: as the settings say."""

    @property
    def told(self) -> str:
        """What rows must share to stand in one table."""
        return f"{self.rule} {self.runtime} {self.seconds} s, budget {self.budget or 'default'}"


def prepare(stopped: Event) -> None:
    """For a new process: Ctrl-C reaches it as well, but what counts is the event.

    A handler, not SIG_IGN, which tests that are started from here would inherit.
    """
    signal.signal(signal.SIGINT, _pass_over)
    _Process.stopped = stopped


def _pass_over(number: int, frame: object) -> None:
    return


class _Process:
    """What `prepare` was given; a pool hands it over in no other way."""

    stopped: Event


def measure_task(task: BenchTask, ways: Ways, folder: Path, mode: SandboxMode) -> Row:
    """Make the repository, run the goal, judge. Removes the folder."""
    try:
        make_repository(task, folder / "repository")
        course = Course(_session(folder, mode), ways, folder, mode, _Process.stopped)
        return judged(task, course.run(task), course.examine)
    except SwarmError as error:
        return Row(task, BenchResult(status="error", reason=str(error)), "error")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _session(folder: Path, mode: SandboxMode) -> Session:
    walls = {} if mode == "unsafe-worktree" else {"sandbox": mode}
    overrides = {"home": str(folder / "state"), **walls}
    return open_session(as_json=True, overrides=overrides, make=True)


@dataclass(frozen=True, slots=True)
class Course:
    session: Session
    ways: Ways
    folder: Path
    mode: SandboxMode
    stopped: Event

    def run(self, task: BenchTask) -> BenchResult:
        begun, cpu = time.monotonic(), _cpu_ms()
        state, ended = self._state_at_the_end(self._goal(task))
        return self._result(state, int(1000 * (ended - begun)), _cpu_ms() - cpu)

    def examine(self, task: BenchTask, files: Mapping[str, bytes]) -> SuiteRun:
        return asyncio.run(examine(task, files, python=Path(sys.executable), mode=self.mode))

    def _goal(self, task: BenchTask) -> Goal:
        asked = Asked(
            text=task.goal,
            repository=self.folder / "repository",
            budget=self.ways.budget,
            rule=self.ways.rule,
            unsafe_worktree=self.mode == "unsafe-worktree",
        )
        goal = goal_of(asked, self.session.settings)
        return goal.model_copy(update={"seconds": self.ways.seconds})

    def _state_at_the_end(self, goal: Goal) -> tuple[GoalState, float]:
        """And when that was. Raises Exhausted when the goal does not end in time, or may not."""
        places = self.session.places
        keeper = Keeper(places, self.ways.runtime, None)
        watch = Watch(places).catch_up()
        leave(places.inbox, SubmitGoal(command_id=new_command_id(), goal=goal))
        deadline = time.monotonic() + self.ways.seconds + GRACE_SECONDS
        parent = os.getppid()
        try:
            while not self.stopped.is_set() and os.getppid() == parent:
                state = watch.catch_up().goals.get(goal.goal_id)
                if state is not None and state.status.is_final:
                    ended = time.monotonic()
                    keeper.see_off(FAREWELL_SECONDS)
                    return state, ended
                if time.monotonic() > deadline:
                    raise Exhausted(f"did not end within {self.ways.seconds} s")
                keeper.keep()
                nap()
            raise Exhausted("the benchmark was stopped")
        finally:
            watch.close()
            keeper.end()

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
        into = self.folder / "result"
        repository = state.goal.repository
        mirror = Mirror.open(self.session.places.mirror_of(repository), Path(repository))
        mirror.export(state.intended.tree, into)
        return into


def _cpu_ms() -> int:
    """Of all processes of ours that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int(1000 * (used.ru_utime + used.ru_stime))
