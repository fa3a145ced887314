"""What is still believed of a bid when others have failed at the same task.

A task that beat one agent is likely to be hard for the rest. So each task has one latent difficulty d,
normal with a spread of two logits, and an agent that claims p is taken to succeed with probability
sigmoid(theta - 2d), where theta is such that this averages to p before anything was tried. Each failure
is a likelihood for d; the probability used for the next bid is the average under what is then believed.
The integral over d is a 21-point Gauss-Hermite sum.

Failures correlate more within a family of agents than across (0.64 against 0.60 in 43 configurations on
500 tasks of SWE-bench Verified), so a failure of another family counts 0.60/0.64 of one. A failure of the
very same strategy counts twice: that figure is a judgement, not a measurement.

Floats live inside these functions only. What leaves them is rounded to parts per million and recorded
with the clearing; nobody computes it again from the record.
"""

import math
import operator
from collections.abc import Iterable, Sequence

from swarm.domain.frozen import Frozen
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId

_SPREAD = 2.0
_HALF = (
    (0.0, 0.27026018357287707),
    (0.6780456924406439, 0.21533371569505974),
    (1.3597658232112302, 0.1083922856264195),
    (2.0491024682571624, 0.033952729786542866),
    (2.750592981052373, 0.006439697051408784),
    (3.469846690475376, 0.0007080477954815384),
    (4.214343981688421, 4.219234742551702e-05),
    (4.994963944782025, 1.22535483614825e-06),
    (5.829382007304471, 1.4506612844931001e-08),
    (6.75144471871746, 4.975368604121775e-11),
    (7.849382895113822, 2.0989912195656895e-14),
)
NODES = tuple(-x for x, _ in reversed(_HALF[1:])) + tuple(x for x, _ in _HALF)
WEIGHTS = tuple(w for _, w in reversed(_HALF[1:])) + tuple(w for _, w in _HALF)
"""Gauss-Hermite for a standard normal variable (Abramowitz and Stegun, 25.4.46, rescaled)."""

_ACROSS_FAMILIES = 0.60 / 0.64
_SAME_STRATEGY = 2.0
_LEAST = 1e-6
_MOST = 0.999
"""A claim of certainty must not survive a failure untouched."""

_LEAST_LIKELY = 1e-300
_EXTREME = 60.0
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

    __slots__ = ("_failures", "_refusals")

    def __init__(self, failures: Sequence[Failure] = (), alpha: Ppm = 0, beta: Ppm = 0) -> None:
        self._failures = tuple(failures)
        self._refusals = _refusals(self._failures, alpha / CERTAIN, beta / CERTAIN)

    def probability(self, claimed: Ppm, strategy: str, family: str) -> Ppm:
        """The probability to use for a bid. Without failures it is the claim itself."""
        if not self._failures or claimed == 0:
            return claimed
        weights: Sequence[float] = WEIGHTS
        for failure, refusals in zip(self._failures, self._refusals, strict=True):
            power = _bearing(failure, strategy, family)
            weights = _updated(weights, (chance**power for chance in refusals))
        chance = _mean(_skill(_within(claimed), WEIGHTS), weights)
        return min(claimed, round(chance * CERTAIN))


def _refusals(failures: Sequence[Failure], alpha: float, beta: float) -> list[list[float]]:
    """For each failure, how likely a refusal was at each node.

    A failure's probability was believed in the light of those before it, so its skill is, too.
    """
    weights: Sequence[float] = WEIGHTS
    found = []
    for failure in failures:
        skill = _skill(_within(failure.probability_used), weights)
        chances = [_sigmoid(skill - _SPREAD * node) for node in NODES]
        found.append([max(p * beta + (1 - p) * (1 - alpha), _LEAST_LIKELY) for p in chances])
        weights = _updated(weights, found[-1])
    return found


def _bearing(failure: Failure, strategy: str, family: str) -> float:
    if failure.strategy == strategy:
        return _SAME_STRATEGY
    return 1.0 if failure.family == family else _ACROSS_FAMILIES


def _within(claimed: Ppm) -> float:
    return min(max(claimed / CERTAIN, _LEAST), _MOST)


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1.0 + grown)


def _updated(weights: Sequence[float], likelihoods: Iterable[float]) -> list[float]:
    """Bayes' rule on the nodes."""
    joint = [weight * chance for weight, chance in zip(weights, likelihoods, strict=True)]
    total = math.fsum(joint)
    return [each / total for each in joint]


def _skill(chance: float, weights: Sequence[float]) -> float:
    """The theta whose mean success under these weights is `chance`: Newton, kept in a bracket."""
    low, high = -_EXTREME, _EXTREME
    theta = math.log(chance / (1 - chance)) * math.sqrt(1 + math.pi / 8 * _SPREAD**2)
    for _ in range(60):
        chances = [_sigmoid(theta - _SPREAD * node) for node in NODES]
        off = _weighed(chances, weights) - chance
        if abs(off) < 1e-9:
            break
        low, high = (low, theta) if off > 0 else (theta, high)
        slope = _weighed([p * (1 - p) for p in chances], weights)
        stepped = theta - off / slope if slope > 1e-12 else low
        theta = stepped if low < stepped < high else (low + high) / 2
    return theta


def _mean(skill: float, weights: Sequence[float]) -> float:
    return _weighed([_sigmoid(skill - _SPREAD * node) for node in NODES], weights)


def _weighed(chances: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(map(operator.mul, chances, weights))
