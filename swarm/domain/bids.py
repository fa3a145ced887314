"""Agents' cards and standing curves: what an agent would charge, and what it promises, by what is
visible of a task before work begins.

A curve is data, pushed once and on change, so that pricing a task costs microseconds and no message.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from swarm.domain.frozen import Frozen, unchecked
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, HostId, Principal, PublicKey, TaskId
from swarm.domain.tasks import Contract, TaskKind

Role = Literal["planner", "writer", "tester", "reviewer"]


class Condition(Frozen):
    """Holds when the contract's feature lies within the bounds; an absent feature counts as 0."""

    feature: str
    at_least: int | None = None
    at_most: int | None = None

    def holds(self, contract: Contract) -> bool:
        value = contract.features.get(self.feature, 0)
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)


class Row(Frozen):
    """One line of a curve: under these conditions, this price, this long, this chance."""

    when: tuple[Condition, ...] = ()
    price: MicroUsd = Field(ge=0)
    seconds: int = Field(ge=0)
    probability: Ppm
    cores: int = Field(default=1, ge=1)
    """Processors that the work uses at the same time; `seconds` counts with them."""


Unfit = Literal["context does not fit", "tools do not fit"]
"""Why an agent does not even bid."""


class Decline(Frozen):
    """A task that an agent does not bid for: all conditions hold."""

    when: tuple[Condition, ...] = ()
    reason: Unfit
    told: str
    """What of it does not fit, for people."""


def declines_beyond(tokens: int, *, nothing: str, large: str) -> tuple[Decline, ...]:
    """Of who has so many tokens left for a task's own words and files. `nothing`, `large`: what is told when
    none are left at all, and of a task that takes more.
    """
    if tokens <= 0:
        return (Decline(reason="tools do not fit", told=nothing),)
    more = Condition(feature="context_tokens", at_least=tokens + 1)
    return (Decline(when=(more,), reason="context does not fit", told=large),)


class Curve(Frozen):
    """What one agent offers for one kind of task. The first row whose conditions hold counts."""

    kind: TaskKind
    aspect: str = ""
    rows: tuple[Row, ...]
    declines: tuple[Decline, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Looked at before the rows."""


class AgentCard(Frozen):
    """How an agent is found: what it is, what it can do, and who answers for it."""

    agent_id: AgentId
    role: Role
    engine: str
    strategy: str
    """The class of search or thinking. A failed task goes to a different class first."""

    family: str
    """Agents of one family fail together more often than others do."""

    principal: Principal
    public_key: PublicKey
    capacity: int = Field(ge=1)
    curves: tuple[Curve, ...]
    host: HostId


class Bid(Frozen):
    """A curve read for one contract."""

    task_id: TaskId
    agent_id: AgentId
    strategy: str
    family: str
    price: MicroUsd
    seconds: int
    probability: Ppm
    """As claimed by the agent."""


def offered(curves: Iterable[Curve], contract: Contract) -> Row | None:
    """The row that counts for the contract; None when the curves do not offer this work."""
    for curve in curves:
        if not _is_for(curve, contract) or (
            curve.declines and declined((curve,), contract) is not None
        ):
            continue
        for row in curve.rows:
            if not row.when or all(condition.holds(contract) for condition in row.when):
                return row
    return None


def declined(curves: Iterable[Curve], contract: Contract) -> Decline | None:
    """Why the agent does not bid for what it does otherwise; None where it bids, or never would."""
    for curve in curves:
        for decline in curve.declines if _is_for(curve, contract) else ():
            if all(condition.holds(contract) for condition in decline.when):
                return decline
    return None


def _is_for(curve: Curve, contract: Contract) -> bool:
    return curve.kind == contract.kind and curve.aspect == contract.aspect


def quote(card: AgentCard, contract: Contract) -> Bid | None:
    """Read the card's curves for the contract; None when the agent does not offer this work."""
    row = offered(card.curves, contract)
    if row is None:
        return None
    return unchecked(
        Bid,
        {
            "task_id": contract.task_id,
            "agent_id": card.agent_id,
            "strategy": card.strategy,
            "family": card.family,
            "price": row.price,
            "seconds": row.seconds,
            "probability": row.probability,
        },
    )
