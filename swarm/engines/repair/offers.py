"""What each strategy asks and promises, by what is visible before work begins."""

import math
from dataclasses import dataclass
from typing import Literal

from swarm.domain.bids import Condition, Curve, Row
from swarm.domain.tasks import TaskKind
from swarm.engines.repair.progress import Phase

Strategy = Literal["templates", "donors", "synthesis"]
STRATEGIES: tuple[Strategy, ...] = ("templates", "donors", "synthesis")

PHASES: dict[Strategy, tuple[Phase, ...]] = {
    "templates": ("first", "slow", "cold", "over"),
    "donors": ("first", "slow", "over"),
    "synthesis": ("first", "slow", "pairs", "over"),
}


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
}


MANY_TARGETS = 30
"""So many failing tests seldom have one small cause: then the last offer stands, whatever the size."""


_HAS_TARGETS = Condition(feature="targets", at_least=1)
"""Without a failing test there is nothing to search by."""


def curve(strategy: Strategy, cpu_price: int) -> Curve:
    """`cpu_price` is micro-USD for one CPU second."""
    offers = OFFERS[strategy]
    many = _row(offers[-1], cpu_price).model_copy(
        update={"when": (Condition(feature="targets", at_least=MANY_TARGETS),)}
    )
    rows = tuple(_row(offer, cpu_price) for offer in offers)
    return Curve(kind=TaskKind.WRITE, rows=(many, *rows))


def _row(offer: Offer, cpu_price: int) -> Row:
    lines = Condition(feature="suspect_lines", at_most=offer.most_lines)
    return Row(
        when=(_HAS_TARGETS, lines) if offer.most_lines is not None else (_HAS_TARGETS,),
        price=math.ceil(offer.cpu_seconds * cpu_price),
        seconds=offer.seconds,
        probability=offer.probability,
    )
