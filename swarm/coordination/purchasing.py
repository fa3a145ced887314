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
    drawn,
    next_bought,
    point_of_alpha,
    together,
    weakened,
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
    rows = _chosen(offers, stake)
    bought = [offer for offer, row in rows if row.bought]
    alpha, beta = together(bought)
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
        offers=tuple(row for _, row in rows),
    )


def turned_down(bought: Purchase | None, contract: Contract) -> bool:
    """Whether the check was offered and is not worth its price. What nobody offers yet stays announced."""
    rows = [] if bought is None else [e for e in bought.offers if e.aspect == contract.aspect]
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


def _chosen(offers: Sequence[CheckOffer], stake: Stake) -> list[tuple[CheckOffer, OfferedCheck]]:
    """With what each adds at its turn. Lineages are the aspects: one prompt, or one program."""
    left = {each.lineage: each for each in offers}
    chosen: list[CheckOffer] = []
    rows: list[tuple[CheckOffer, OfferedCheck]] = []
    while left:
        needed = [left[aspect] for aspect in REQUIRED if aspect in left]
        shaded = [_as_seen(each, chosen, stake) for each in needed[:1] or left.values()]
        found = next_bought(
            stake.probability, stake.value, stake.wrong_cost, stake.again, chosen, shaded
        )
        assert found is not None
        gain, offer = found
        bought = bool(needed) or gain > 0
        rows.append((offer, _row(offer, left.pop(offer.lineage), gain, chosen, bought=bought)))
        chosen += [offer] if bought else []
    return rows


def _as_seen(offer: CheckOffer, chosen: Sequence[CheckOffer], stake: Stake) -> CheckOffer:
    if offer.family in stake.families or _kin(offer, chosen):
        return weakened(offer)
    return offer


def _kin(offer: CheckOffer, chosen: Sequence[CheckOffer]) -> str:
    return next((each.checker for each in chosen if offer.is_kin(each)), "")


def _row(
    offer: CheckOffer,
    plain: CheckOffer,
    gain: MicroUsd,
    chosen: Sequence[CheckOffer],
    *,
    bought: bool,
) -> OfferedCheck:
    kin = _kin(offer, chosen) or ("the author" if offer.alpha != plain.alpha else "")
    return OfferedCheck(
        agent_id=AgentId(offer.checker),
        aspect=offer.lineage,
        alpha=offer.alpha,
        beta=offer.beta,
        price=offer.price,
        required=offer.lineage in REQUIRED,
        kin=kin,
        gain=gain,
        bought=bought,
    )
