"""What the market decided, with every number it used: the record that explains an award.

Amounts in micro-USD, chances in parts per million.
"""

from typing import Literal

from pydantic import Field

from swarm.domain.bids import Unfit
from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, TaskId

Reason = Literal[
    "lower index",
    "no positive index",
    "over budget",
    "too slow",
    "capacity",
    "slots",
    "conflict",
    "excluded author",
    "tried",
    "waits for dependency",
    "not by the rule",
    "not announced",
]


class Award(Frozen):
    task_id: TaskId
    agent_id: AgentId
    strategy: str
    family: str
    price: MicroUsd
    seconds: int
    probability_used: Ppm


class ScoredBid(Frozen):
    """A bid and every number that was used to judge it."""

    task_id: TaskId
    agent_id: AgentId
    strategy: str
    family: str
    price: MicroUsd
    seconds: int
    probability_claimed: Ppm
    probability_used: Ppm
    accept: Ppm
    """Chance that its result would be accepted."""

    reward: MicroUsd
    """Expected worth of its result if accepted."""

    cost: MicroUsd
    """Price and delay."""

    index: MicroUsd
    begin: MicroUsd = 0
    """What the task is worth when this is tried first; 0 when it could not be."""


class Refusal(Frozen):
    task_id: TaskId
    agent_id: AgentId
    reason: Reason


class Declined(Frozen):
    """An agent that did this kind of work and did not bid, and why."""

    task_id: TaskId
    agent_id: AgentId
    reason: Unfit
    told: str


class Clearing(Frozen):
    """Everything that was decided and by what; sorted by task and agent."""

    seed: str
    rule: str
    alpha: Ppm
    beta: Ppm
    awards: tuple[Award, ...]
    scores: tuple[ScoredBid, ...]
    refusals: tuple[Refusal, ...]
    hopeless: tuple[TaskId, ...]
    """Nobody should do these: as things stand, waiting for a free slot will not help."""

    declined: tuple[Declined, ...] = Field(default=(), exclude_if=lambda value: not value)
    exact: bool = True
    """False when the search for the best set of awards was cut short."""
