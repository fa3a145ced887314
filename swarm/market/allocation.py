"""The best set of awards when tasks can exclude each other and share one budget.

Without those two a flow finds the optimum by itself. With them it is branch and bound, best case first. A
case forbids some edges and requires others; the flow of what is left is an upper bound of everything in it.
Where the budget binds, the flow is taken over values less a price of money, and that price is raised until
the bound is as low as it gets (Lagrangian relaxation by the method of Handler and Zang, Networks 10, 1980).
Tasks that all exclude each other go into one group of the flow, which leaves few clashes to split over.

The work is limited: a clearing must never hold up the market. If the limit is met, the answer is the best
set found so far, and says so.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from swarm.market.flow import Edge, Lane, best_assignment

_MOST_WORK = 400_000
"""Tasks times edges, over all flows: some tenths of a second. Ten tasks and five agents get 800 flows."""

_LEAST_FLOWS = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """Agents may be given tasks along `values`, of which each is above 0 and no two sums are equal."""

    values: Mapping[Edge, int]
    prices: Mapping[Edge, int]
    capacities: Mapping[str, int]
    writing: frozenset[str]
    clashes: frozenset[tuple[str, str]]
    """Pairs of tasks, each sorted, that may not run at the same time."""

    slots: int
    budget: int


@dataclass(frozen=True, slots=True)
class Allocation:
    awards: Mapping[str, str]
    """Agent by task."""

    exact: bool


@dataclass(frozen=True, slots=True)
class _Case:
    without: frozenset[Edge]
    within: frozenset[Edge]
    bound: int
    """Nothing in this case is worth more."""

    over: Mapping[str, str]
    """The awards behind the bound; too dear where the budget binds, and they may clash."""

    under: Mapping[str, str]
    """The best awards seen on the way that the budget allows."""


def allocate(problem: Problem) -> Allocation:
    if len({task for task, _ in problem.values}) == 1:
        return Allocation(_of_one_task(problem), exact=True)
    search = _Search(problem)
    first = search.case(frozenset(), frozenset())
    queue = [(-first.bound, 0, first)]
    number = 0
    while queue and -queue[0][0] > search.worth and search.flows_left > 0:
        _, _, case = heapq.heappop(queue)
        for without, within in search.splits(case):
            smaller = search.case(case.without | without, case.within | within)
            number += 1
            heapq.heappush(queue, (-smaller.bound, number, smaller))
    return Allocation(search.best, exact=not queue or -queue[0][0] <= search.worth)


def _of_one_task(problem: Problem) -> Mapping[str, str]:
    """Who is worth most of those who are free and whom the budget allows."""
    free, prices = problem.capacities, problem.prices
    task = next(iter(problem.values))[0]
    if task in problem.writing and problem.slots <= 0:
        return {}
    able = {
        agent: value
        for (_, agent), value in problem.values.items()
        if free.get(agent, 0) > 0 and prices[task, agent] <= problem.budget
    }
    return {task: max(able, key=able.__getitem__)} if able else {}


class _Search:
    """The best awards so far, and how much work is left."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        tasks = {task for task, _ in problem.values}
        work = max(1, len(problem.values) * len(tasks))
        self.flows_left = max(_LEAST_FLOWS, _MOST_WORK // work)
        self.best: Mapping[str, str] = {}
        self.worth = 0

    def case(self, without: frozenset[Edge], within: frozenset[Edge]) -> _Case:
        rest = _rest(self._problem, without, within)
        bound, over, under = self._relax(rest)
        self._keep({**dict(within), **_unclashed(rest, under)})
        secured = _worth(self._problem, dict(within))
        return _Case(without, within, bound + secured, over, under)

    def splits(self, case: _Case) -> Iterator[tuple[frozenset[Edge], frozenset[Edge]]]:
        """What to forbid and to require, one or the other, so that `over` is possible in neither."""
        nothing: frozenset[Edge] = frozenset()
        dear = [edge for edge in case.over.items() if case.under.get(edge[0]) != edge[1]]
        if dear:
            edge = max(dear, key=lambda each: (self._problem.prices[each], each))
            yield frozenset({edge}), nothing
            yield nothing, frozenset({edge})
        elif clash := _first_clash(self._problem, case.over):
            for task in clash:
                yield frozenset(edge for edge in self._problem.values if edge[0] == task), nothing

    def _keep(self, awards: Mapping[str, str]) -> None:
        worth = _worth(self._problem, awards)
        if worth > self.worth:
            self.best, self.worth = awards, worth

    def _relax(self, rest: Problem) -> tuple[int, Mapping[str, str], Mapping[str, str]]:
        """A bound, the awards behind it, and the best ones seen that the budget allows."""
        over = self._flow(rest, 0)
        if _cost(rest, over) <= rest.budget:
            return _worth(rest, over), over, over
        under: Mapping[str, str] = {}
        while True:
            gain = _worth(rest, over) - _worth(rest, under)
            dearness = max(gain, 0) // (_cost(rest, over) - _cost(rest, under))
            found = self._flow(rest, dearness)
            bound = _charged(rest, found, dearness)  # at any price of money it is one
            if bound <= _charged(rest, over, dearness):
                return bound, over, under
            if _cost(rest, found) > rest.budget:
                over = found
            else:
                under = found

    def _flow(self, rest: Problem, dearness: int) -> dict[str, str]:
        """The best assignment when each micro-dollar costs so much value."""
        self.flows_left -= 1
        charged = (
            (edge, value - dearness * rest.prices[edge]) for edge, value in rest.values.items()
        )
        values = {edge: value for edge, value in charged if value > 0}
        return best_assignment(values, rest.capacities, _lanes(rest))


def _rest(problem: Problem, without: frozenset[Edge], within: frozenset[Edge]) -> Problem:
    """What is left to decide when some edges are forbidden and others are required."""
    load = Counter(agent for _, agent in within)
    taken = {task for task, _ in within}
    budget = problem.budget - sum(problem.prices[edge] for edge in within)
    values = {
        edge: value
        for edge, value in problem.values.items()
        if edge not in without
        and edge[0] not in taken
        and problem.prices[edge] <= budget
        and not any(_clash(problem, edge[0], task) for task in taken)
    }
    return replace(
        problem,
        values=values,
        capacities={agent: free - load[agent] for agent, free in problem.capacities.items()},
        slots=problem.slots - len(taken & problem.writing),
        budget=budget,
    )


def _worth(problem: Problem, awards: Mapping[str, str]) -> int:
    return sum(problem.values[edge] for edge in awards.items())


def _cost(problem: Problem, awards: Mapping[str, str]) -> int:
    return sum(problem.prices[edge] for edge in awards.items())


def _charged(problem: Problem, awards: Mapping[str, str], dearness: int) -> int:
    """Value plus what is left of the budget, at that price of money: the Lagrangian."""
    return _worth(problem, awards) + dearness * (problem.budget - _cost(problem, awards))


def _clash(problem: Problem, one: str, other: str) -> bool:
    return (min(one, other), max(one, other)) in problem.clashes


def _first_clash(problem: Problem, awards: Mapping[str, str]) -> tuple[str, str] | None:
    return next((pair for pair in combinations(sorted(awards), 2) if pair in problem.clashes), None)


def _unclashed(problem: Problem, awards: Mapping[str, str]) -> dict[str, str]:
    """Those of the awards that fit together, most valuable first."""
    kept: dict[str, str] = {}
    for edge in sorted(awards.items(), key=lambda edge: -problem.values[edge]):
        if not any(_clash(problem, edge[0], task) for task in kept):
            kept[edge[0]] = edge[1]
    return kept


def _lanes(problem: Problem) -> tuple[Lane, ...]:
    tasks = sorted({task for task, _ in problem.values})
    writing = [task for task in tasks if task in problem.writing]
    others = tuple((task,) for task in tasks if task not in problem.writing)
    return (
        Lane(_cliques(writing, problem.clashes), problem.slots),
        Lane(others, len(others)),
    )


def _cliques(
    tasks: Sequence[str], clashes: frozenset[tuple[str, str]]
) -> tuple[tuple[str, ...], ...]:
    """Put each task into the first group all of whose members it clashes with."""
    groups: list[list[str]] = []
    for task in tasks:
        home = next((g for g in groups if all((member, task) in clashes for member in g)), None)
        if home is None:
            groups.append([task])
        else:
            home.append(task)
    return tuple(tuple(group) for group in groups)
