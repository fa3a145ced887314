"""Made-up worlds: agents and tasks with outcomes for all of them, where the market's picture of the world is wrong.

Twelve agents of three families at 240 tasks. What a world differs in from what the market believes is one thing each,
so that what it costs can be told.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from swarm.domain.money import USD
from swarm.market.contest import Setting, Standing, hindsight, stand
from swarm.market.matrix import Matrix

_AGENTS, _TASKS = 12, 240


@dataclass(frozen=True, slots=True)
class World:
    name: str
    said: str
    common: float = 4.0
    """Logits by which tasks differ for everybody."""

    by_family: float = 0.0
    skills: float = 1.2
    stalls: bool = False
    believed: float = 1.0
    """Times its value, a result is worth to the market."""


WORLDS = (
    World("plain", "as the market believes"),
    World(
        "families", "what is hard is hard for a family, hardly for all", common=1.0, by_family=4.0
    ),
    World("stalls", "the cheapest agent never finishes anything", stalls=True),
    World("no skill", "prices differ a hundredfold, skills not at all", skills=0.0),
    World("value x 3", "the value is believed to be three times what it is", believed=3.0),
    World("value / 3", "the value is believed to be a third of what it is", believed=1 / 3),
)


def contest_in(world: World, setting: Setting, rules: Sequence[str]) -> Iterator[Standing]:
    """The marks of hindsight, then each rule; all in what results are truly worth."""
    matrix = made_up(world)
    yield from hindsight(matrix, setting)
    believed = replace(
        setting,
        value=round(setting.value * world.believed),
        wrong_cost=round(setting.wrong_cost * world.believed),
    )
    for rule in rules:
        told = stand(matrix, believed, rule)
        yield told if world.believed == 1 else _truly(told, setting, world.believed)


def _truly(told: Standing, setting: Setting, times: float) -> Standing:
    """What was reckoned in believed values, in true ones; the error nearly so."""
    right, wrong = told.right / 1e6, told.wrong / 1e6
    utility = right * setting.value - wrong * setting.wrong_cost - told.cost
    return replace(told, utility=round(utility), error=round(told.error / times))


def made_up(world: World) -> Matrix:
    """The same each time, and for worlds whose agents are the same."""
    dice = random.Random(f"hard:{world.skills}")
    skills = [3 + dice.gauss(0, 1) * world.skills for _ in range(_AGENTS)]
    prices = [0.1 * math.exp(dice.gauss(0, 1.2)) for _ in range(_AGENTS)]
    families = tuple("abc"[n % 3] for n in range(_AGENTS))
    if world.stalls:
        skills[0], prices[0] = -99.0, min(prices) / 2
    tasks = [_task(world, dice) for _ in range(_TASKS)]
    right = tuple(
        tuple(dice.random() < 1 / (1 + math.exp(task[family] - skill)) for task in tasks)
        for skill, family in zip(skills, families, strict=True)
    )
    return Matrix(
        agents=tuple(f"{family}-{n}" for n, family in enumerate(families)),
        families=families,
        tasks=tuple(f"t{n}" for n in range(_TASKS)),
        right=right,
        bills=tuple(tuple(_bills(price, dice)) for price in prices),
    )


def _task(world: World, dice: random.Random) -> dict[str, float]:
    """How hard it is for each family."""
    common = dice.gauss(0, 1) * world.common
    return {family: common + dice.gauss(0, 1) * world.by_family for family in "abc"}


def _bills(price: float, dice: random.Random) -> Iterator[int]:
    for _ in range(_TASKS):
        yield max(1, round(price * math.exp(dice.gauss(0, 0.5)) * USD))
