"""What a user's own agent asks for a task and promises, by what is visible before work begins.

Such agents are thorough: they begin with long instructions of their own, read much, use many turns, and are
right more often than a bare loop. The figures are priors of their class; calibration by outcomes is the
market's business.
"""

from swarm.domain.bids import Condition, Curve, Decline, Row
from swarm.domain.tasks import TaskKind
from swarm.engines.model.offers import Offer, cost
from swarm.models.public_api import Price, read_price

USUAL: Price = read_price("3/15/0.3")
"""Where nobody says what an agent's tokens cost: those of the usual models of such agents."""

LEAST_PRICE = 5_000
"""Micro-USD: whatever is left of a window, it is worth something, and so is this machine's time."""

MILLION = 1_000_000

_ONE_FILE = Condition(feature="suspect_lines", at_least=1, at_most=200)
_TARGETS = Condition(feature="targets", at_least=1)

OFFERS = (
    Offer((_TARGETS, _ONE_FILE), turns=12, seconds=180, probability=800_000, context=30_000),
    Offer((_TARGETS,), turns=18, seconds=300, probability=680_000, context=30_000),
    Offer((), turns=24, seconds=480, probability=580_000, context=32_000),
)


def curve(price: Price, share: int, declines: tuple[Decline, ...] = ()) -> Curve:
    """`share`: parts per million of the list price that count."""
    rows = tuple(
        Row(
            when=offer.when,
            price=max(cost(offer, price) * share // MILLION, LEAST_PRICE),
            seconds=offer.seconds,
            probability=offer.probability,
        )
        for offer in OFFERS
    )
    return Curve(kind=TaskKind.WRITE, rows=rows, declines=declines)
