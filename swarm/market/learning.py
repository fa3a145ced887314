"""What verified outcomes teach: from what was tried at one task to new experience of those who tried.

An outcome is what the checks said, and checks err: a right result is refused with probability beta, a
wrong one accepted with probability alpha. So an acceptance is not a success, it is a likelihood for one.
What the others did at the same task says how hard it was; each agent learns in the light of all outcomes
but its own, and of agents of its family more than of others.

Nobody starts from nothing: an agent without experience is believed to be like its class (the engine that
it thinks with), and the class learns from all its agents. Claims are a feature, never the truth.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from swarm.domain.experience import Experience, Skill
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.difficulty import WEIGHTS, updated
from swarm.market.skill import Curve, centre, curve, half_forgotten, learned, prior

Key = tuple[AgentId, TaskKind]
Table = Mapping[Key, Experience]

Ruling = Literal["accepted", "refused", "nothing", "right", "wrong"]
"""`nothing`: the agent gave up. `right`, `wrong`: a human's last word, which is never mistaken."""

OPTIMISM = 0.1
"""Standard deviations of what is believed that an index is granted beyond the mean, so that what little
is known of gets tried. So little costs nothing that could be measured; a whole one costs 1 % and more."""

_OTHER_FAMILY = 0.60 / 0.64
_FADING = 50
"""Of sums of money and time one part in so many is forgotten with each try."""

_WEIGHT_OF_QUOTES = 2
"""A quote counts as much as so many bills."""

_WEIGHT_OF_HABIT = 6
"""What is said of a class beforehand of its giving up counts as much as so many tries."""

_LEAST_HANDED_IN = CERTAIN // 10
"""Whatever was seen: what was accepted by mistake is not seen."""

LEAST_FACTOR, MOST_FACTOR = CERTAIN // 10, 10 * CERTAIN


@dataclass(frozen=True, slots=True)
class Prior:
    """Where a class begins: its offset in thousandths of a logit, and what its claims are worth."""

    mean: int
    spread: int
    slopes: tuple[tuple[int, int], ...]
    handed_in: Ppm = CERTAIN
    """Of work that is not right, this share is handed in; of the rest the agent itself says so."""

    @property
    def skill(self) -> Skill:
        return prior(self.mean, self.spread, self.slopes)


MEASURED = Prior(0, 1500, ((500, 1), (1000, 3)), handed_in=300_000)
"""Engines of ours, whose curves we have measured. Of ten searches on QuixBugs that found nothing right,
three handed in something (by reading; docs/bench.md)."""

BOASTING = Prior(-2200, 2000, ((0, 1), (500, 2), (1000, 2)))
"""Models: they claim 77 % where they do 22 to 35 % (arXiv 2602.06948)."""

SILENT = Prior(2000, 700, ((0, 1),))
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
    own = table.get((agent_id, kind))
    if own is not None:
        return own.skill
    pool = table.get((class_of(engine), kind))
    return None if pool is None else like_its_class(pool, prior_of(engine))


def like_its_class(pool: Experience, start: Prior) -> Skill:
    """A newcomer: as good as its class, give or take what agents of one class differ by."""
    return prior(centre(pool.skill), start.spread, start.slopes)


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
    curves = [curve(old.skill, each.claimed) for old, each in zip(befores, tried, strict=True)]
    seen = [_likelihood(c, each, alpha, beta) for c, each in zip(curves, tried, strict=True)]
    found: dict[AgentId, Experience] = {}
    for number, (each, before) in enumerate(zip(tried, befores, strict=True)):
        weights = _without(number, tried, seen)
        found[each.agent_id] = _wiser(before, each, weights, alpha, beta)
        name = class_of(each.engine)
        pool = found.get(name) or _pool(table, each.engine, kind, starts)
        found[name] = _wiser(pool, each, weights, alpha, beta)
    return found


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
    start = priors.get(each.engine) or prior_of(each.engine)
    known = table.get((each.agent_id, kind))
    if known is None:
        pool = table.get((class_of(each.engine), kind))
        skill = start.skill if pool is None else like_its_class(pool, start)
        return Experience(skill=skill, version=each.version)
    if known.version == each.version:
        return known
    skill = half_forgotten(known.skill, start.skill)
    return known.model_copy(update={"skill": skill, "version": each.version})


def _pool(table: Table, engine: str, kind: TaskKind, priors: Mapping[str, Prior]) -> Experience:
    start = priors.get(engine) or prior_of(engine)
    return table.get((class_of(engine), kind)) or Experience(skill=start.skill)


def _without(
    number: int, tried: Sequence[Tried], seen: Sequence[Sequence[float]]
) -> Sequence[float]:
    """What the others' outcomes say of the difficulty."""
    weights: Sequence[float] = WEIGHTS
    for other, likely in enumerate(seen):
        if other != number:
            kin = tried[other].family == tried[number].family
            power = 1.0 if kin else _OTHER_FAMILY
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
