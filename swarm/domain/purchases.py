"""Which checks were bought of a submission, with every number that decided: the record that explains it.

Amounts in micro-USD, chances in parts per million.
"""

from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, TaskId


class OfferedCheck(Frozen):
    """A checker that could be asked, and what asking it was reckoned to be worth."""

    agent_id: AgentId
    aspect: str
    alpha: Ppm
    beta: Ppm
    price: MicroUsd
    required: bool
    """The rule of the vote needs it, whatever it is worth."""

    kin: AgentId | str = ""
    """The author or checker whose opinion it partly shares; its alpha is told with that in it."""

    shared: Ppm = 500_000
    """How much of it; half, where that was a judgement and not measured."""

    gain: MicroUsd
    """What it adds to those that were chosen before it, its price taken off."""

    bought: bool


class Purchase(Frozen):
    of: TaskId | None
    """The task whose work is checked; None for the goal's joined tree."""

    round: int
    probability: Ppm
    """That the submission is right, before any check."""

    value: MicroUsd
    wrong_cost: MicroUsd
    again: MicroUsd
    """What the task is worth after a refusal."""

    alpha: Ppm
    beta: Ppm
    """Of all that were bought, together."""

    point: MicroUsd
    """What one point of alpha more, a hundredth, would cost."""

    offers: tuple[OfferedCheck, ...]
