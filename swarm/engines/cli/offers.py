"""What a user's own agent asks for a task and promises, by what is visible before work begins.

Such agents are thorough: they read much, use many turns, and are right more often than a bare loop. The
figures are priors of their class; calibration by outcomes is the market's business.
"""

from dataclasses import dataclass

from swarm.domain.bids import Condition, Curve, Row
from swarm.domain.tasks import TaskKind

LEAST_PRICE = 5_000
"""Micro-USD: whatever is left of a window, it is worth something, and so is this machine's time."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    when: tuple[Condition, ...]
    list_price: int
    """Micro-USD, of what such a task usually reads and writes."""

    seconds: int
    probability: int


_ONE_FILE = Condition(feature="suspect_lines", at_least=1, at_most=200)
_TARGETS = Condition(feature="targets", at_least=1)

OFFERS = (
    Offer((_TARGETS, _ONE_FILE), 250_000, 180, 800_000),
    Offer((_TARGETS,), 500_000, 300, 680_000),
    Offer((), 900_000, 480, 580_000),
)


def curve(share: int) -> Curve:
    """`share`: parts per million of the list price that count."""
    rows = tuple(
        Row(
            when=offer.when,
            price=max(offer.list_price * share // MILLION, LEAST_PRICE),
            seconds=offer.seconds,
            probability=offer.probability,
        )
        for offer in OFFERS
    )
    return Curve(kind=TaskKind.WRITE, rows=rows)
