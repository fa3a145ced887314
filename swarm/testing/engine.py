"""An engine that thinks nothing: it plays a script.

For everything around engines: leases, resumption, refusals, budgets. It keeps the engine's law to
the letter - steps, then exactly one end; no finished step twice; no submission that was refused;
nothing beyond the budget - so that a test which passes with it tests the caller and not luck.
"""

import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from swarm.domain.bids import Curve, Row
from swarm.domain.changes import Changes
from swarm.domain.evidence import Outcome, SuiteRun, TestOutcome
from swarm.domain.goals import Environment, Runner
from swarm.domain.names import GoalId, TaskId, TestId, TreeHash
from swarm.domain.tasks import Contract, TaskKind
from swarm.engines.port import (
    NOTHING_MORE,
    Assignment,
    Done,
    GaveUp,
    Item,
    Needs,
    Question,
    StepTaken,
    Submission,
)
from swarm.sandbox.public_api import Sandbox

Script = Sequence[Item] | Callable[[Assignment], Sequence[Item]]


def flat_curve(
    kind: TaskKind = TaskKind.WRITE,
    *,
    price: int = 1000,
    seconds: int = 10,
    probability: int = 500_000,
) -> Curve:
    """One row without conditions: the same offer for every contract of the kind."""
    return Curve(kind=kind, rows=(Row(price=price, seconds=seconds, probability=probability),))


def an_assignment(
    *,
    outcomes: Mapping[str, Outcome] | None = None,
    mount_point: str = "/repository",
    python: str = sys.executable,
    runner: Runner = "pytest",
    touch: tuple[str, ...] = (),
    seconds: int = 60,
    refused: tuple[Changes, ...] = (),
    cpu_price: int = 0,
) -> Assignment:
    """A write task whose targets are the ids of `outcomes` that failed or did not end."""
    run = outcomes or {"test_it.py::test_it": "failed"}
    red = tuple(TestId(each) for each, outcome in sorted(run.items()) if outcome in _RED)
    contract = Contract(
        task_id=TaskId("g-000001.t1"),
        goal_id=GoalId("g-000001"),
        kind=TaskKind.WRITE,
        title="Make the failing tests pass",
        targets=red,
        touch=touch,
        value=1_000_000,
        budget=1_000_000,
        seconds=seconds,
    )
    environment = Environment(
        mount_point=mount_point,
        python=python,
        python_version="3.11.0",
        runner=runner,
        runner_version="8.0.0",
        command=(python, "-m", runner),
    )
    base_run = SuiteRun(
        tree=TreeHash("0" * 40),
        outcomes=tuple(
            TestOutcome(test=TestId(each), outcome=outcome) for each, outcome in sorted(run.items())
        ),
        collected=len(run),
    )
    return Assignment(contract, environment, base_run, refused=refused, cpu_price=cpu_price)


_RED: frozenset[Outcome] = frozenset({"failed", "error", "timeout", "crashed"})


class ScriptedEngine:
    """Plays `script`: its steps in order, then the first end that was not refused already.

    A script that is a function is asked once for each call of `work`. `played` lists what was
    really done, as (task, number of the step counted from one), over all calls.
    """

    def __init__(
        self,
        script: Script,
        *,
        strategy: str = "scripted",
        family: str = "scripted",
        curves: tuple[Curve, ...] = (flat_curve(),),
        needs: Needs = NOTHING_MORE,
    ) -> None:
        self.needs = needs
        self.strategy = strategy
        self.family = family
        self.played: list[tuple[TaskId, int]] = []
        self._script = script
        self._curves = curves

    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    def offer(self, curves: tuple[Curve, ...]) -> None:
        """From now on."""
        self._curves = curves

    async def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        script = self._script(assignment) if callable(self._script) else self._script
        steps = [item for item in script if isinstance(item, StepTaken)]
        spent = 0
        for number, step in enumerate(steps[len(done) :], start=len(done) + 1):
            if spent + step.cost > budget:
                yield GaveUp("the budget is spent")
                return
            spent += step.cost
            self.played.append((assignment.contract.task_id, number))
            yield _guided(step, guidance())
        yield _end(script, assignment)


def _guided(step: StepTaken, lines: tuple[str, ...]) -> StepTaken:
    if not lines:
        return step
    action = f"{step.action} (told: {'; '.join(lines)})"
    return StepTaken(action, step.result, step.cost, step.seconds, step.changes)


def _end(script: Sequence[Item], assignment: Assignment) -> Item:
    for item in script:
        match item:
            case Submission() if item.changes not in assignment.refused:
                return item
            case Question() | GaveUp():
                return item
            case _:
                continue
    return GaveUp("the script has no submission left that was not refused")
