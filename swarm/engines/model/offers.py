"""What a model asks for a task and promises, by what is visible before work begins.

The price is tokens times the route's price: turns and tokens as measured on tasks of each size (they
are priors, and calibration by outcomes is the market's business).
"""

from dataclasses import dataclass

from swarm.domain.bids import Condition, Curve, Decline, Row
from swarm.domain.tasks import TaskKind
from swarm.models.public_api import Price

LEAST_PRICE = 2_000
"""Micro-USD: a model on the user's own machine is not free either, it takes that machine's time."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Offer:
    """One row: under such a condition so many turns, such a chance."""

    when: tuple[Condition, ...]
    turns: int
    seconds: int
    probability: int
    context: int = 14_000
    """Tokens that an average turn reads; all but the newest from the cache."""

    said: int = 450
    """Tokens that an average turn writes."""


_ONE_FILE = Condition(feature="suspect_lines", at_least=1, at_most=200)
_TARGETS = Condition(feature="targets", at_least=1)

OFFERS = (
    Offer((_TARGETS, _ONE_FILE), turns=10, seconds=180, probability=750_000),
    Offer((_TARGETS,), turns=16, seconds=300, probability=600_000),
    Offer((), turns=24, seconds=420, probability=500_000, context=20_000),
)


def curve(price: Price, declines: tuple[Decline, ...] = ()) -> Curve:
    rows = tuple(
        Row(
            when=offer.when,
            price=max(cost(offer, price), LEAST_PRICE),
            seconds=offer.seconds,
            probability=offer.probability,
        )
        for offer in OFFERS
    )
    return Curve(kind=TaskKind.WRITE, rows=rows, declines=declines)


def cost(offer: Offer, price: Price) -> int:
    """Micro-USD: each token is written to the cache once, and read again in every later turn."""
    read = (offer.turns - 1) * offer.context * price.cache_read
    written = 2 * offer.context * price.cache_write
    said = offer.turns * offer.said * price.output
    return -(-(read + written + said) // MILLION)
