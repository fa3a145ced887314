"""Hard worlds: what the market's rule loses where its picture of the world is wrong.

Run `python -m benchmarks.market_hard`. Twelve made-up agents of three families at 240 tasks, learned online from nothing, five
orders, a right result worth $10. For each world the share of the best pair and of the best single agent in hindsight.

    plain          one difficulty for each task, as the market believes
    families       what is hard is so for a family, hardly for all
    stalls         the cheapest agent of all never finishes anything
    no skill       prices differ by a hundred, skills not at all
    value x 3      the market reckons with three times what a result is worth, value / 3 with a third
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from swarm.domain.money import USD
from swarm.market.public_api import Matrix, Setting, hindsight, stand

AGENTS, TASKS = 12, 240
SETTING = Setting(10 * USD, 5 * USD, 100_000, 100_000, 5)


@dataclass(frozen=True, slots=True)
class World:
    name: str
    common: float = 4.0
    """Logits by which tasks differ for everybody."""

    by_family: float = 0.0
    skills: float = 1.2
    stalls: bool = False
    believed: float = 1.0
    """Times its value, a result is worth to the market."""


WORLDS = (
    World("plain"),
    World("families", common=1.0, by_family=4.0),
    World("stalls", stalls=True),
    World("no skill", skills=0.0),
    World("value x 3", believed=3.0),
    World("value / 3", believed=1 / 3),
)


def main() -> dict[str, float]:
    figures: dict[str, float] = {}
    print(f"{'world':>10} {'utility':>8} {'of the pair':>12} {'of the agent':>13} {'tries':>6}")
    for world in WORLDS:
        matrix = _matrix(world, random.Random(f"hard:{world.skills}"))
        single, pair = hindsight(matrix, SETTING)
        told = stand(matrix, _believed(world), "market")
        right, wrong = told.right / 1e6, told.wrong / 1e6
        utility = right * SETTING.value - wrong * SETTING.wrong_cost - told.cost
        shares = (utility / pair.utility, utility / single.utility)
        print(
            f"{world.name:>10} {utility / USD:>8.3f} {shares[0]:>12.3f} {shares[1]:>13.3f}"
            f" {told.attempts / 1e6:>6.2f}",
            flush=True,
        )
        figures[f"{world.name}_of_pair"] = round(shares[0], 4)
    return figures


def _believed(world: World) -> Setting:
    return replace(
        SETTING,
        value=round(SETTING.value * world.believed),
        wrong_cost=round(SETTING.wrong_cost * world.believed),
    )


def _matrix(world: World, dice: random.Random) -> Matrix:
    skills = [3 + dice.gauss(0, 1) * world.skills for _ in range(AGENTS)]
    prices = [0.1 * math.exp(dice.gauss(0, 1.2)) for _ in range(AGENTS)]
    families = tuple("abc"[n % 3] for n in range(AGENTS))
    if world.stalls:
        skills[0], prices[0] = -99.0, min(prices) / 2
    tasks = [_task(world, dice) for _ in range(TASKS)]
    right = tuple(
        tuple(dice.random() < 1 / (1 + math.exp(task[family] - skill)) for task in tasks)
        for skill, family in zip(skills, families, strict=True)
    )
    bills = tuple(tuple(_bills(price, dice)) for price in prices)
    return Matrix(
        agents=tuple(f"{family}-{n}" for n, family in enumerate(families)),
        families=families,
        tasks=tuple(f"t{n}" for n in range(TASKS)),
        right=right,
        bills=bills,
    )


def _task(world: World, dice: random.Random) -> dict[str, float]:
    """How hard it is for each family."""
    common = dice.gauss(0, 1) * world.common
    return {family: common + dice.gauss(0, 1) * world.by_family for family in "abc"}


def _bills(price: float, dice: random.Random) -> Iterator[int]:
    for _ in range(TASKS):
        yield max(1, round(price * math.exp(dice.gauss(0, 0.5)) * USD))


if __name__ == "__main__":
    main()
