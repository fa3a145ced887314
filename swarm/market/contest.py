"""Rules for who tries what, run over the same recorded outcomes with the same dice.

Each task is worth V. A rule tries one agent after the other; each attempt costs what it cost on record,
and a check accepts a right result with probability 1 - beta and a wrong one with probability alpha. An
accepted right result earns V, an accepted wrong one costs L. Whoever learns, learns online: from what was
tried before in this order, from the checks' verdicts only, and from a quote that is off by a third.

    market              the index, with the learning of the running system
    market, known       the same index with the agents' true skills from the start: what learning costs
    best-of-2           the two most promising by what is learned; both are paid
    always-best         the most promising one, whatever it costs
    cheapest            the lowest quote
    confidence-per-cost what it claims over what it quotes, the rule of other agent markets; claims are as
                        loud as models make them, 77 % give or take a few, whatever their skill
    fifo                whoever comes first

Beside them stand the best single agent and the best cascade of two, chosen in hindsight by their exact
expected utility on these very tasks. Nobody has hindsight: they are marks, not rivals.
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from swarm.domain.experience import Experience
from swarm.domain.money import CERTAIN, Ppm
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.belief import Belief, Failure
from swarm.market.difficulty import WIDENING
from swarm.market.index import prospect
from swarm.market.learning import (
    OPTIMISM,
    SILENT,
    Key,
    Tried,
    class_of,
    cost_factor,
    judged,
    lessons,
)
from swarm.market.matrix import Matrix
from swarm.market.skill import Curve, curve, prior

_CLASS = "listed"
_EVEN = CERTAIN // 2
_NEWCOMER = -1
_MOST_ATTEMPTS = 6
_MISQUOTE = 0.3
_LOUD, _LOUDER = 770_000, 20_000
RULES = (
    "market",
    "market, known",
    "best-of-2",
    "always-best",
    "cheapest",
    "confidence-per-cost",
    "fifo",
)


@dataclass(frozen=True, slots=True)
class Setting:
    value: int
    wrong_cost: int
    alpha: Ppm
    beta: Ppm
    orders: int
    seed: str = "swarm"


Checks = Callable[[int, bool, random.Random], bool]
"""Whether the checks accept a result at this task that is right or is not, by these dice."""


def as_believed(setting: Setting) -> Checks:
    """Checks that err as often as the setting says, at each result anew."""

    def accept(task: int, right: bool, dice: random.Random) -> bool:
        return dice.randrange(CERTAIN) < (CERTAIN - setting.beta if right else setting.alpha)

    return accept


@dataclass(frozen=True, slots=True)
class Standing:
    """Means for one task. Money in micro-USD, shares in parts per million."""

    rule: str
    utility: int
    right: Ppm
    wrong: Ppm
    cost: int
    attempts: Ppm
    error: int = 0
    """Standard error of the utility over the orders; 0 = exact."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one task."""

    tried: tuple[tuple[int, bool], ...]
    """Agents by number in the order of trying, and whether the check accepted."""

    bill: int
    right: bool
    wrong: bool


class Mind:
    """What a rule knows and has learned while it goes through one order of the tasks."""

    def __init__(
        self, matrix: Matrix, setting: Setting, dice: random.Random, checks: Checks
    ) -> None:
        self.matrix, self.setting, self.checks = matrix, setting, checks
        self.quotes = [
            max(1, round(bill * math.exp(dice.gauss(0, _MISQUOTE)))) for bill in matrix.mean_bills
        ]
        self.claims = [_LOUD + round(dice.gauss(0, 1) * _LOUDER) for _ in matrix.agents]
        self.names = [AgentId(name) for name in matrix.agents]
        self._table: dict[Key, Experience] = {}
        self._curves: dict[tuple[int, float], Curve] = {}

    def ability(self, agent: int, optimism: float = 0.0) -> Curve:
        """What is believed of an agent; of all whom nobody has tried the same."""
        known = self._table.get((self.names[agent], TaskKind.WRITE))
        place = (_NEWCOMER if known is None else agent, optimism)
        if place not in self._curves:
            pool = self._table.get((class_of(_CLASS), TaskKind.WRITE))
            skill = judged(known, pool, SILENT) or SILENT.skill
            self._curves[place] = curve(skill, _EVEN, optimism)
        return self._curves[place]

    def price(self, agent: int) -> int:
        factor = cost_factor(self._table.get((self.names[agent], TaskKind.WRITE)))
        return self.quotes[agent] * factor // CERTAIN

    def learn(self, task: int, result: Result, used: Sequence[Ppm]) -> None:
        setting = self.setting
        tried = [
            self._tried(agent, task, accepted, p)
            for (agent, accepted), p in zip(result.tried, used, strict=True)
        ]
        found = lessons(
            tried, self._table, TaskKind.WRITE, setting.alpha, setting.beta, {_CLASS: SILENT}
        )
        for name, experience in found.items():
            self._table[name, TaskKind.WRITE] = experience
        self._curves.clear()  # what was learned of one tells of all

    def _tried(self, agent: int, task: int, accepted: bool, used: Ppm) -> Tried:
        return Tried(
            agent_id=self.names[agent],
            family=self.matrix.families[agent],
            engine=_CLASS,
            claimed=_EVEN,
            used=used,
            ruling="accepted" if accepted else "refused",
            quoted=self.quotes[agent],
            spent=self.matrix.bills[agent][task],
        )


