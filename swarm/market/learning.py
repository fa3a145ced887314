"""What verified outcomes teach: from what was tried at one task to new experience of those who tried.

An outcome is what the checks said, and checks err: a right result is refused with probability beta, a
wrong one accepted with probability alpha. So an acceptance is not a success, it is a likelihood for one.
What the others did at the same task says how hard it was; each agent learns in the light of all outcomes
but its own, and of agents of its family more than of others.

Nobody starts from nothing: an agent is believed to be like the others of its class (the engine that it
thinks with) until its own outcomes tell more. What is kept of an agent are its own outcomes alone, over
what was believed of a class of which nothing was known; of the class, how its agents' skills lie together
(a normal mean with normal agents around it, each counted by how much is known of it and not by how often it was tried:
Gelman et al., Bayesian Data Analysis, 2013, chapter 5.4). Both meet where the agent is judged, so that what is
learned of one tells of the others at once. Claims are a feature, never the truth.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Literal, TypeVar

from swarm.domain.experience import Experience, Skill
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.belief import kinship
from swarm.market.difficulty import WEIGHTS, updated
from swarm.market.skill import (
    Curve,
    centre,
    curve,
    deviation,
    half_forgotten,
    learned,
    prior,
    tilted,
)

Key = tuple[AgentId, TaskKind]
Table = Mapping[Key, Experience]

Held = TypeVar("Held", covariant=True)

Ruling = Literal["accepted", "refused", "nothing", "right", "wrong"]
"""`nothing`: the agent gave up. `right`, `wrong`: a human's last word, which is never mistaken."""

OPTIMISM = 0.1
"""Standard deviations of what is believed that an index is granted beyond the mean, so that what little
is known of gets tried. So little costs nothing that could be measured; a whole one costs 1 % and more."""

_FADING = 50
"""Of sums of money and time one part in so many is forgotten with each try."""

_WEIGHT_OF_QUOTES = 2
"""A quote counts as much as so many bills."""

_WEIGHT_OF_HABIT = 6
"""What is said of a class beforehand of its giving up counts as much as so many tries."""

_LEAST_HANDED_IN = CERTAIN // 10
"""Whatever was seen: what was accepted by mistake is not seen."""

_LEAST_VARIANCE = 0.01
"""Of a belief, in logits²: the grid is no finer."""

LEAST_FACTOR, MOST_FACTOR = CERTAIN // 10, 10 * CERTAIN


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a class begins: its offset in thousandths of a logit, and what its claims are worth.

    `spread` is that of an agent of a class of which nothing is known, `among` that of agents around the
    mean of their class.
    """

    mean: int
    spread: int
    among: int
    slopes: tuple[tuple[int, int], ...]
    handed_in: Ppm = CERTAIN
    """Of work that is not right, this share is handed in; of the rest the agent itself says so."""

    @property
    def skill(self) -> Skill:
        return prior(self.mean, self.spread, self.slopes)

    @property
    def normal(self) -> tuple[float, float]:
        """Mean and variance of the offset, in logits."""
        return self.mean / 1000, (self.spread / 1000) ** 2


MEASURED = Prior(0, 1500, 1000, ((500, 1), (1000, 3)), handed_in=300_000)
"""Engines of ours, whose curves we have measured. Of ten searches on QuixBugs that found nothing right,
three handed in something (by reading; docs/bench.md)."""

BOASTING = Prior(-2200, 2000, 1000, ((0, 1), (500, 2), (1000, 2)))
"""Models: they claim 77 % where they do 22 to 35 % (arXiv 2602.06948)."""

SILENT = Prior(2000, 1200, 700, ((0, 1),))
"""Agents that claim nothing, of whom one knows only that somebody thought them worth listing."""


def prior_of(engine: str) -> Prior:
    return MEASURED if engine in {"repair", "rules"} else BOASTING


@dataclass(frozen=True, slots=True)
class Tried:
    """What one agent did at one task, all its attempts taken together."""

    agent_id: AgentId
    family: str
    engine: str
    claimed: Ppm
    used: Ppm
    """The probability that it was awarded on."""

    ruling: Ruling
    quoted: int = 0
    spent: int = 0
    promised_ms: int = 0
    took_ms: int = 0
    version: str = ""


def class_of(engine: str) -> AgentId:
    """Under this name a class keeps its own experience. No agent may be called so."""
    return AgentId(f"class:{engine}")


def known_of(table: Table, agent_id: AgentId, engine: str, kind: TaskKind) -> Skill | None:
    """What is believed of the agent; None when neither it nor its class has any experience."""
    return judged(
        table.get((agent_id, kind)), table.get((class_of(engine), kind)), prior_of(engine)
    )


def judged(own: Experience | None, pool: Experience | None, start: Prior) -> Skill | None:
    """An agent's own outcomes in the light of its class; None when there is neither."""
    if pool is None:
        return None if own is None else own.skill
    return _in_the_light(Same(own), Same(pool), start)


