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
        Offer(100, 15, 40, 550_000),
        Offer(1_000, 30, 80, 350_000),
        Offer(10_000, 60, 150, 150_000),
        Offer(None, 90, 200, 50_000),
    ),
    "donors": (
        Offer(100, 25, 60, 300_000),
        Offer(1_000, 50, 120, 200_000),
        Offer(10_000, 90, 200, 80_000),
        Offer(None, 120, 250, 20_000),
    ),
    "synthesis": (
        Offer(100, 30, 70, 300_000),
        Offer(1_000, 60, 140, 150_000),
        Offer(10_000, 100, 220, 50_000),
        Offer(None, 130, 260, 10_000),
    ),
}


def curve(strategy: Strategy, cpu_price: int) -> Curve:
    """`cpu_price` is micro-USD for one CPU second."""
    return Curve(
        kind=TaskKind.WRITE, rows=tuple(_row(offer, cpu_price) for offer in OFFERS[strategy])
    )


def _row(offer: Offer, cpu_price: int) -> Row:
    lines = Condition(feature="suspect_lines", at_most=offer.most_lines)
    return Row(
        when=(lines,) if offer.most_lines is not None else (),
        price=math.ceil(offer.cpu_seconds * cpu_price),
        seconds=offer.seconds,
        probability=offer.probability,
    )
