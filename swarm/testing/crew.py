"""A cast that follows a script: planner, checkers; and a whole swarm around it in one process.

For tests of everything that is not thinking: leases, crashes, joins, votes, publication. Journal,
blobs, git, keys, signatures and sandboxes are the real ones.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swarm.actors.public_api import Places, SystemClock, leave
from swarm.actors.working_api import Cast, run_inline
from swarm.agents.public_api import CheckAssignment, Checked, Plan, Workbench
from swarm.coordination.public_api import GoalState, HumanCommand, rebuild
from swarm.domain.changes import Changes, Written
from swarm.domain.events import Event
from swarm.domain.evidence import CheckReport, Evidence, EvidenceKind, SuiteRun, TestOutcome
from swarm.domain.goals import Environment, Goal
from swarm.domain.names import GoalId, TestId, nth_task
from swarm.domain.tasks import Contract, Finding, TaskKind, Verdict
from swarm.engines.public_api import Engine
from swarm.journal.public_api import Head, Journal, Record, open_journal, read_only
from swarm.repository.public_api import inspect
from swarm.settings.public_api import Settings

Judge = Callable[[CheckAssignment], Verdict]


def a_goal(repository: Path, goal_id: str = "g-000001", **fields: object) -> Goal:
    """A goal on the repository's present commit, worked on in an unsafe worktree."""
    state = inspect(repository)
    environment = Environment(
        mount_point=str(state.top),
        python=sys.executable,
        python_version="3.11",
        runner="pytest",
        runner_version="8",
        command=(sys.executable, "-m", "pytest"),
    )
    given: dict[str, object] = {
        "goal_id": GoalId(goal_id),
        "text": "make it work",
        "repository": str(state.top),
        "base": state.base,
        "base_tree": state.base_tree,
        "environment": environment,
        "value": 5_000_000,
        "wrong_cost": 3_000_000,
        "budget": 1_000_000,
        "seconds": 600,
        "writers": 2,
        "sandbox": "unsafe-worktree",
    }
    return Goal.model_validate(given | fields)


@dataclass(frozen=True, slots=True)
class ScriptedPlanner:
    """One write task for each path: `tests/test_x.py::test_it` becomes the target of task `x`."""

    paths: tuple[str, ...]

    async def plan(self, goal: Goal, workbench: Workbench, *, at: int) -> Plan:
        contracts = tuple(
            Contract(
                task_id=nth_task(goal.goal_id, number),
                goal_id=goal.goal_id,
                kind=TaskKind.WRITE,
                title=f"Mend {path}",
                targets=(TestId(f"tests/{path}::test_it"),),
                touch=(path,),
                value=goal.value // len(self.paths),
                budget=goal.budget // 2 // len(self.paths),
                seconds=60,
            )
            for number, path in enumerate(self.paths, start=2)
        )
        outcomes = tuple(
            TestOutcome(test=contract.targets[0], outcome="failed") for contract in contracts
        )
        run = SuiteRun(tree=goal.base_tree, outcomes=outcomes, collected=len(outcomes))
        return Plan(contracts, run, (), ())


@dataclass(frozen=True, slots=True)
class ScriptedChecker:
    """Says what `judge` says, with evidence in the right form."""

    aspect: EvidenceKind
    judge: Judge = field(default=lambda _: "yes")

    async def check(self, assignment: CheckAssignment, workbench: Workbench) -> Checked:
        subject, verdict = assignment.subject, self.judge(assignment)
        findings = (Finding(rule="scripted", message="not like this"),) if verdict == "no" else ()
        evidence = Evidence(
            kind=self.aspect,
            base=subject.base,
            tree=subject.tree,
            argv=("scripted", self.aspect),
            environment=workbench.environment.hash,
            sandbox_mode="unsafe-worktree",
            limits={},
            outcomes=(),
            base_outcomes=(),
            targets=subject.targets,
            voided=(),
            tools={},
            findings=findings,
            verdict=verdict,
        )
        report = CheckReport(
            verdict=verdict, findings=findings, evidence=evidence.hash, summary=verdict
        )
        return Checked(report, evidence)


def a_cast(paths: Sequence[str], engines: Sequence[Engine], judge: Judge = lambda _: "yes") -> Cast:
    """`judge` is the tester's; the reviewers say yes."""
    return Cast(
        planner=ScriptedPlanner(tuple(paths)),
        engines=tuple(engines),
        testers=(ScriptedChecker("suite", judge),),
        reviewers=(ScriptedChecker("static"), ScriptedChecker("behaviour")),
    )


def write(path: str, text: str) -> Changes:
    return Changes((Written(os.fsencode(path), "100644", text.encode()),))


@dataclass(slots=True)
class MortalJournal:
    """A journal whose process is killed when a chosen record is on the disk, or just before."""

    inner: Journal
    dies_at: int
    """Position of the record."""

    before: bool = False

    def append(self, events: Sequence[Event]) -> int:
        position = self.inner.head().position
        if not position < self.dies_at <= position + len(events):
            return self.inner.append(events)
        if not self.before:
            self.inner.append(events)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("killed")

    async def append_durably(self, events: Sequence[Event]) -> int:
        return self.append(events)

    def read(self, after: int = 0) -> Iterator[Record]:
        return self.inner.read(after)

    def head(self) -> Head:
        return self.inner.head()

    def close(self) -> None:
        self.inner.close()


def carry_out(places: Places, settings: Settings, journal: Journal, cast: Cast) -> None:
    """Work in this process until no goal is open."""
    asyncio.run(run_inline(places, settings, journal, SystemClock(), forever=False, cast=cast))


def go_on(places: Places, cast: Cast, *commands: HumanCommand) -> dict[GoalId, GoalState]:
    """Leave what people say, work until no goal is open, and return what has become of all."""
    for command in commands:
        leave(places.inbox, command)
    journal = open_journal(places.journal)
    carry_out(places, Settings(home=places.home), journal, cast)
    journal.close()
    return goals_of(places)


def goals_of(places: Places) -> dict[GoalId, GoalState]:
    """As the journal tells them."""
    return rebuild(record.event for record in read_only(places.journal).read())
