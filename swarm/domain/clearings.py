"""What the market decided, with every number it used: the record that explains an award."""

from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, TaskId


class ScoredBid(Frozen):
    """A bid as the market saw it. Amounts in micro-USD, chances in parts per million."""

    task_id: TaskId
    agent_id: AgentId
    strategy: str
    family: str
    price: MicroUsd
    seconds: int
    probability_claimed: Ppm
    probability_used: Ppm
    accept: Ppm
    """Chance that the checks accept what this agent submits."""

    reward: MicroUsd
    """Expected worth of an accepted result, wrong accepts included."""

    cost: MicroUsd
    """Price and delay."""

    index: MicroUsd
    """Weitzman's index; nothing is begun at or below zero."""


class Award(Frozen):
    task_id: TaskId
    agent_id: AgentId
    strategy: str
    price: MicroUsd
    seconds: int
    probability_used: Ppm


class Refusal(Frozen):
    task_id: TaskId
    agent_id: AgentId
    reason: str


class Clearing(Frozen):
    awards: tuple[Award, ...]
    scored: tuple[ScoredBid, ...]
    refusals: tuple[Refusal, ...]
    hopeless: tuple[TaskId, ...]
    """Tasks that nobody should try, now or later."""

    seed: str
    alpha: Ppm
    beta: Ppm
