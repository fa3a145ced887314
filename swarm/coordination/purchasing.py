"""Which checks a submission gets: verification is bought, one more as long as it is worth its price.

What the rule of the vote needs is asked in any case. Every other check is bought by the value of what it
may find: measured alpha and beta, the chance that the submission is right, what a wrong accept costs, what a
refusal leaves, and the price (`swarm.market`'s verification). One that thinks with the same model as an
author, or as another checker, is reckoned with as half of an opinion.

Who of several reviewers is asked is drawn by the goal's own name, which was on record before anything was
written: the order is fixed, whoever comes or goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from swarm.domain.ballots import is_model
from swarm.domain.bids import AgentCard, quote
from swarm.domain.money import CERTAIN, MicroUsd, Ppm
from swarm.domain.names import AgentId
from swarm.domain.purchases import OfferedCheck, Purchase
from swarm.domain.tasks import CheckSubject, Contract, TaskKind
from swarm.market.public_api import (
    CheckOffer,
    Joints,
    Weighed,
    bought,
    drawn,
    point_of_alpha,
    together,
)

REQUIRED = ("suite", "static")
"""The quorum's two voices, one of them a tester's."""

UNKNOWN = (500_000, 50_000)
"""Alpha and beta of a check that nothing is known of."""


@dataclass(frozen=True, slots=True)
class Trade:
    """Who could check, and how well kinds of checks have done."""

    cards: tuple[AgentCard, ...] = ()
    rates: Mapping[str, tuple[Ppm, Ppm]] = field(default_factory=dict)
    """Alpha and beta by aspect."""

    joints: Joints = field(default_factory=dict)
    """What two of them said of the same wrong changes."""


@dataclass(frozen=True, slots=True)
class Stake:
    """What is to be lost and won by a submission."""

    probability: Ppm
    value: MicroUsd
    wrong_cost: MicroUsd
    price: MicroUsd
    """Of another attempt."""

    families: frozenset[str]
    """Of its authors."""

    @property
    def again(self) -> MicroUsd:
        return max(self.value * self.probability // CERTAIN - self.price, 0)


def purchase(trade: Trade, contracts: Sequence[Contract], stake: Stake) -> Purchase | None:
    """What is bought of the checks that could be announced; None where nobody is there to offer any."""
    offers = [each for contract in contracts if (each := _offer(trade, contract)) is not None]
    if not offers:
        return None
    rows = bought(
        stake.probability,
        stake.value,
        stake.wrong_cost,
        stake.again,
        offers,
        stake.families,
        REQUIRED,
        trade.joints,
    )
    alpha, beta = together([each.offer for each in rows if each.bought])
    subject = contracts[0].subject
    assert subject is not None
    return Purchase(
        of=subject.of,
        round=subject.round,
        probability=stake.probability,
        value=stake.value,
        wrong_cost=stake.wrong_cost,
        again=stake.again,
        alpha=alpha,
        beta=beta,
        point=point_of_alpha(stake.probability, stake.wrong_cost, stake.again),
        offers=tuple(map(_row, rows)),
    )


def turned_down(made: Purchase | None, contract: Contract) -> bool:
    """Whether the check was offered and is not worth its price. What nobody offers yet stays announced."""
    rows = [] if made is None else [e for e in made.offers if e.aspect == contract.aspect]
    return any(not row.bought for row in rows)


def is_passed_over(card: AgentCard, contract: Contract, cards: Sequence[AgentCard]) -> bool:
    """Whether another reviewer was drawn for the check."""
    subject = contract.subject
    if subject is None or contract.kind is not TaskKind.REVIEW:
        return False
    names = [each.agent_id for each in _able(cards, contract, subject)]
    return len(names) > 1 and card.agent_id not in _drawn(contract, subject, names)


def _drawn(contract: Contract, subject: CheckSubject, names: Sequence[AgentId]) -> tuple[str, ...]:
    about = f"{subject.of or contract.goal_id}:{contract.aspect}"
    return drawn(contract.goal_id, about, subject.round, names, 1)


def _able(cards: Sequence[AgentCard], contract: Contract, subject: CheckSubject) -> list[AgentCard]:
    return [
        card
        for card in cards
        if card.principal not in subject.authors and quote(card, contract) is not None
    ]


def _offer(trade: Trade, contract: Contract) -> CheckOffer | None:
    subject = contract.subject
    assert subject is not None
    able = {card.agent_id: card for card in _able(trade.cards, contract, subject)}
    if not able:
        return None
    names = tuple(able)
    chosen = _drawn(contract, subject, names)[0] if len(names) > 1 else names[0]
    card = able[AgentId(chosen)]
    bid = quote(card, contract)
    assert bid is not None
    alpha, beta = trade.rates.get(contract.aspect, UNKNOWN)
    family = card.family if is_model(card.family) else card.principal
    return CheckOffer(
        card.agent_id, card.principal, family, contract.aspect, alpha, beta, bid.price
    )


def _row(found: Weighed) -> OfferedCheck:
    """Lineages are the aspects: one prompt, or one program."""
    offer = found.offer
    return OfferedCheck(
        agent_id=AgentId(offer.checker),
        aspect=offer.lineage,
        alpha=offer.alpha,
        beta=offer.beta,
        price=offer.price,
        required=offer.lineage in REQUIRED,
        kin=found.kin,
        shared=found.shared,
        gain=found.gain,
        bought=found.bought,
    )
