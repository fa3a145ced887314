"""How good an agent is, as a distribution: what is believed of its chance at any task.

A task has a latent difficulty d, standard normal, and an agent of skill s solves it with probability
sigmoid(s - 4d). The skill has two parts: an offset of its own, and what it claims for
this task times a slope (agents that claim 77 % and do 22 % have a low offset; agents that claim the same
for every task have a slope of nothing). Both are unknown; the belief is a table of weights on a grid of
offsets, one row for each slope, and an outcome is Bayes' rule on that table.

Skills drift: with each outcome a little weight moves to the neighbours, so that what is long past counts
less. What leaves this module is integers; the floats of one update are rounded before they are recorded.
"""

import math
from collections.abc import Sequence
from functools import cache

from swarm.domain.experience import Skill, SkillRow
from swarm.domain.money import CERTAIN, Ppm
from swarm.market.difficulty import NODES, SPREAD, WEIGHTS, WIDENING, sigmoid

_PER_LOGIT = 2
"""Points of the grid in one logit."""

_REACH = 10 * _PER_LOGIT
"""Offsets from -10 to 10 logits."""

_FAR = 30 * _PER_LOGIT
"""Skills from -30 to 30: beyond, a chance is 0 or 1 at every difficulty that matters."""


DRIFT = 0.001
"""Of each weight, what moves to either neighbour with an outcome."""

Curve = Sequence[float]
"""The chance of success at each node of difficulty."""


@cache
def _kernel() -> tuple[tuple[float, ...], ...]:
    """Chance of success by skill and node."""
    return tuple(
        tuple(sigmoid(skill / _PER_LOGIT - SPREAD * node) for node in NODES)
        for skill in range(-_FAR, _FAR + 1)
    )


@cache
def _means() -> tuple[float, ...]:
    """Chance of success by skill, before anything is known of the task."""
    return tuple(math.fsum(p * w for p, w in zip(row, WEIGHTS, strict=True)) for row in _kernel())


def prior(mean: int, spread: int, slopes: Sequence[tuple[int, int]] = ((0, 1),)) -> Skill:
    """Normal in the offset (mean and spread in thousandths of a logit), weighed by slope."""
    density = [
        math.exp(-(((point * 1000 / _PER_LOGIT) - mean) ** 2) / (2 * spread**2))
        for point in range(-_REACH, _REACH + 1)
    ]
    return _rounded([(slope, [share * each for each in density]) for slope, share in slopes])


def claimed_skill(claim: Ppm) -> float:
    """The skill, in logits, whose mean chance is about the claim."""
    chance = min(max(claim / CERTAIN, 0.001), 0.999)
    return math.log(chance / (1 - chance)) * WIDENING