class Sage(Mind):
    """Knows every agent's success over all these tasks and its mean bill; learns nothing."""

    def __init__(
        self, matrix: Matrix, setting: Setting, dice: random.Random, checks: Checks
    ) -> None:
        super().__init__(matrix, setting, dice, checks)
        shares = [(sum(row) + 0.5) / (len(row) + 1) for row in matrix.right]
        self._known = [
            curve(prior(round(1000 * math.log(p / (1 - p)) * WIDENING), 50)) for p in shares
        ]

    def ability(self, agent: int, optimism: float = 0.0) -> Curve:
        return self._known[agent]

    def price(self, agent: int) -> int:
        return self.matrix.mean_bills[agent]

    def learn(self, task: int, result: Result, used: Sequence[Ppm]) -> None:
        return


Rule = Callable[[Mind, int, random.Random], tuple[Result, tuple[Ppm, ...]]]


# Rules ------------------------------------------------------------------------------------------


def _by_index(mind: Mind, task: int, dice: random.Random) -> tuple[Result, tuple[Ppm, ...]]:
    """Highest index first, stop at the first acceptance or when none is positive."""
    setting, families = mind.setting, mind.matrix.families
    failures: list[Failure] = []
    tried: list[tuple[int, bool]] = []
    used: list[Ppm] = []
    left = set(range(len(mind.names)))
    while len(tried) < _MOST_ATTEMPTS:
        belief = Belief(failures, setting.alpha, setting.beta)
        best, index, chance = -1, 0, 0
        for agent in sorted(left):
            ability = mind.ability(agent, OPTIMISM)
            p = round(belief.chance(ability, mind.names[agent], families[agent]) * CERTAIN)
            sigma = _index(setting, mind.price(agent), p)
            if sigma > index:
                best, index, chance = agent, sigma, p
        if best < 0:
            break
        left.discard(best)
        accepted = _check(mind, best, task, dice)
        tried.append((best, accepted))
        used.append(chance)
        if accepted:
            break
        failures.append(
            Failure(strategy=mind.names[best], family=families[best], probability_used=chance)
        )
    return _result(mind, task, tried), tuple(used)


def _best_of_two(mind: Mind, task: int, dice: random.Random) -> tuple[Result, tuple[Ppm, ...]]:
    chances = [_alone(mind, agent) for agent in range(len(mind.names))]
    pair = sorted(range(len(chances)), key=lambda agent: -chances[agent])[:2]
    tried = [(agent, _check(mind, agent, task, dice)) for agent in pair]
    return _result(mind, task, tried), tuple(chances[agent] for agent in pair)


def _once(choice: Callable[[Mind, random.Random], int]) -> Rule:
    """One attempt by whom `choice` names."""

    def play(mind: Mind, task: int, dice: random.Random) -> tuple[Result, tuple[Ppm, ...]]:
        agent = choice(mind, dice)
        tried = [(agent, _check(mind, agent, task, dice))]
        return _result(mind, task, tried), (_alone(mind, agent),)

    return play


def _most_promising(mind: Mind, _: random.Random) -> int:
    return max(range(len(mind.names)), key=lambda agent: (_alone(mind, agent), -agent))


def _cheapest(mind: Mind, _: random.Random) -> int:
    return min(range(len(mind.names)), key=lambda agent: mind.quotes[agent])


def _loudest(mind: Mind, _: random.Random) -> int:
    return max(range(len(mind.names)), key=lambda agent: mind.claims[agent] / mind.quotes[agent])


def _first(mind: Mind, dice: random.Random) -> int:
    return dice.randrange(len(mind.names))


_PLAYS: dict[str, Rule] = {
    "market": _by_index,
    "market, known": _by_index,
    "best-of-2": _best_of_two,
    "always-best": _once(_most_promising),
    "cheapest": _once(_cheapest),
    "confidence-per-cost": _once(_loudest),
    "fifo": _once(_first),
}


# What happens -----------------------------------------------------------------------------------


def contest(matrix: Matrix, setting: Setting, rules: Sequence[str] = RULES) -> Iterator[Standing]:
    """The marks of hindsight first, then each rule, as it is done."""
    yield from hindsight(matrix, setting)
    for rule in rules:
        yield stand(matrix, setting, rule)


