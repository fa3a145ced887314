"""What each strategy asks and promises, by what is visible before work begins."""

import math
from dataclasses import dataclass
from typing import Literal

from swarm.domain.bids import Condition, Curve, Row
from swarm.domain.tasks import TaskKind
from swarm.engines.repair.progress import Phase

Strategy = Literal["templates", "donors", "synthesis", "pairs", "project"]
STRATEGIES: tuple[Strategy, ...] = ("templates", "donors", "synthesis", "pairs", "project")

PHASES: dict[Strategy, tuple[Phase, ...]] = {
    "templates": ("first", "slow", "cold", "over"),
    "donors": ("first", "slow", "over"),
    "synthesis": ("first", "slow", "pairs", "over"),
    "pairs": ("first", "slow", "over"),
    "project": ("cold", "over"),
}

UNALIVE: dict[Strategy, tuple[Phase, ...]] = {
    "templates": ("cold", "over"),
    "pairs": ("cold", "over"),
    "project": ("cold", "over"),
}
"""The same where nothing lives that could be patched: the tests cannot be collected, or run the project in
processes of their own. A second mistake may be of that kind where the first is none.
"""


@dataclass(frozen=True, slots=True)
class Offer:
    """One row: up to so many suspicious lines, so many CPU seconds, such a chance."""

    most_lines: int | None
    cpu_seconds: float
    seconds: int
    probability: int


OFFERS: dict[Strategy, tuple[Offer, ...]] = {
    "templates": (
        Offer(100, 8, 40, 500_000),
        Offer(1_000, 20, 80, 300_000),
        Offer(10_000, 45, 150, 120_000),
        Offer(None, 70, 200, 40_000),
    ),
    "donors": (
        Offer(100, 9, 50, 200_000),
        Offer(1_000, 25, 110, 150_000),
        Offer(10_000, 60, 200, 70_000),
        Offer(None, 90, 250, 20_000),
    ),
    "synthesis": (
        Offer(100, 18, 70, 350_000),
        Offer(1_000, 45, 140, 150_000),
        Offer(10_000, 80, 220, 50_000),
        Offer(None, 110, 260, 10_000),
    ),
    "pairs": (
        Offer(100, 20, 80, 150_000),
        Offer(1_000, 40, 160, 120_000),
        Offer(10_000, 80, 260, 60_000),
        Offer(None, 110, 300, 20_000),
    ),
    "project": (
        Offer(0, 40, 80, 250_000),
        Offer(100, 50, 120, 60_000),
        Offer(1_000, 70, 200, 40_000),
        Offer(None, 110, 300, 10_000),
    ),
}

FEWEST_TARGETS: dict[Strategy, int] = {"pairs": 2}
"""Two edits are looked for only where they can turn different failing tests green."""


MANY_TARGETS = 30
"""So many failing tests seldom have one small cause: then the last offer stands, whatever the size.
The cases of one parametrised test count once: they say the same thing of one piece of code.
"""


SHARED = 0.6
"""So much of an attempt's time is search, which several processors share; the rest is starting pytest,
looking for places, comparing and confirming. An estimate by the stages of attempts that were measured.
"""


def curve(strategy: Strategy, cpu_price: int, cores: int = 1) -> Curve:
    """`cpu_price` is micro-USD for one CPU second; `cores` are processors that a search uses."""
    offers = OFFERS[strategy]
    last = _row(offers[-1], cpu_price, cores)
    many = last.model_copy(
        update={"when": (Condition(feature="target_tests", at_least=MANY_TARGETS),)}
    )
    # Without a failing test there is nothing to search by.
    enough = Condition(feature="targets", at_least=FEWEST_TARGETS.get(strategy, 1))
    rows = tuple(_row(offer, cpu_price, cores, enough) for offer in offers)
    return Curve(kind=TaskKind.WRITE, rows=(many, *rows))


def _row(offer: Offer, cpu_price: int, cores: int, *conditions: Condition) -> Row:
    lines = Condition(feature="suspect_lines", at_most=offer.most_lines)
    return Row(
        when=(*conditions, lines) if offer.most_lines is not None else conditions,
        price=math.ceil(offer.cpu_seconds * cpu_price),
        seconds=math.ceil(offer.seconds * (1 - SHARED + SHARED / cores)),
        cores=cores,
        probability=offer.probability,
    )
