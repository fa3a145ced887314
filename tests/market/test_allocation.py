"""The best set of awards, against trying every set."""

from itertools import combinations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.market.allocation import Problem, allocate

TASKS, AGENTS = ("p", "q", "r", "s"), ("a", "b", "c")


def fits(problem: Problem, awards: dict[str, str]) -> bool:
    load = [list(awards.values()).count(agent) <= problem.capacities[agent] for agent in AGENTS]
    clash = any(pair in problem.clashes for pair in combinations(sorted(awards), 2))
    spent = sum(problem.prices[edge] for edge in awards.items())
    writers = len(problem.writing & set(awards))
    return all(load) and not clash and spent <= problem.budget and writers <= problem.slots


def best_by_trying_all(problem: Problem) -> int:
    choices = [[None, *(a for a in AGENTS if (task, a) in problem.values)] for task in TASKS]
    every = ({t: a for t, a in zip(TASKS, c, strict=True) if a} for c in product(*choices))
    return max(
        sum(problem.values[edge] for edge in awards.items())
        for awards in every
        if fits(problem, awards)
    )


def edges(highest: int) -> st.SearchStrategy[dict[tuple[str, str], int]]:
    keys = st.tuples(st.sampled_from(TASKS), st.sampled_from(AGENTS))
    return st.dictionaries(keys, st.integers(1, highest), max_size=12)


problems = st.builds(
    lambda values, price, free, writing, clashes, slots, budget: Problem(
        values=values,
        prices={edge: price[n % len(price)] for n, edge in enumerate(values)},
        capacities=dict(zip(AGENTS, free, strict=True)),
        writing=frozenset(writing),
        clashes=frozenset(clashes),
        slots=slots,
        budget=budget,
    ),
    edges(9),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)),
    st.sets(st.sampled_from(TASKS)),
    st.sets(st.sampled_from(list(combinations(TASKS, 2)))),
    st.integers(0, 4),
    st.integers(0, 10),
)


@given(problems)
def test_no_other_set_of_awards_is_worth_more(problem: Problem) -> None:
    found = allocate(problem)
    assert found.exact
    assert fits(problem, dict(found.awards))
    total = sum(problem.values[edge] for edge in found.awards.items())
    assert total == best_by_trying_all(problem)


@st.composite
def tight(draw: st.DrawFn) -> Problem:
    """Everybody bids on everything and the budget allows about half of it: edges must be required."""
    every = [(task, agent) for task in TASKS for agent in AGENTS]
    prices = draw(st.lists(st.integers(1, 6), min_size=12, max_size=12))
    values = draw(st.lists(st.integers(1, 30), min_size=12, max_size=12))
    return Problem(
        values=dict(zip(every, values, strict=True)),
        prices=dict(zip(every, prices, strict=True)),
        capacities=dict.fromkeys(AGENTS, draw(st.integers(1, 2))),
        writing=frozenset(TASKS[: draw(st.integers(2, 4))]),
        clashes=frozenset(draw(st.sets(st.sampled_from(list(combinations(TASKS, 2))), max_size=2))),
        slots=draw(st.integers(1, 3)),
        budget=draw(st.integers(4, 14)),
    )


@settings(max_examples=100)
@given(tight())
def test_nor_when_money_is_short(problem: Problem) -> None:
    found = allocate(problem)
    assert found.exact
    assert fits(problem, dict(found.awards))
    total = sum(problem.values[edge] for edge in found.awards.items())
    assert total == best_by_trying_all(problem)


def test_a_search_cut_short_still_fits_and_says_so() -> None:
    tasks = [f"t{n:02}" for n in range(14)]
    # Every task costs 7 of 45 and is worth nearly the same: very many sets of six are as good.
    values = {(task, "a"): 1000 + n for n, task in enumerate(tasks)}
    problem = Problem(
        values=values,
        prices=dict.fromkeys(values, 7),
        capacities={"a": 14},
        writing=frozenset(tasks),
        clashes=frozenset(),
        slots=14,
        budget=45,
    )
    found = allocate(problem)
    assert not found.exact
    assert sorted(found.awards) == tasks[-6:]
