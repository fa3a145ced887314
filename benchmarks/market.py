"""What a clearing costs: price the curves, judge the bids, find the assignment. CPU milliseconds.

Run `python -m benchmarks.market`. Agents differ in price and skill; tasks have files of their own, and every
third one a neighbour's file too, so that conflicts have to be resolved.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from swarm.domain.bids import AgentCard, Bid, Curve, Row, quote
from swarm.domain.money import USD
from swarm.domain.names import AgentId, GoalId, HostId, Principal, PublicKey, nth_task
from swarm.domain.tasks import Contract, TaskKind
from swarm.market.flow import Edge, Lane, best_assignment
from swarm.market.public_api import Clearing, Failure, OpenTask, Terms, clear

GOAL = GoalId("g-benchmark")


@dataclass(frozen=True, slots=True)
class Measured:
    tasks: int
    agents: int
    failures: int
    pricing_ms: float
    clearing_ms: float
    assigning_ms: float
    """Of the clearing, what the exact assignment alone takes."""

    awards: int
    exact: bool


def main() -> dict[str, float]:
    """Measure, print a table, return the figures."""
    figures: dict[str, float] = {}
    print(
        f"{'tasks x agents':>16} {'failures':>9} {'price ms':>9} {'clear ms':>9} "
        f"{'assign ms':>9} {'awards':>7}  exact"
    )
    for tasks, agents, failures, repeats in (
        (1, 10, 0, 200),
        (1, 10, 2, 100),
        (10, 10, 0, 30),
        (1, 100, 0, 50),
        (10, 10, 1, 30),
        (200, 50, 0, 3),
    ):
        got = measure(tasks, agents, failures, repeats)
        size = f"{tasks} x {agents}"
        print(
            f"{size:>16} {failures:>9} {got.pricing_ms:>9.2f} {got.clearing_ms:>9.2f} "
            f"{got.assigning_ms:>9.2f} {got.awards:>7}  {got.exact}"
        )
        name = f"{tasks}_tasks_{agents}_agents_{failures}_failures"
        figures[f"{name}_price_ms"] = round(got.pricing_ms, 3)
        figures[f"{name}_clear_ms"] = round(got.clearing_ms, 3)
        figures[f"{name}_assign_ms"] = round(got.assigning_ms, 3)
    return figures


def measure(tasks: int, agents: int, failures: int, repeats: int) -> Measured:
    dice = random.Random(7)
    cards = [_card(n, dice) for n in range(agents)]
    opened = [_task(n, failures, dice) for n in range(tasks)]
    terms = Terms(slots=tasks, budget=1000 * USD, alpha=50_000, beta=50_000, delay_cost=1)
    free = {card.agent_id: card.capacity for card in cards}
    bids = _price(cards, opened)
    clearing = _clear(opened, bids, free, terms)
    values: dict[Edge, int] = {
        (s.task_id, s.agent_id): s.begin for s in clearing.scores if s.begin > 0
    }
    capacities = {str(agent): slots for agent, slots in free.items()}
    lanes = (Lane(tuple((task.task_id,) for task in opened), tasks),)
    return Measured(
        tasks=tasks,
        agents=agents,
        failures=failures,
        pricing_ms=_cpu_ms(lambda: _price(cards, opened), repeats),
        clearing_ms=_cpu_ms(lambda: _clear(opened, bids, free, terms), repeats),
        assigning_ms=_cpu_ms(lambda: best_assignment(values, capacities, lanes), repeats),
        awards=len(clearing.awards),
        exact=clearing.exact,
    )


def _clear(
    tasks: list[OpenTask], bids: list[Bid], free: dict[AgentId, int], terms: Terms
) -> Clearing:
    return clear(tasks, bids, free, terms, "seed")


def _price(cards: list[AgentCard], tasks: list[OpenTask]) -> list[Bid]:
    quotes = (quote(card, task.contract) for task in tasks for card in cards)
    return [bid for bid in quotes if bid is not None]


def _cpu_ms(work: Callable[[], object], repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        spent.append((time.process_time() - begun) * 1000)
    return median(spent)


def _card(number: int, dice: random.Random) -> AgentCard:
    skill = dice.uniform(0.1, 0.9)
    row = Row(
        price=int(USD * skill * skill * dice.uniform(0.05, 0.5)),
        seconds=dice.randrange(10, 500),
        probability=int(skill * 1_000_000),
    )
    return AgentCard(
        agent_id=AgentId(f"agent-{number}"),
        role="writer",
        engine="repair",
        strategy=f"strategy-{number % 7}",
        family=f"family-{number % 3}",
        principal=Principal(f"local/{number}"),
        public_key=PublicKey("0" * 64),
        capacity=1 + number % 3,
        curves=(Curve(kind=TaskKind.WRITE, rows=(row,)),),
        host=HostId("host"),
    )


def _task(number: int, failures: int, dice: random.Random) -> OpenTask:
    task_id = nth_task(GOAL, number)
    neighbour = (f"src/{number - 1}.py",) if number % 3 == 2 else ()
    contract = Contract(
        task_id=task_id,
        goal_id=GOAL,
        kind=TaskKind.WRITE,
        title="",
        touch=(f"src/{number}.py", *neighbour),
        value=int(USD * dice.uniform(0.5, 5)),
        budget=5 * USD,
        seconds=600,
    )
    failed = Failure(strategy="strategy-0", family="family-0", probability_used=400_000)
    return OpenTask(
        contract=contract, wrong_cost=USD, remaining=5 * USD, failures=(failed,) * failures
    )


if __name__ == "__main__":
    main()
