"""The best assignment under lanes and groups, against trying every one."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.market.flow import Edge, Lane, best_assignment

TASKS, AGENTS = ("p", "q", "r", "s", "t"), ("a", "b", "c")


def test_a_full_lane_changes_its_mind_for_the_sake_of_another_lane() -> None:
    values = {("p", "a"): 10, ("q", "b"): 8, ("r", "a"): 9}
    lanes = (Lane((("p",), ("q",)), 1), Lane((("r",),), 1))
    assert best_assignment(values, {"a": 1, "b": 1}, lanes) == {"q": "b", "r": "a"}


def test_of_a_group_the_task_goes_through_that_is_worth_most_where_it_goes() -> None:
    values = {("p", "a"): 5, ("q", "b"): 7, ("r", "b"): 9}
    lanes = (Lane((("p", "q"), ("r",)), 2),)
    assert best_assignment(values, {"a": 1, "b": 1}, lanes) == {"p": "a", "r": "b"}


def fits(awards: dict[str, str], free: dict[str, int], lanes: tuple[Lane, ...]) -> bool:
    held = list(awards.values())
    through = [[sum(task in awards for task in group) for group in lane.groups] for lane in lanes]
    return (
        all(held.count(agent) <= free[agent] for agent in AGENTS)
        and all(count <= 1 for lane in through for count in lane)
        and all(sum(counts) <= lane.slots for counts, lane in zip(through, lanes, strict=True))
    )


@st.composite
def windows(draw: st.DrawFn) -> tuple[dict[Edge, int], dict[str, int], tuple[Lane, ...]]:
    """Two lanes, the first one of groups and often full. No two sums of values are equal."""
    edges = [(task, agent) for task in TASKS for agent in AGENTS]
    drawn = draw(st.lists(st.integers(0, 20), min_size=15, max_size=15))
    values = {e: (v << 20) + (1 << n) for n, (e, v) in enumerate(zip(edges, drawn, strict=True))}
    kept = {edge: value for edge, value in values.items() if value >> 20}
    free = {agent: draw(st.integers(0, 2)) for agent in AGENTS}
    first, rest = draw(
        st.sampled_from([(("p",), "qrst"), (("p", "q"), "rst"), (("p", "s"), "qrt")])
    )
    cut = draw(st.integers(0, len(rest)))
    writers = Lane((first, *((task,) for task in rest[:cut])), draw(st.integers(0, 3)))
    return kept, free, (writers, Lane(tuple((task,) for task in rest[cut:]), 5))


@settings(max_examples=40)
@given(windows())
def test_no_other_assignment_is_worth_more(
    window: tuple[dict[Edge, int], dict[str, int], tuple[Lane, ...]],
) -> None:
    values, free, lanes = window
    choices = [[None, *(a for a in AGENTS if (task, a) in values)] for task in TASKS]
    every = ({t: a for t, a in zip(TASKS, c, strict=True) if a} for c in product(*choices))
    worths = {
        tuple(sorted(awards.items())): sum(values[edge] for edge in awards.items())
        for awards in every
        if fits(awards, free, lanes)
    }
    found = best_assignment(values, free, lanes)
    assert tuple(sorted(found.items())) == max(worths, key=worths.__getitem__)
