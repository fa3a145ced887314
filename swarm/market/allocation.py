"""The best set of awards when tasks can exclude each other and share one budget.

Without those two a flow finds the optimum by itself. With them: solve the flow; if its awards clash or
cost too much, split into cases in each of which that cannot happen again, and go on with the most
promising case (branch and bound, best first). The flow of a case is an upper bound of everything in it,
so the first one without a clash is the optimum. Tasks that all exclude each other go into one group of
the flow, which leaves few clashes to split over.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, count

from swarm.market.flow import Edge, Lane, best_assignment

_MOST_CASES = 300
_MOST_EDGES = 30_000
"""Edges looked at over all cases: about a second. Enough for a goal's tasks; after that the best case is
made to fit, and the answer says that it was."""


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


def allocate(problem: Problem) -> Allocation:
    lanes = _lanes(problem)
    whole: frozenset[Edge] = frozenset()
    order = count()
    queue = [_Case.of(problem, lanes, whole, next(order))]
    seen = {whole}
    for _ in range(min(_MOST_CASES, max(1, _MOST_EDGES // max(1, len(problem.values))))):
        case = heapq.heappop(queue)
        splits = list(_splits(problem, case.awards))
        if not splits:
            return Allocation(case.awards, exact=True)
        for without in {case.without | split for split in splits} - seen:
            seen.add(without)
            heapq.heappush(queue, _Case.of(problem, lanes, without, next(order)))
    fitted = (_fitted(problem, queue[0].awards), _fitted(problem, {}))
    return Allocation(max(fitted, key=lambda awards: _total(problem, awards)), exact=False)


@dataclass(frozen=True, slots=True, order=True)
class _Case:
    """What is left when some edges are left out, and the best that it could come to."""

    bound: int
    """Minus the total value, so that the smallest is the most promising."""

    number: int
    without: frozenset[Edge] = field(compare=False)
    awards: dict[str, str] = field(compare=False)

    @classmethod
    def of(
        cls, problem: Problem, lanes: tuple[Lane, ...], without: frozenset[Edge], number: int
    ) -> "_Case":
        values = {edge: value for edge, value in problem.values.items() if edge not in without}
        awards = best_assignment(values, problem.capacities, lanes)
        return cls(-sum(values[edge] for edge in awards.items()), number, without, awards)


def _splits(problem: Problem, awards: Mapping[str, str]) -> Iterator[frozenset[Edge]]:
    """What to leave out, one or the other, so that these awards are no longer possible."""
    clash = next(
        (pair for pair in combinations(sorted(awards), 2) if pair in problem.clashes), None
    )
    if clash:
        for task in clash:
            yield frozenset(edge for edge in problem.values if edge[0] == task)
    elif sum(problem.prices[edge] for edge in awards.items()) > problem.budget:
        for edge in awards.items():
            yield frozenset({edge})


def _total(problem: Problem, awards: Mapping[str, str]) -> int:
    return sum(problem.values[edge] for edge in awards.items())


def _fitted(problem: Problem, awards: Mapping[str, str]) -> dict[str, str]:
    """What fits together of these awards, most valuable first, and then whatever else fits."""
    kept: dict[str, str] = {}
    others = sorted(problem.values, key=lambda edge: -problem.values[edge])
    for edge in (*sorted(awards.items(), key=lambda edge: -problem.values[edge]), *others):
        if _fits(problem, kept, edge):
            kept[edge[0]] = edge[1]
    return kept


def _fits(problem: Problem, kept: Mapping[str, str], edge: Edge) -> bool:
    task, agent = edge
    spent = sum(problem.prices[each] for each in kept.items()) + problem.prices[edge]
    writers = sum(each in problem.writing for each in (*kept, task))
    return (
        task not in kept
        and list(kept.values()).count(agent) < problem.capacities.get(agent, 0)
        and spent <= problem.budget
        and (task not in problem.writing or writers <= problem.slots)
        and not any(tuple(sorted((task, other))) in problem.clashes for other in kept)
    )


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