def curve(skill: Skill, claim: Ppm = CERTAIN // 2, optimism: float = 0.0) -> Curve:
    """The chance of success at each node; `optimism` in standard deviations of what is believed."""
    lift = optimism * deviation(skill) if optimism else 0.0
    said = claimed_skill(claim)
    total = [0.0] * len(NODES)
    kernel = _kernel()
    for row in skill.rows:
        place, part = _shift(row, said, lift)
        for number, weight in enumerate(row.weights):
            if weight:
                low, high = kernel[_within(place + number)], kernel[_within(place + number + 1)]
                here, there = weight * (1 - part) / CERTAIN, weight * part / CERTAIN
                total = [t + here * a + there * b for t, a, b in zip(total, low, high, strict=True)]
    return total


def mean(skill: Skill, claim: Ppm = CERTAIN // 2, optimism: float = 0.0) -> float:
    """The chance of success at a task of which nothing is known: the mean of the curve, quickly."""
    lift = optimism * deviation(skill) if optimism else 0.0
    said = claimed_skill(claim)
    means = _means()
    total = 0.0
    for row in skill.rows:
        place, part = _shift(row, said, lift)
        for number, weight in enumerate(row.weights):
            low, high = means[_within(place + number)], means[_within(place + number + 1)]
            total += weight * (low + part * (high - low))
    return total / CERTAIN


def centre(skill: Skill) -> int:
    """Mean of the offset, in thousandths of a logit."""
    points = (
        weight * (row.start + number - _REACH)
        for row in skill.rows
        for number, weight in enumerate(row.weights)
    )
    return round(sum(points) * 1000 / _PER_LOGIT / CERTAIN)


def deviation(skill: Skill) -> float:
    """Of the offset, in logits."""
    first = second = 0.0
    for row in skill.rows:
        for number, weight in enumerate(row.weights):
            point = (row.start + number) / _PER_LOGIT
            first += weight * point
            second += weight * point * point
    middle = first / CERTAIN
    return math.sqrt(max(second / CERTAIN - middle * middle, 0.0))


def learned(skill: Skill, claim: Ppm, success: Sequence[float], failure: Sequence[float]) -> Skill:
    """Bayes' rule, then drift.

    `success` and `failure` are, at each node, how likely what was seen is when the agent's work was
    right and when it was wrong, times the node's weight in the light of everybody else's outcomes.
    """
    said = claimed_skill(claim)
    kernel = _kernel()
    rows = []
    lost = math.fsum(failure)
    gained = [s - f for s, f in zip(success, failure, strict=True)]
    for row in skill.rows:
        place, part = _shift(row, said, 0.0)
        updated = [0.0] * (2 * _REACH + 1)
        before = None
        for number, weight in enumerate(row.weights):
            low = _dot(kernel[_within(place + number)], gained) if before is None else before
            before = _dot(kernel[_within(place + number + 1)], gained)
            likely = lost + low + part * (before - low)
            updated[row.start + number] = weight * max(likely, 1e-12)
        rows.append((row.slope, updated))
    return _rounded([(slope, _drifted(weights)) for slope, weights in rows])


def tilted(skill: Skill, start: tuple[float, float], seen: tuple[float, float]) -> Skill:
    """The same outcomes, had the offset been believed to be `seen` before them and not `start`.

    Both are a mean and a variance in logits of a normal distribution.
    """
    ratio = [
        math.exp(_density(point, *seen) - _density(point, *start))
        for point in (n / _PER_LOGIT for n in range(-_REACH, _REACH + 1))
    ]
    return _rounded(
        [
            (row.slope, [w * r for w, r in zip(_spread_out(row), ratio, strict=True)])
            for row in skill.rows
        ]
    )


def _density(point: float, middle: float, variance: float) -> float:
    """Its logarithm, but for a constant; never so far out that nothing is left."""
    return max(-((point - middle) ** 2) / (2 * variance), -200.0)


def half_forgotten(skill: Skill, start: Skill) -> Skill:
    """Midway to where an unknown agent stands: after a change of model or program."""
    kept = {row.slope: _spread_out(row) for row in skill.rows}
    fresh = {row.slope: _spread_out(row) for row in start.rows}
    nothing = [0.0] * (2 * _REACH + 1)
    return _rounded(
        [
            (
                slope,
                [
                    a + b
                    for a, b in zip(
                        kept.get(slope, nothing), fresh.get(slope, nothing), strict=True
                    )
                ],
            )
            for slope in sorted({*kept, *fresh})
        ]
    )


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _shift(row: SkillRow, said: float, lift: float) -> tuple[int, float]:
    """Where in the kernel the row's first weight stands, and what part of a step above it."""
    exact = (said * row.slope / 1000 + lift) * _PER_LOGIT
    whole = math.floor(exact)
    return _FAR - _REACH + row.start + whole, exact - whole


def _within(place: int) -> int:
    return min(max(place, 0), 2 * _FAR)


def _spread_out(row: SkillRow) -> list[float]:
    weights = [0.0] * (2 * _REACH + 1)
    weights[row.start : row.start + len(row.weights)] = row.weights
    return weights


def _drifted(weights: list[float]) -> list[float]:
    above = [*weights[1:], weights[-1]]
    below = [weights[0], *weights[:-1]]
    return [w + DRIFT * (a + b - 2 * w) for w, a, b in zip(weights, above, below, strict=True)]


def _rounded(rows: Sequence[tuple[int, Sequence[float]]]) -> Skill:
    """To parts per million of the whole; what is missing goes to the heaviest."""
    total = math.fsum(each for _, weights in rows for each in weights)
    whole = [(slope, [int(each / total * CERTAIN) for each in weights]) for slope, weights in rows]
    missing = CERTAIN - sum(each for _, weights in whole for each in weights)
    heaviest = max((w for _, w in whole), key=max)
    heaviest[heaviest.index(max(heaviest))] += missing
    return Skill(rows=tuple(_row(slope, weights) for slope, weights in whole))


def _row(slope: int, weights: Sequence[int]) -> SkillRow:
    held = [number for number, each in enumerate(weights) if each] or [0]
    start, end = held[0], held[-1] + 1
    return SkillRow(slope=slope, start=start, weights=tuple(weights[start:end]))
