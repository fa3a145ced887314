"""The clearing: who tries what next, who does not and why, and with which numbers that was decided.

For each task every bid gets its index from the probability that is believed of it. Free slots are then
given to tasks so that the total value of beginning so is largest, under agents' capacities, the number of
writers, touch sets and the budget. Nothing positive for a task: nobody should do it.

Ties fall to a keyed hash of seed, task and agent, so that no name and no early arrival is an advantage,
and a replay decides the same. One bid per agent and task counts, the cheapest.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from swarm.domain.bids import Bid
from swarm.domain.clearings import Award, Clearing, Reason, Refusal, ScoredBid
from swarm.domain.frozen import unchecked
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, TaskId
from swarm.market.allocation import Problem, allocate
from swarm.market.announced import OpenTask, Terms
from swarm.market.belief import Belief
from swarm.market.continuation import SCALE, beginnings
from swarm.market.flow import Edge
from swarm.market.index import Prospect, prospect
from swarm.market.judging import Judge
from swarm.market.learning import Table
from swarm.market.rules import Rule, next_by_rule, read_rule
from swarm.market.touch import overlap, overlapping


@dataclass(frozen=True, slots=True)
class _Examined:
    """One task's bids: judged, sorted out, and what is left to choose from with its value."""

    task: OpenTask
    scores: tuple[ScoredBid, ...]
    refused: Mapping[AgentId, Reason]
    values: Mapping[AgentId, int]
    hopeless: bool


def clear(
    tasks: Sequence[OpenTask],
    bids: Sequence[Bid],
    capacities: Mapping[AgentId, int],
    terms: Terms,
    seed: str,
    experience: Table | None = None,
) -> Clearing:
    """Decide. `capacities` are agents' free slots now; who is not named has none.

    `experience` is what was learned of agents; without it, claims are taken at their word.

    Raises Rejected when `terms.rule` is no rule.
    """
    rule = read_rule(terms.rule)
    by_task = {task.task_id: task for task in sorted(tasks, key=lambda task: task.task_id)}
    offers = _offers(bids)
    judge = Judge(experience or {})
    examined = [
        _examine(task, offers.get(task.task_id, ()), terms, rule, judge)
        for task in by_task.values()
    ]
    problem = _problem(examined, capacities, terms, seed)
    allocation = allocate(problem)
    scores = {(s.task_id, s.agent_id): s for each in examined for s in each.scores}
    awards = tuple(
        _award(scores[TaskId(t), AgentId(a)]) for t, a in sorted(allocation.awards.items())
    )
    refused = [*_refused(examined, scores, awards, problem, rule), *_unknown(offers, by_task)]
    return Clearing(
        seed=seed,
        rule=terms.rule,
        alpha=terms.alpha,
        beta=terms.beta,
        awards=awards,
        scores=tuple(scores.values()),
        refusals=tuple(sorted(refused, key=attrgetter("task_id", "agent_id"))),
        hopeless=tuple(each.task.task_id for each in examined if each.hopeless),
        exact=allocation.exact,
    )


def _offers(bids: Iterable[Bid]) -> dict[TaskId, list[Bid]]:
    """Bids by task, sorted by agent, one for each."""
    kept: defaultdict[TaskId, dict[AgentId, Bid]] = defaultdict(dict)
    for bid in bids:
        mine = kept[bid.task_id]
        other = mine.setdefault(bid.agent_id, bid)
        if other is not bid and _preference(bid) < _preference(other):
            mine[bid.agent_id] = bid
    return {task: [mine[agent] for agent in sorted(mine)] for task, mine in kept.items()}


def _preference(bid: Bid) -> tuple[int, int, int, str, str]:
    return (bid.price, bid.seconds, -bid.probability, bid.strategy, bid.family)


