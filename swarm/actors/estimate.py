"""What a goal would cost, take and come to: planned and priced, but nothing is recorded or given out."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from swarm.actors.canaries import rates_of
from swarm.actors.gate import workbench_on
from swarm.actors.metering import SECONDS_PER_HOUR, cores_each
from swarm.agents.public_api import Planner
from swarm.domain.bids import Bid, offered
from swarm.domain.clearings import ScoredBid
from swarm.domain.evidence import HARMLESS
from swarm.domain.goals import Goal
from swarm.domain.money import CERTAIN
from swarm.domain.names import AgentId, TestId
from swarm.domain.tasks import Contract
from swarm.engines.public_api import Engine, repair_engines
from swarm.market.public_api import OpenTask, Terms, clear
from swarm.repository.public_api import Mirror
from swarm.settings.public_api import Settings


@dataclass(frozen=True, slots=True)
class TaskEstimate:
    contract: Contract
    order: tuple[ScoredBid, ...]
    """Whom the market would let try, the first first; empty = nobody should."""

    cost: int
    """Expected micro-USD until the first acceptance, or until nobody is left."""

    seconds: int
    probability: int
    """That one of them is accepted, in parts per million, failures taken as independent."""


@dataclass(frozen=True, slots=True)
class Estimate:
    refusal: str
    tasks: tuple[TaskEstimate, ...]
    failing: int
    suite_tests: int
    red: tuple[TestId, ...] = ()
    """The tests that fail, steadily or not."""

    voided: tuple[TestId, ...] = ()
    """Tests that flickered: two runs gave two outcomes."""

    failures: Mapping[TestId, str] = field(default_factory=dict)
    """What the runner printed of those that failed."""

    @property
    def cost(self) -> int:
        return sum(task.cost for task in self.tasks)

    @property
    def seconds(self) -> int:
        return sum(task.seconds for task in self.tasks)

    @property
    def probability(self) -> int:
        """That all tasks are accepted."""
        chance = CERTAIN if self.tasks else 0
        for task in self.tasks:
            chance = chance * task.probability // CERTAIN
        return chance


def estimate_goal(goal: Goal, settings: Settings, said: Callable[[str], None]) -> Estimate:
    """Runs the suite on the base in sandboxes of a folder that is gone afterwards; `said` is told how far
    this is.
    """
    return asyncio.run(_estimate(goal, settings, said))


async def _estimate(goal: Goal, settings: Settings, said: Callable[[str], None]) -> Estimate:
    with tempfile.TemporaryDirectory(prefix="swarm-estimate-") as folder:
        mirror = Mirror.open(Path(folder) / "mirror.git", Path(goal.repository))
        await asyncio.to_thread(mirror.fetch, goal.base)
        async with workbench_on(mirror, goal, Path(folder), settings) as workbench:
            planner = Planner(AgentId("planner-suite"), said=said)
            plan = await planner.plan(goal, workbench, at=0)
    price, cores = settings.cpu_hour // SECONDS_PER_HOUR, cores_each(settings.writers)
    engines = repair_engines(price, cores=cores)
    red = tuple(row.test for row in plan.base_run.outcomes if row.outcome not in HARMLESS)
    return Estimate(
        refusal=plan.refusal,
        tasks=tuple(_task(goal, settings, contract, engines) for contract in plan.contracts),
        failing=len(red),
        suite_tests=len(plan.base_run.outcomes),
        red=red,
        voided=plan.voided,
        failures=plan.failures,
    )


def _task(
    goal: Goal, settings: Settings, contract: Contract, engines: tuple[Engine, ...]
) -> TaskEstimate:
    order = _order(goal, settings, contract, engines)
    reached, cost, seconds = CERTAIN, 0, 0
    for bid in order:
        cost += bid.price * reached // CERTAIN
        seconds += bid.seconds * reached // CERTAIN
        reached = reached * (CERTAIN - bid.accept) // CERTAIN
    return TaskEstimate(contract, order, cost, seconds, CERTAIN - reached)


def _order(
    goal: Goal, settings: Settings, contract: Contract, engines: tuple[Engine, ...]
) -> tuple[ScoredBid, ...]:
    bids = tuple(bid for engine in engines if (bid := _bid(engine, contract)) is not None)
    alpha, beta = rates_of(settings)
    terms = Terms(slots=1, budget=goal.budget, alpha=alpha, beta=beta)
    wrong = goal.wrong_share(contract.value)
    task = OpenTask(contract=contract, wrong_cost=wrong, remaining=contract.budget)
    free = {bid.agent_id: 1 for bid in bids}
    clearing = clear((task,), bids, free, terms, seed=contract.task_id)
    good = [score for score in clearing.scores if score.index > 0]
    return tuple(sorted(good, key=lambda score: -score.index))


def _bid(engine: Engine, contract: Contract) -> Bid | None:
    row = offered(engine.curves(), contract)
    if row is None:
        return None
    return Bid(
        task_id=contract.task_id,
        agent_id=AgentId(f"writer-{engine.strategy}"),
        strategy=engine.strategy,
        family=engine.family,
        price=row.price,
        seconds=row.seconds,
        probability=row.probability,
    )