def stand(matrix: Matrix, setting: Setting, rule: str, checks: Checks | None = None) -> Standing:
    """One rule over all orders; `checks` where they are not what the setting says and the rule believes."""
    accept = checks or as_believed(setting)
    orders = [
        list(_order(matrix, setting, rule, number, accept)) for number in range(setting.orders)
    ]
    means = [_utility(each, setting) for each in orders]
    results = [result for order in orders for result in order]
    spread = math.sqrt(NormalDist.from_samples(means).variance / len(means)) if means[1:] else 0.0
    return Standing(
        rule=rule,
        utility=round(_utility(results, setting)),
        right=_share(sum(each.right for each in results), len(results)),
        wrong=_share(sum(each.wrong for each in results), len(results)),
        cost=sum(each.bill for each in results) // len(results),
        attempts=_share(sum(len(each.tried) for each in results), len(results)),
        error=round(spread),
    )


def _order(
    matrix: Matrix, setting: Setting, rule: str, number: int, checks: Checks
) -> Iterator[Result]:
    dice = random.Random(f"{setting.seed}:{number}")
    tasks = list(range(len(matrix.tasks)))
    dice.shuffle(tasks)
    mind = (Sage if rule == "market, known" else Mind)(matrix, setting, dice, checks)
    for task in tasks:
        chances = random.Random(f"{setting.seed}:{number}:{task}")
        result, used = _PLAYS[rule](mind, task, chances)
        mind.learn(task, result, used)
        yield result


def _check(mind: Mind, agent: int, task: int, dice: random.Random) -> bool:
    """Whether the checks accept what the agent did on record."""
    return mind.checks(task, mind.matrix.right[agent][task], dice)


def _result(mind: Mind, task: int, tried: Sequence[tuple[int, bool]]) -> Result:
    """The first that was accepted counts; all are paid."""
    winner = next((agent for agent, accepted in tried if accepted), None)
    return Result(
        tried=tuple(tried),
        bill=sum(mind.matrix.bills[agent][task] for agent, _ in tried),
        right=winner is not None and mind.matrix.right[winner][task],
        wrong=winner is not None and not mind.matrix.right[winner][task],
    )


def _alone(mind: Mind, agent: int) -> Ppm:
    """Its chance at a task of which nothing is known."""
    return round(Belief().chance(mind.ability(agent), "", "") * CERTAIN)


def _index(setting: Setting, price: int, p: Ppm) -> int:
    return prospect(setting.value, setting.wrong_cost, price, p, setting.alpha, setting.beta).sigma


def _utility(results: Sequence[Result], setting: Setting) -> float:
    right = sum(each.right for each in results)
    wrong = sum(each.wrong for each in results)
    bill = sum(each.bill for each in results)
    return (right * setting.value - wrong * setting.wrong_cost - bill) / len(results)


def _share(count: int, whole: int) -> Ppm:
    return count * CERTAIN // whole


# Hindsight --------------------------------------------------------------------------------------


def hindsight(matrix: Matrix, setting: Setting) -> tuple[Standing, Standing]:
    """The best agent and the best ordered pair, by expected utility over exactly these tasks."""
    alone = [_cascade(matrix, setting, (agent,)) for agent in range(len(matrix.agents))]
    single = max(alone, key=lambda standing: standing.utility)
    pairs = _pairs(matrix, setting)
    return single, max(
        (_cascade(matrix, setting, pair) for pair in pairs), key=lambda standing: standing.utility
    )


def _pairs(matrix: Matrix, setting: Setting) -> list[tuple[int, int]]:
    """The dozen best pairs, by sums that are quick to build."""
    gains = [
        [_gain(setting, right) - bill for right, bill in zip(row, bills, strict=True)]
        for row, bills in zip(matrix.right, matrix.bills, strict=True)
    ]
    refused = [[1 - _accepts(setting, right) for right in row] for row in matrix.right]
    totals = {
        (one, two): sum(gains[one])
        + sum(r * g for r, g in zip(refused[one], gains[two], strict=True))
        for one in range(len(gains))
        for two in range(len(gains))
        if one != two
    }
    return sorted(totals, key=lambda pair: (-totals[pair], pair))[:12] or [(0, 0)]


def _accepts(setting: Setting, right: bool) -> float:
    return (CERTAIN - setting.beta if right else setting.alpha) / CERTAIN


def _gain(setting: Setting, right: bool) -> float:
    return _accepts(setting, right) * (setting.value if right else -setting.wrong_cost)


def _cascade(matrix: Matrix, setting: Setting, rungs: Sequence[int]) -> Standing:
    right = wrong = bill = attempts = 0.0
    for task in range(len(matrix.tasks)):
        reached = 1.0
        for agent in rungs:
            good = matrix.right[agent][task]
            accepted = reached * _accepts(setting, good)
            right, wrong = right + accepted * good, wrong + accepted * (not good)
            bill += reached * matrix.bills[agent][task]
            attempts += reached
            reached -= accepted
    count = len(matrix.tasks)
    name = ", then ".join(matrix.agents[agent] for agent in rungs)
    return Standing(
        rule=f"hindsight: {name}",
        utility=round((right * setting.value - wrong * setting.wrong_cost - bill) / count),
        right=round(right / count * CERTAIN),
        wrong=round(wrong / count * CERTAIN),
        cost=round(bill / count),
        attempts=round(attempts / count * CERTAIN),
    )