def _examine(
    task: OpenTask, bids: Sequence[Bid], terms: Terms, rule: Rule, judge: Judge
) -> _Examined:
    belief = Belief(task.failures, terms.alpha, terms.beta)
    kind = task.contract.kind
    used = judge.probabilities(belief, bids, kind)
    costs = judge.costs(bids, kind, terms.delay_cost)
    mistakes = judge.mistakes(bids, kind, terms.alpha)
    value, wrong_cost, beta = task.contract.value, task.wrong_cost, terms.beta
    trials = [
        prospect(value, wrong_cost, cost, p, mistake, beta)
        for cost, p, mistake in zip(costs, used, mistakes, strict=True)
    ]
    refused = _sorted_out(task, list(zip(bids, used, trials, strict=True)), terms, rule)
    left = [n for n, bid in enumerate(bids) if bid.agent_id not in refused]
    if rule.is_market or not task.is_writing:
        begin = dict(zip(left, beginnings([trials[n] for n in left]), strict=True))
    else:
        begin = dict.fromkeys(left, SCALE)
    values = {bids[n].agent_id: value for n, value in begin.items()}
    return _Examined(
        task=task,
        scores=tuple(
            _scored(bid, p, trial, begin.get(n, 0) // SCALE)
            for n, (bid, p, trial) in enumerate(zip(bids, used, trials, strict=True))
        ),
        refused=refused,
        values={} if _must_wait(task, terms) else values,
        hopeless=not (values or task.waits_for or _money_may_return(task, bids, terms)),
    )


def _scored(bid: Bid, used: Ppm, trial: Prospect, begin: MicroUsd) -> ScoredBid:
    return unchecked(
        ScoredBid,
        {
            "task_id": bid.task_id,
            "agent_id": bid.agent_id,
            "strategy": bid.strategy,
            "family": bid.family,
            "price": bid.price,
            "seconds": bid.seconds,
            "probability_claimed": bid.probability,
            "probability_used": used,
            "accept": trial.accept_ppm,
            "reward": trial.reward,
            "cost": trial.cost,
            "index": trial.sigma,
            "begin": begin,
        },
    )


def _sorted_out(
    task: OpenTask, judged: Sequence[tuple[Bid, Ppm, Prospect]], terms: Terms, rule: Rule
) -> dict[AgentId, Reason]:
    """Bids that are not even in question, and why; the first reason that holds."""
    refused = _barred(task, [bid for bid, _, _ in judged], terms)
    left = [each for each in judged if each[0].agent_id not in refused] if refused else judged
    if not rule.is_market and task.is_writing:
        chosen = next_by_rule(rule, task, [(bid, p) for bid, p, _ in left])
        return refused | {
            bid.agent_id: "not by the rule" for bid, _, _ in left if bid.agent_id not in chosen
        }
    refused |= {bid.agent_id: "no positive index" for bid, _, trial in left if trial.sigma <= 0}
    if task.tried_strategies:
        good = [bid for bid, _, trial in left if trial.sigma > 0]
        tried = [bid for bid in good if bid.strategy in task.tried_strategies]
        if len(tried) < len(good):
            refused |= {bid.agent_id: "tried" for bid in tried}
    return refused


def _barred(task: OpenTask, bids: Iterable[Bid], terms: Terms) -> dict[AgentId, Reason]:
    if task.waits_for:
        return {bid.agent_id: "waits for dependency" for bid in bids}
    seconds, most = task.contract.seconds, min(task.remaining, terms.budget)
    refused: dict[AgentId, Reason] = {}
    for bid in bids:
        if bid.agent_id in task.excluded_agents:
            refused[bid.agent_id] = "excluded author"
        elif bid.seconds > seconds:
            refused[bid.agent_id] = "too slow"
        elif bid.price > most:
            refused[bid.agent_id] = "over budget"
    return refused


def _must_wait(task: OpenTask, terms: Terms) -> bool:
    """Somebody works on what this task may touch."""
    touch = task.contract.touch
    return task.is_writing and any(overlap(touch, other.touch) for other in terms.at_work)


def _money_may_return(task: OpenTask, bids: Iterable[Bid], terms: Terms) -> bool:
    """A bid is only too dear for now: what writers at work have reserved may come back."""
    return bool(terms.at_work) and any(terms.budget < bid.price <= task.remaining for bid in bids)


def _problem(
    examined: Sequence[_Examined], capacities: Mapping[AgentId, int], terms: Terms, seed: str
) -> Problem:
    values: dict[Edge, int] = {
        (each.task.task_id, agent): value
        for each in examined
        for agent, value in each.values.items()
    }
    if len(examined) > 1 or len(set(values.values())) < len(values):
        values = _apart(values, len(examined), seed)
    writing = [each.task for each in examined if each.task.is_writing]
    return Problem(
        values=values,
        prices={(s.task_id, s.agent_id): s.price for each in examined for s in each.scores},
        capacities={str(agent): free for agent, free in capacities.items()},
        writing=frozenset(str(task.task_id) for task in writing),
        clashes=frozenset(overlapping({task.task_id: task.contract.touch for task in writing})),
        slots=max(0, terms.slots - len(terms.at_work)),
        budget=terms.budget,
    )


def _apart(values: Mapping[Edge, int], tasks: int, seed: str) -> dict[Edge, int]:
    """No two sums alike: ties are broken in digits below those that count."""
    below = (tasks + 1) << 40
    return {edge: value * below + _draw(seed, *edge) for edge, value in values.items()}


def _draw(seed: str, task_id: str, agent_id: str) -> int:
    """A number below 2**40 that nobody can choose and everybody can check."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{task_id}|{agent_id}".encode()).digest()[:5])


def _award(score: ScoredBid) -> Award:
    return Award(
        task_id=score.task_id,
        agent_id=score.agent_id,
        strategy=score.strategy,
        family=score.family,
        price=score.price,
        seconds=score.seconds,
        probability_used=score.probability_used,
    )


def _refused(
    examined: Sequence[_Examined],
    scores: Mapping[tuple[TaskId, AgentId], ScoredBid],
    awards: Sequence[Award],
    problem: Problem,
    rule: Rule,
) -> Iterable[Refusal]:
    given = {award.task_id: award for award in awards}
    load = Counter(str(award.agent_id) for award in awards)
    for each in examined:
        task_id = each.task.task_id
        award = given.get(task_id)
        best = None if award is None else scores[task_id, award.agent_id]
        for score in each.scores:
            if score is best:
                continue
            agent_id = score.agent_id
            reason = each.refused.get(agent_id)
            if reason is None and best is not None:
                reason = _beaten(score, best, load, problem, rule)
            reason = reason or _left_over(each, score, given, load, problem)
            yield unchecked(Refusal, {"task_id": task_id, "agent_id": agent_id, "reason": reason})


def _beaten(
    score: ScoredBid, best: ScoredBid, load: Counter[str], problem: Problem, rule: Rule
) -> Reason:
    """Why another has this task."""
    if not rule.is_market and str(score.task_id) in problem.writing:
        return "not by the rule"
    if score.index <= best.index:
        return "lower index"
    return "capacity" if _is_full(score, load, problem) else "over budget"


def _left_over(
    each: _Examined,
    score: ScoredBid,
    given: Mapping[TaskId, Award],
    load: Counter[str],
    problem: Problem,
) -> Reason:
    """Why nobody has this task, though this bid was worth it."""
    if not each.values:
        return "conflict"
    if _is_full(score, load, problem):
        return "capacity"
    task_id = each.task.task_id
    if any(tuple(sorted((task_id, other))) in problem.clashes for other in given):
        return "conflict"
    writers = sum(str(other) in problem.writing for other in given)
    if each.task.is_writing and writers >= problem.slots:
        return "slots"
    return "over budget"


def _is_full(score: ScoredBid, load: Counter[str], problem: Problem) -> bool:
    return load[score.agent_id] >= problem.capacities.get(score.agent_id, 0)


def _unknown(
    offers: Mapping[TaskId, Sequence[Bid]], by_task: Mapping[TaskId, OpenTask]
) -> Iterable[Refusal]:
    for task_id, bids in offers.items():
        if task_id not in by_task:
            for bid in bids:
                yield Refusal(task_id=task_id, agent_id=bid.agent_id, reason="not announced")
