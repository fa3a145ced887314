"""Fixed orders of trying, to compare the market with. They come through the same door and obey the same
budgets, capacities and conflicts; only the order and the stopping are theirs.

    market          highest index first, stop when none is positive
    single:NAME     this agent or strategy, once
    cascade:A,B     A, and if that was not accepted, B; any number of rungs
    best-of-2       the most promising bid, then the most promising one of another strategy

A name is an agent or a strategy, and is spent once it stands among the task's failures, tried strategies
or excluded agents. Attempts at one task never run at once, so the second of `best-of-2` is not begun when
the first was accepted: its cost here is a lower bound of running both. Each of the two may cost half of
the task's budget. Fixed orders hold for write tasks; everything else is cleared by the market.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm.domain.bids import Bid
from swarm.domain.errors import Rejected
from swarm.market.announced import OpenTask

_BEST_OF_2 = "best-of-2"


@dataclass(frozen=True, slots=True)
class Rule:
    """`names` is the order of a fixed rule; empty for the market and for best-of-2."""

    text: str
    names: tuple[str, ...] = ()

    @property
    def is_market(self) -> bool:
        return self.text == "market"


def read_rule(text: str) -> Rule:
    """Raises Rejected when the text is none of the rules."""
    kind, _, rest = text.partition(":")
    names = tuple(name.strip() for name in rest.split(","))
    if text in {"market", _BEST_OF_2}:
        return Rule(text)
    if all(names) and (kind == "cascade" or (kind == "single" and len(names) == 1)):
        return Rule(text, names)
    raise Rejected(
        f"{text!r} is not a rule of the market",
        advice="use market, single:NAME, cascade:NAME,NAME or best-of-2",
    )


def next_by_rule(rule: Rule, task: OpenTask, bids: Sequence[tuple[Bid, int]]) -> frozenset[str]:
    """The agents that a fixed rule lets try the task now. `bids` come with the chance used."""
    if rule.names:
        return _rung(rule.names, task, [bid for bid, _ in bids])
    return _most_promising(task, bids)


def _rung(names: Sequence[str], task: OpenTask, bids: Sequence[Bid]) -> frozenset[str]:
    spent = _spent(task)
    name = next((name for name in names if name not in spent), None)
    return frozenset(bid.agent_id for bid in bids if name in {bid.agent_id, bid.strategy})


def _spent(task: OpenTask) -> frozenset[str]:
    failed = {name for failure in task.failures for name in (failure.agent_id, failure.strategy)}
    return frozenset(failed | {*task.tried_strategies, *task.excluded_agents})


def _most_promising(task: OpenTask, bids: Sequence[tuple[Bid, int]]) -> frozenset[str]:
    spent = _spent(task)
    if len(task.failures) >= 2:
        return frozenset()
    half = task.contract.budget // 2
    fresh = [(bid, p) for bid, p in bids if bid.strategy not in spent and bid.price <= half]
    best = max((p for _, p in fresh), default=0)
    return frozenset(bid.agent_id for bid, p in fresh if p == best)
