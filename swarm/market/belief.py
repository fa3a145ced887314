"""What is believed of a bid, from what its agent has done so far and from who has failed at the same task.

A task that beat one agent is likely to be hard for the rest. So each task has one latent difficulty, and an
agent is a curve: its chance of success at each difficulty. Each failure is a likelihood for the difficulty;
the probability used for the next bid is the mean of its curve under what is then believed. An agent with
experience brings the curve that was learned; of one without it, the claim is taken at its word: the curve
is the one of a fixed skill whose mean is the claim.

Failures correlate more within a family of agents than across (0.64 against 0.60 in 43 configurations on
500 tasks of SWE-bench Verified), so a failure of another family counts 0.60/0.64 of one. A failure of the
very same strategy counts twice; when an agent fails again at what it was sent back with, that counts a
quarter for others, who would not have gone its way. These two figures are judgements, not measurements.

Searches are another matter: each looks through changes that the others do not have, so that where one found
nothing says little of the rest. On QuixBugs and on mutants of libraries, `donors` found 10 of 27 mistakes that
`templates` had not, and `synthesis` 10 of 15 that neither had: claimed were 20 % and 35 %, and a failure that counted in
full would have made that 5 % and 3 %. It counts a tenth: nothing would fit those figures better, but where the place of
a mistake is not found all fail together.

Floats live inside these functions only. What leaves them is rounded to parts per million and recorded
with the clearing; nobody computes it again from the record.
"""

import math
import operator
from collections.abc import Iterator, Sequence

from swarm.domain.experience import Skill
from swarm.domain.frozen import Frozen
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId
from swarm.market.difficulty import NODES, SPREAD, WEIGHTS, WIDENING, sigmoid, updated
from swarm.market.skill import Curve, curve, mean

_ACROSS_FAMILIES = 0.60 / 0.64
_SAME_STRATEGY = 2.0
_AGAIN = 0.25
_ACROSS_SEARCHES = 0.1
_SEARCHES = frozenset({"repair"})
"""Families whose strategies are searches."""

_LEAST = 1e-6
_MOST = 0.999
"""A claim of certainty must not survive a failure untouched."""

_LEAST_LIKELY = 1e-300
_EXTREME = 120.0
"""Logits beyond which a chance is 0 or 1 to every digit that we keep."""


class Failure(Frozen):
    """An attempt at this task that was not accepted, with the probability it was awarded on."""

    agent_id: AgentId = AgentId("")
    strategy: str
    family: str
    probability_used: Ppm


class Belief:
    """One task's difficulty as seen after its failures, in the order in which they happened.

    `alpha` and `beta` are the chances that the checks accept a wrong result and refuse a right one: the
    leakier the checks, the less a refusal says.
    """

    __slots__ = ("_failures", "_known", "_refusals")

    def __init__(self, failures: Sequence[Failure] = (), alpha: Ppm = 0, beta: Ppm = 0) -> None:
        self._failures = tuple(failures)
        self._refusals = _refusals(self._failures, alpha / CERTAIN, beta / CERTAIN)
        self._known: dict[tuple[float, ...], Sequence[float]] = {}

    @property
    def is_fresh(self) -> bool:
        """Nobody has failed at the task yet."""
        return not self._failures

    def probability(
        self,
        claimed: Ppm,
        strategy: str,
        family: str,
        skill: Skill | None = None,
        optimism: float = 0.0,
    ) -> Ppm:
        """The probability to use for a bid. Without failures and experience it is the claim itself."""
        if skill is not None:
            if not self._failures:
                return round(mean(skill, claimed, optimism) * CERTAIN)
            return round(self.chance(curve(skill, claimed, optimism), strategy, family) * CERTAIN)
        if not self._failures or claimed == 0:
            return claimed
        chance = _mean(_skill(_within(claimed), WEIGHTS), self.weights(strategy, family))
        return min(claimed, round(chance * CERTAIN))

    def chance(self, ability: Curve, strategy: str, family: str) -> float:
        """The mean of an agent's curve under what is believed of the task."""
        return _weighed(ability, self.weights(strategy, family))

    def weights(self, strategy: str, family: str) -> Sequence[float]:
        """What is believed of the difficulty, as far as it concerns this agent."""
        bearings = tuple(
            _bearing(failure, strategy, family) * again
            for failure, again in zip(self._failures, _novelty(self._failures), strict=True)
        )
        if bearings not in self._known:
            weights: Sequence[float] = WEIGHTS
            for power, refusals in zip(bearings, self._refusals, strict=True):
                weights = updated(weights, (chance**power for chance in refusals))
            self._known[bearings] = weights
        return self._known[bearings]


def _refusals(failures: Sequence[Failure], alpha: float, beta: float) -> list[list[float]]:
    """For each failure, how likely a refusal was at each node.

    A failure's probability was believed in the light of those before it, so its skill is, too.
    """
    weights: Sequence[float] = WEIGHTS
    found = []
    for failure, again in zip(failures, _novelty(failures), strict=True):
        skill = _skill(_within(failure.probability_used), weights)
        chances = [sigmoid(skill - SPREAD * node) for node in NODES]
        found.append([max(p * beta + (1 - p) * (1 - alpha), _LEAST_LIKELY) for p in chances])
        weights = updated(weights, (chance**again for chance in found[-1]))
    return found


def _novelty(failures: Sequence[Failure]) -> Iterator[float]:
    """One for the first failure of a strategy, less for each that follows."""
    seen: set[str] = set()
    for failure in failures:
        yield _AGAIN if failure.strategy in seen else 1.0
        seen.add(failure.strategy)


def _bearing(failure: Failure, strategy: str, family: str) -> float:
    return _SAME_STRATEGY if failure.strategy == strategy else kinship(failure.family, family)


def kinship(one: str, other: str) -> float:
    """How much a failure in one family says to another strategy of the other family, or of the same."""
    if one != other:
        return _ACROSS_FAMILIES
    return _ACROSS_SEARCHES if one in _SEARCHES else 1.0


def _within(claimed: Ppm) -> float:
    return min(max(claimed / CERTAIN, _LEAST), _MOST)


def _skill(chance: float, weights: Sequence[float]) -> float:
    """The theta whose mean success under these weights is `chance`: Newton, kept in a bracket."""
    low, high = -_EXTREME, _EXTREME
    theta = math.log(chance / (1 - chance)) * WIDENING
    for _ in range(60):
        chances = [sigmoid(theta - SPREAD * node) for node in NODES]
        off = _weighed(chances, weights) - chance
        if abs(off) < 1e-9:
            break
        low, high = (low, theta) if off > 0 else (theta, high)
        slope = _weighed([p * (1 - p) for p in chances], weights)
        stepped = theta - off / slope if slope > 1e-12 else low
        theta = stepped if low < stepped < high else (low + high) / 2
    return theta


def _mean(skill: float, weights: Sequence[float]) -> float:
    return _weighed([sigmoid(skill - SPREAD * node) for node in NODES], weights)


def _weighed(chances: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, chances, weights))