@dataclass(frozen=True, slots=True, eq=False)
class Same(Generic[Held]):
    """A value as a key by what it is, not by what is in it: to look that through costs more than what is kept."""

    value: Held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@lru_cache(maxsize=4096)
def _in_the_light(mine: Same[Experience | None], class_: Same[Experience], start: Prior) -> Skill:
    own, pool = mine.value, class_.value
    told, told_of = (0, 0) if own is None else (own.told, own.told_of)
    others = _like_others(pool.told - told, pool.told_of - told_of, start)
    if own is None:
        return prior(round(others[0] * 1000), round(math.sqrt(others[1]) * 1000), start.slopes)
    return tilted(own.skill, start.normal, others)


def _like_others(told: int, told_of: int, start: Prior) -> tuple[float, float]:
    """Mean and variance of an agent's offset by what the others of its class have shown."""
    among = (start.among / 1000) ** 2
    known = 1 / (start.normal[1] - among)
    precision = known + max(told, 0) / CERTAIN
    above = told_of / CERTAIN / precision if told > 0 else 0.0
    return start.normal[0] + above, among + 1 / precision


def _told(skill: Skill, start: Prior) -> tuple[int, int]:
    """What an agent's own outcomes say of the mean of its class."""
    middle, variance = start.normal
    mean, seen = centre(skill) / 1000, deviation(skill) ** 2
    precision = max(1 / max(seen, _LEAST_VARIANCE) - 1 / variance, 0.0)
    if not precision:
        return 0, 0
    says = ((mean / max(seen, _LEAST_VARIANCE)) - middle / variance) / precision
    weight = precision / (1 + precision * (start.among / 1000) ** 2)
    return round(weight * CERTAIN), round(weight * (says - middle) * CERTAIN)


def lessons(
    tried: Sequence[Tried],
    table: Table,
    kind: TaskKind,
    alpha: Ppm,
    beta: Ppm,
    priors: Mapping[str, Prior] | None = None,
) -> dict[AgentId, Experience]:
    """New experience of everybody who tried one task, and of their classes."""
    starts = priors or {}
    befores = [_before(each, table, kind, starts) for each in tried]
    skills = [
        judged(old, table.get((class_of(each.engine), kind)), _start(each.engine, starts))
        for old, each in zip(befores, tried, strict=True)
    ]
    curves = [
        curve(skill or old.skill, each.claimed)
        for skill, old, each in zip(skills, befores, tried, strict=True)
    ]
    seen = [_likelihood(c, each, alpha, beta) for c, each in zip(curves, tried, strict=True)]
    found: dict[AgentId, Experience] = {}
    for number, (each, before) in enumerate(zip(tried, befores, strict=True)):
        start = _start(each.engine, starts)
        weights = _without(number, tried, seen)
        wiser = _telling(_wiser(before, each, weights, alpha, beta), start)
        name = class_of(each.engine)
        pool = found.get(name) or table.get((name, kind)) or Experience(skill=start.skill)
        found[each.agent_id] = wiser
        found[name] = _of_class(_wiser(pool, each, weights, alpha, beta), before, wiser, start)
    return found


def _start(engine: str, starts: Mapping[str, Prior]) -> Prior:
    return starts.get(engine) or prior_of(engine)


def _telling(known: Experience, start: Prior) -> Experience:
    told, told_of = _told(known.skill, start)
    return known.model_copy(update={"told": told, "told_of": told_of})


def _of_class(pool: Experience, before: Experience, after: Experience, start: Prior) -> Experience:
    """The class's experience with one agent's new word in place of its old one."""
    told = pool.told + after.told - before.told
    told_of = pool.told_of + after.told_of - before.told_of
    middle, variance = _like_others(told, told_of, start)
    skill = prior(round(middle * 1000), round(math.sqrt(variance) * 1000), start.slopes)
    return pool.model_copy(update={"skill": skill, "told": told, "told_of": told_of})


def cost_factor(known: Experience | None) -> Ppm:
    """What an agent's work costs for each micro-dollar that it quotes, in parts per million."""
    return CERTAIN if known is None else _factor(known.quoted, known.spent, known.tries)


def time_factor(known: Experience | None) -> Ppm:
    return CERTAIN if known is None else _factor(known.promised_ms, known.took_ms, known.tries)


