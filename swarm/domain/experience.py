"""What has been learned of an agent from verified outcomes, as it is recorded.

Weights are parts per million on a grid of skills, so that a fold of the journal copies them and never
computes one again. Amounts in micro-USD, times in milliseconds.
"""

from pydantic import Field

from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm


class SkillRow(Frozen):
    """Belief about the offset of an agent whose claims count `slope` thousandths of themselves."""

    slope: int
    start: int
    """Number of the grid's point that the first weight stands for; all others weigh nothing."""

    weights: tuple[int, ...]


class Skill(Frozen):
    """A probability distribution over offsets and slopes; all weights add up to one million."""

    rows: tuple[SkillRow, ...]


class Experience(Frozen):
    """One agent at one kind of work. Sums of money and time fade, so that old ones count less."""

    skill: Skill
    tries: int = Field(default=0, ge=0)
    """Tasks tried whose outcome is known; several attempts at one task are one try."""

    accepted: int = Field(default=0, ge=0)
    gave_up: int = Field(default=0, ge=0)
    """Tries that ended without anything to check."""

    expected: Ppm = 0
    """Mean probability that those tries were awarded on."""

    brier: Ppm = 0
    """Mean squared error of that probability, as seen by the checks."""

    quoted: MicroUsd = 0
    spent: MicroUsd = 0
    promised_ms: int = 0
    took_ms: int = 0
    told: int = 0
    """What these outcomes say of the mean skill of the agent's class, as a weight in millionths of 1/logit².
    In the experience of a class: the sum over its agents."""

    told_of: int = 0
    """That weight times how far above the class's beginning it speaks for, in logits."""

    version: str = ""
    """Of the agent's program or model: after a change of it half of what was learned is forgotten."""
