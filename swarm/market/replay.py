"""What another rule would have been worth on tasks that were cleared: an estimate by the market's own model.

A clearing records every bid with the chance, the reward and the cost that it was judged by, and the rule
chose for certain among them, so no outcome of what was not tried is on record. What a rule is worth is
therefore reckoned from the recorded numbers of a task's first clearing: the bids in its order, each tried
when those before it failed. Chances are those of that moment and count as independent; after a failure
they really fall, so long orders are flattered. The interval is over tasks (bootstrap, Efron 1979): it tells how much the
tasks differ, not how wrong the model is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from swarm.domain.clearings import ScoredBid
from swarm.domain.errors import Rejected
from swarm.domain.money import CERTAIN, MicroUsd, Ppm
from swarm.domain.names import TaskId
from swarm.market.rules import read_rule

RESAMPLES = 1_000
SIMPLE = ("fifo", "confidence-per-cost")
"""Rules of other markets, which try once: the first name, or the loudest claim for its price."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Of one task. Amounts in micro-USD; tries in millionths."""

    utility: MicroUsd
    cost: MicroUsd
    accepted: Ppm
    tries: int


@dataclass(frozen=True, slots=True)
class Replay:
    """Means over tasks, and 95 % of resampled means of the utility."""

    rule: str
    tasks: int
    utility: MicroUsd
    low: MicroUsd
    high: MicroUsd
    cost: MicroUsd
    accepted: Ppm
    tries: int


def replay(cleared: Mapping[TaskId, Sequence[ScoredBid]], rule: str, random: Random) -> Replay:
    """Raises Rejected for what is no rule, and where there is no task to go by."""
    told = [foreseen(in_order(bids, rule)) for _, bids in sorted(cleared.items())]
    if not told:
        raise Rejected(
            "no task was cleared yet: there is nothing to replay",
            advice="`swarm market simulate` compares rules on recorded outcomes",
        )
    utilities = [each.utility for each in told]
    means = sorted(_mean(random.choices(utilities, k=len(told))) for _ in range(RESAMPLES))
    return Replay(
        rule=rule,
        tasks=len(told),
        utility=_mean(utilities),
        low=means[RESAMPLES // 40],
        high=means[-1 - RESAMPLES // 40],
        cost=_mean([each.cost for each in told]),
        accepted=_mean([each.accepted for each in told]),
        tries=_mean([each.tries for each in told]),
    )


def foreseen(order: Sequence[ScoredBid]) -> Foreseen:
    """What trying these comes to, one after the other until one is accepted."""
    reached, utility, cost, tries = CERTAIN, 0, 0, 0
    for bid in order:
        utility += reached * (bid.accept * bid.reward - bid.cost * CERTAIN)
        cost += reached * bid.price
        tries += reached
        reached = reached * (CERTAIN - bid.accept) // CERTAIN
    return Foreseen(utility // CERTAIN**2, cost // CERTAIN, CERTAIN - reached, tries)


def in_order(bids: Sequence[ScoredBid], text: str) -> tuple[ScoredBid, ...]:
    """The bids that the rule tries, in its order; ties go to the smaller name."""
    by_name = sorted(bids, key=lambda bid: bid.agent_id)
    if text == "fifo":
        return tuple(by_name[:1])
    if text == "confidence-per-cost":
        return tuple(sorted(by_name, key=_loudness)[:1])
    rule = read_rule(text)
    if rule.is_market:
        good = (bid for bid in by_name if bid.index > 0)
        return tuple(sorted(good, key=lambda bid: -bid.index))
    if not rule.names:
        return _best_of_two(by_name)
    found = (
        next((bid for bid in by_name if name in {bid.agent_id, bid.strategy}), None)
        for name in rule.names
    )
    return tuple(bid for bid in found if bid is not None)


def _loudness(bid: ScoredBid) -> int:
    return -bid.probability_claimed * CERTAIN // max(bid.price, 1)


def _best_of_two(bids: Sequence[ScoredBid]) -> tuple[ScoredBid, ...]:
    promising = sorted(bids, key=lambda bid: -bid.probability_used)
    others = (bid for bid in promising if bid.strategy != promising[0].strategy)
    return (*promising[:1], *([other] if (other := next(others, None)) else []))


def _mean(numbers: Sequence[int]) -> int:
    return sum(numbers) // len(numbers)