def handed_in(known: Experience | None, engine: str) -> Ppm:
    """The share of work that is not right and is handed in all the same: only that can be accepted by
    mistake. `known` is what the agent's class has shown.
    """
    start = prior_of(engine).handed_in
    if known is None:
        return start
    refused = max(known.tries - known.accepted - known.gave_up, 0)
    told = (start * _WEIGHT_OF_HABIT + refused * CERTAIN) // (
        _WEIGHT_OF_HABIT + refused + known.gave_up
    )
    return max(told, _LEAST_HANDED_IN)


def _factor(said: int, done: int, tries: int) -> Ppm:
    if said <= 0 or tries <= 0:
        return CERTAIN
    trust = _WEIGHT_OF_QUOTES * said // min(tries, _FADING)
    factor = (trust + done) * CERTAIN // (trust + said)
    return min(max(factor, LEAST_FACTOR), MOST_FACTOR)


def _before(each: Tried, table: Table, kind: TaskKind, priors: Mapping[str, Prior]) -> Experience:
    start = _start(each.engine, priors)
    known = table.get((each.agent_id, kind))
    if known is None:
        return Experience(skill=start.skill, version=each.version)
    if known.version == each.version:
        return known
    skill = half_forgotten(known.skill, start.skill)
    return known.model_copy(update={"skill": skill, "version": each.version})


def _without(
    number: int, tried: Sequence[Tried], seen: Sequence[Sequence[float]]
) -> Sequence[float]:
    """What the others' outcomes say of the difficulty."""
    weights: Sequence[float] = WEIGHTS
    for other, likely in enumerate(seen):
        if other != number:
            power = kinship(tried[other].family, tried[number].family)
            weights = updated(weights, (chance**power for chance in likely))
    return weights


def _likelihood(ability: Curve, each: Tried, alpha: Ppm, beta: Ppm) -> list[float]:
    right, wrong = _errors(each.ruling, alpha, beta)
    return [max(p * right + (1 - p) * wrong, 1e-12) for p in ability]


def _errors(ruling: Ruling, alpha: Ppm, beta: Ppm) -> tuple[float, float]:
    """How likely the ruling is for right work, and for wrong work."""
    match ruling:
        case "accepted":
            return (CERTAIN - beta) / CERTAIN, alpha / CERTAIN
        case "refused":
            return beta / CERTAIN, (CERTAIN - alpha) / CERTAIN
        case "right":
            return 1.0, 0.0
        case "wrong" | "nothing":
            return 0.0, 1.0


def _wiser(
    old: Experience, each: Tried, weights: Sequence[float], alpha: Ppm, beta: Ppm
) -> Experience:
    right, wrong = _errors(each.ruling, alpha, beta)
    skill = learned(
        old.skill, each.claimed, [right * w for w in weights], [wrong * w for w in weights]
    )
    good = each.ruling in {"accepted", "right"}
    tries = old.tries + 1
    miss = (CERTAIN - each.used if good else each.used) ** 2 // CERTAIN
    return old.model_copy(
        update={
            "skill": skill,
            "tries": tries,
            "accepted": old.accepted + good,
            "gave_up": old.gave_up + (each.ruling == "nothing"),
            "expected": old.expected + (each.used - old.expected) // tries,
            "brier": old.brier + (miss - old.brier) // tries,
            "quoted": _faded(old.quoted, each.quoted),
            "spent": _faded(old.spent, each.spent),
            "promised_ms": _faded(old.promised_ms, each.promised_ms),
            "took_ms": _faded(old.took_ms, each.took_ms),
        }
    )


def _faded(total: int, new: int) -> int:
    return total - total // _FADING + new


def corrected(
    known: Experience,
    claimed: Ppm,
    ruling: Ruling,
    alpha: Ppm,
    beta: Ppm,
    said: Ruling = "accepted",
) -> Experience:
    """The last word on work that the checks had accepted: what they `said` is unlearned, this is learned.

    The difficulty is taken as unknown again, which makes it an approximation: the odds of right to wrong
    that the acceptance stood for are taken back, at least one in twenty having been wrong.
    """
    said_right, said_wrong = _errors(said, alpha, beta)
    right, wrong = _errors(ruling, alpha, beta)
    unsaid = [w * right / max(said_right, 0.05) for w in WEIGHTS]
    unsaid_wrong = [w * wrong / max(said_wrong, 0.05) for w in WEIGHTS]
    return known.model_copy(update={"skill": learned(known.skill, claimed, unsaid, unsaid_wrong)})
