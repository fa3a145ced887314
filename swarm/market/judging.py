"""How one clearing sees the bids: what is believed of each bidder, and what its work is expected to cost.

Claims and quotes go in, experience decides what they are worth. Agents without experience of their own
stand for their class; if the class has none either, they are taken at their word: somebody must be tried
first. Looked up once for each agent and claim, since a window holds thousands of bids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from swarm.domain.bids import Bid
from swarm.domain.experience import Skill
from swarm.domain.money import CERTAIN, MicroUsd, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.belief import Belief
from swarm.market.learning import (
    OPTIMISM,
    Same,
    Table,
    class_of,
    cost_factor,
    handed_in,
    known_of,
    time_factor,
)
from swarm.market.skill import mean

_Place = tuple[AgentId, TaskKind]


@lru_cache(maxsize=4096)
def _unseen(skill: Same[Skill], claim: Ppm) -> Ppm:
    """The chance at a task of which nothing is known: remembered until
    something is learned.
    """
    return round(mean(skill.value, claim, OPTIMISM) * CERTAIN)


@dataclass(frozen=True, slots=True)
class Judge:
    experience: Table
    _skills: dict[_Place, Skill | None] = field(default_factory=dict)
    _factors: dict[_Place, tuple[Ppm, Ppm]] = field(default_factory=dict)
    _habits: dict[tuple[str, TaskKind], Ppm] = field(default_factory=dict)
    _fresh: dict[tuple[AgentId, TaskKind, Ppm], Ppm] = field(default_factory=dict)

    def probabilities(self, belief: Belief, bids: Sequence[Bid], kind: TaskKind) -> list[Ppm]:
        """What is used for each bid: never the claim itself once there is experience."""
        if self.experience:
            return [self._probability(belief, bid, kind) for bid in bids]
        if belief.is_fresh:
            return [bid.probability for bid in bids]
        return [belief.probability(bid.probability, bid.strategy, bid.family) for bid in bids]

    def costs(self, bids: Sequence[Bid], kind: TaskKind, delay_cost: MicroUsd) -> list[MicroUsd]:
        """Price and delay, as they have turned out to be for each that was quoted."""
        if not self.experience:
            return [bid.price + delay_cost * bid.seconds for bid in bids]
        return [self._cost(bid, kind, delay_cost) for bid in bids]

    def mistakes(self, bids: Sequence[Bid], kind: TaskKind, alpha: Ppm) -> list[Ppm]:
        """For each bid the chance that work which is not right is handed in and accepted."""
        families = [bid.family for bid in bids]
        known = {family: self._mistake(family, kind, alpha) for family in set(families)}
        return [known[family] for family in families]

    def _probability(self, belief: Belief, bid: Bid, kind: TaskKind) -> Ppm:
        if not belief.is_fresh:
            skill = self._skill(bid, kind)
            return belief.probability(bid.probability, bid.strategy, bid.family, skill, OPTIMISM)
        place = (bid.agent_id, kind, bid.probability)
        if place not in self._fresh:
            skill = self._skill(bid, kind)
            self._fresh[place] = (
                bid.probability if skill is None else _unseen(Same(skill), bid.probability)
            )
        return self._fresh[place]

    def _cost(self, bid: Bid, kind: TaskKind, delay_cost: MicroUsd) -> MicroUsd:
        dearer, slower = self._factor(bid.agent_id, kind)
        return (bid.price * dearer + delay_cost * bid.seconds * slower) // CERTAIN

    def _mistake(self, family: str, kind: TaskKind, alpha: Ppm) -> Ppm:
        place = (family, kind)
        if place not in self._habits:
            pool = self.experience.get((class_of(family), kind))
            self._habits[place] = handed_in(pool, family)
        return alpha * self._habits[place] // CERTAIN

    def _skill(self, bid: Bid, kind: TaskKind) -> Skill | None:
        place = (bid.agent_id, kind)
        if place not in self._skills:
            self._skills[place] = known_of(self.experience, bid.agent_id, bid.family, kind)
        return self._skills[place]

    def _factor(self, agent_id: AgentId, kind: TaskKind) -> tuple[Ppm, Ppm]:
        place = (agent_id, kind)
        if place not in self._factors:
            known = self.experience.get(place)
            self._factors[place] = (cost_factor(known), time_factor(known))
        return self._factors[place]
