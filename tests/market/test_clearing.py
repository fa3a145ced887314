"""The clearing: who gets what, who does not, and that no detail of arrival matters."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.bids import Bid
from swarm.domain.errors import Rejected
from swarm.domain.money import USD
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import AtWork, Clearing, OpenTask, Terms, clear, explain
from swarm.testing.bids import a_bid, a_failure, an_open_task

T1, T2, T3 = "g-000000.t1", "g-000000.t2", "g-000000.t3"


def cleared(
    tasks: list[OpenTask],
    bids: list[Bid],
    *,
    capacity: int = 1,
    slots: int = 9,
    budget: int = USD,
    at_work: tuple[AtWork, ...] = (),
    rule: str = "market",
    seed: str = "s",
) -> Clearing:
    capacities = {bid.agent_id: capacity for bid in bids}
    terms = Terms(slots=slots, budget=budget, at_work=at_work, rule=rule)
    return clear(tasks, bids, capacities, terms, seed)


def winners(clearing: Clearing) -> dict[str, str]:
    return {award.task_id: award.agent_id for award in clearing.awards}


def reasons(clearing: Clearing) -> dict[tuple[str, str], str]:
    return {(each.task_id, each.agent_id): each.reason for each in clearing.refusals}


def test_the_highest_index_tries_first_not_the_highest_chance() -> None:
    bids = [a_bid("strong", price=400_000, chance=900_000), a_bid("cheap", chance=300_000)]
    clearing = cleared([an_open_task()], bids)
    assert winners(clearing) == {T1: "cheap"}
    assert reasons(clearing) == {(T1, "strong"): "lower index"}


def test_nobody_is_a_legal_answer() -> None:
    clearing = cleared([an_open_task(value=10)], [a_bid("dear", price=6)])
    assert clearing.hopeless == (T1,)
    assert reasons(clearing) == {(T1, "dear"): "no positive index"}


def test_a_task_without_bids_is_hopeless() -> None:
    assert cleared([an_open_task()], []).hopeless == (T1,)


def test_a_busy_agent_does_not_make_a_task_hopeless() -> None:
    clearing = cleared([an_open_task()], [a_bid("busy")], capacity=0)
    assert (clearing.awards, clearing.hopeless) == ((), ())
    assert reasons(clearing) == {(T1, "busy"): "capacity"}


def test_an_agent_with_one_slot_goes_where_it_gains_most() -> None:
    tasks = [an_open_task(T1, value=100), an_open_task(T2, value=200)]
    bids = [a_bid("one", T1), a_bid("one", T2)]
    clearing = cleared(tasks, bids)
    assert winners(clearing) == {T2: "one"}
    assert reasons(clearing) == {(T1, "one"): "capacity"}


def test_the_better_agent_steps_aside_when_that_is_better_for_all() -> None:
    tasks = [an_open_task(T1, value=100), an_open_task(T2, value=100)]
    bids = [a_bid("all-round", T1, price=2), a_bid("all-round", T2), a_bid("narrow", T1, price=5)]
    clearing = cleared(tasks, bids)
    assert winners(clearing) == {T1: "narrow", T2: "all-round"}
    assert reasons(clearing) == {(T1, "all-round"): "capacity"}


def test_a_price_above_what_is_left_is_refused() -> None:
    clearing = cleared([an_open_task(remaining=9)], [a_bid("a", price=10)])
    assert reasons(clearing) == {(T1, "a"): "over budget"}
    assert clearing.hopeless == (T1,)


def test_awards_together_stay_within_the_goals_budget() -> None:
    tasks = [an_open_task(T1), an_open_task(T2)]
    bids = [a_bid("a", T1, price=60), a_bid("b", T2, price=60)]
    clearing = cleared(tasks, bids, budget=100)
    assert len(clearing.awards) == 1
    assert list(reasons(clearing).values()) == ["over budget"]
    assert clearing.hopeless == ()


def test_money_held_by_writers_at_work_may_come_back() -> None:
    held = (AtWork(an_open_task(T2).task_id, ("other.py",)),)
    clearing = cleared([an_open_task()], [a_bid("a", price=60)], budget=50, at_work=held)
    assert reasons(clearing) == {(T1, "a"): "over budget"}
    assert clearing.hopeless == ()


def test_writers_at_work_take_slots() -> None:
    held = (AtWork(an_open_task(T2).task_id, ("other.py",)),)
    clearing = cleared([an_open_task()], [a_bid("a")], slots=1, at_work=held)
    assert reasons(clearing) == {(T1, "a"): "slots"}


def test_slots_bind_writers_only() -> None:
    check = an_open_task(T2, kind=TaskKind.TEST)
    clearing = cleared([an_open_task(T1), check], [a_bid("w", T1), a_bid("t", T2)], slots=0)
    assert winners(clearing) == {T2: "t"}


def test_two_tasks_that_may_touch_one_file_never_begin_together() -> None:
    tasks = [an_open_task(T1, touch=("src/a.py",)), an_open_task(T2, touch=("src",), value=2 * USD)]
    clearing = cleared(tasks, [a_bid("a", T1), a_bid("b", T2)])
    assert winners(clearing) == {T2: "b"}
    assert reasons(clearing) == {(T1, "a"): "conflict"}


def test_a_task_waits_for_whoever_works_on_its_files() -> None:
    held = (AtWork(an_open_task(T2).task_id, ("src/a.py",)),)
    task = an_open_task(T1, touch=("src/*.py",))
    clearing = cleared([task], [a_bid("a")], at_work=held)
    assert reasons(clearing) == {(T1, "a"): "conflict"}
    assert clearing.hopeless == ()


def test_one_task_in_the_middle_yields_to_two_beside_it() -> None:
    tasks = [
        an_open_task(T1, touch=("a", "b"), value=150),
        an_open_task(T2, touch=("a",), value=100),
        an_open_task(T3, touch=("b",), value=100),
    ]
    bids = [a_bid("x", T1), a_bid("y", T2), a_bid("z", T3)]
    assert winners(cleared(tasks, bids)) == {T2: "y", T3: "z"}


def test_an_author_does_not_check_its_own_work() -> None:
    task = an_open_task(kind=TaskKind.REVIEW, excluded=("author",))
    clearing = cleared([task], [a_bid("author"), a_bid("other", price=400_000)])
    assert winners(clearing) == {T1: "other"}
    assert reasons(clearing) == {(T1, "author"): "excluded author"}


def test_a_failed_task_goes_to_a_different_strategy_first() -> None:
    task = an_open_task(tried=("search",), failures=(a_failure("x", strategy="search"),))
    bids = [a_bid("again", strategy="search"), a_bid("model", price=1000, strategy="model")]
    clearing = cleared([task], bids)
    assert winners(clearing) == {T1: "model"}
    assert reasons(clearing) == {(T1, "again"): "tried"}


def test_a_tried_strategy_comes_again_when_no_other_is_worth_it() -> None:
    task = an_open_task(value=1000, tried=("search",))
    bids = [a_bid("again", strategy="search"), a_bid("model", price=900, strategy="model")]
    assert winners(cleared([task], bids)) == {T1: "again"}


def test_a_failure_can_make_the_rest_not_worth_trying() -> None:
    bids = [a_bid("next", price=300, chance=400_000)]
    assert winners(cleared([an_open_task(value=1000)], bids)) == {T1: "next"}
    task = an_open_task(value=1000, failures=(a_failure("best", chance=900_000),))
    assert cleared([task], bids).hopeless == (T1,)


def test_what_waits_for_a_dependency_is_not_hopeless() -> None:
    clearing = cleared([an_open_task(waits_for=(T2,))], [a_bid("a")])
    assert reasons(clearing) == {(T1, "a"): "waits for dependency"}
    assert clearing.hopeless == ()


def test_a_bid_that_takes_longer_than_an_attempt_may_is_refused() -> None:
    clearing = cleared([an_open_task()], [a_bid("a", seconds=601)])
    assert reasons(clearing) == {(T1, "a"): "too slow"}


def test_a_bid_for_nothing_announced_is_refused() -> None:
    assert reasons(cleared([], [a_bid("a")])) == {(T1, "a"): "not announced"}


def test_of_several_bids_of_one_agent_the_cheapest_counts() -> None:
    for prices in ((3, 2), (2, 3)):
        clearing = cleared([an_open_task()], [a_bid("a", price=price) for price in prices])
        assert [award.price for award in clearing.awards] == [2]
        assert len(clearing.scores) == 1


def test_who_takes_long_pays_for_the_delay() -> None:
    bids = [a_bid("slow", price=10, seconds=100), a_bid("fast", price=90, seconds=10)]
    patient, hurried = (Terms(slots=1, budget=USD, delay_cost=cost) for cost in (0, 1))
    free = {bid.agent_id: 1 for bid in bids}
    assert winners(clear([an_open_task()], bids, free, patient, "s")) == {T1: "slow"}
    assert winners(clear([an_open_task()], bids, free, hurried, "s")) == {T1: "fast"}


def test_ties_fall_by_a_draw_that_the_seed_decides() -> None:
    bids = [a_bid("a"), a_bid("b"), a_bid("c")]
    drawn = {winners(cleared([an_open_task()], bids, seed=str(n)))[T1] for n in range(40)}
    assert drawn == {"a", "b", "c"}


def test_the_clearing_records_every_number_it_used() -> None:
    task = an_open_task(failures=(a_failure("x"),))
    clearing = cleared([task], [a_bid("a", price=1000)])
    score = clearing.scores[0]
    assert score.probability_claimed == 500_000
    assert 100_000 < score.probability_used < 300_000
    assert clearing.awards[0].probability_used == score.probability_used
    assert score.index == USD - 1000 * USD // score.probability_used - 1
    assert Clearing.model_validate_json(clearing.model_dump_json()) == clearing


def test_an_explanation_names_figures_and_reasons() -> None:
    bids = [a_bid("cheap", price=10_000), a_bid("dear", price=450_000)]
    lines = explain(cleared([an_open_task()], bids), an_open_task().task_id)
    assert lines[0].startswith("cheap (cheap's way) tries g-000000.t1 for $0.01")
    assert "index $0.98 = $1.00 if accepted - $0.01 / 50.0 % chance" in lines[1]
    assert lines[2].endswith("another comes first.")


def test_an_explanation_says_when_nobody_should() -> None:
    clearing = cleared([an_open_task(value=1)], [a_bid("a")])
    assert explain(clearing, an_open_task().task_id)[0].startswith("Nobody should do")


# Fixed rules.


def test_single_lets_one_agent_try_once() -> None:
    bids = [a_bid("a"), a_bid("b", price=400_000)]
    assert winners(cleared([an_open_task()], bids, rule="single:b")) == {T1: "b"}
    after = an_open_task(failures=(a_failure("b"),))
    assert cleared([after], bids, rule="single:b").hopeless == (T1,)


def test_a_cascade_climbs_one_rung_after_each_failure() -> None:
    bids = [a_bid("a", strategy="small"), a_bid("b", strategy="large", price=400_000)]
    rule = "cascade:large,small"
    assert winners(cleared([an_open_task()], bids, rule=rule)) == {T1: "b"}
    after = an_open_task(failures=(a_failure("b", strategy="large"),))
    assert winners(cleared([after], bids, rule=rule)) == {T1: "a"}


def test_best_of_two_takes_two_different_strategies_within_half_the_budget_each() -> None:
    bids = [
        a_bid("best", strategy="x", chance=900_000, price=40),
        a_bid("twin", strategy="x", chance=800_000),
        a_bid("next", strategy="y", chance=300_000, price=50),
        a_bid("dear", strategy="z", chance=990_000, price=51),
    ]
    first = an_open_task(remaining=100)
    assert winners(cleared([first], bids, rule="best-of-2")) == {T1: "best"}
    second = an_open_task(remaining=100, failures=(a_failure("best", strategy="x"),))
    assert winners(cleared([second], bids, rule="best-of-2")) == {T1: "next"}
    third = an_open_task(remaining=100, failures=(a_failure("best"), a_failure("next")))
    assert cleared([third], bids, rule="best-of-2").hopeless == (T1,)


def test_fixed_rules_leave_checks_to_the_market() -> None:
    check = an_open_task(kind=TaskKind.TEST)
    assert winners(cleared([check], [a_bid("t")], rule="single:somebody")) == {T1: "t"}


@pytest.mark.parametrize(
    "text", ["", "single:", "single:a,b", "cascade:a,", "best-of-3", "market:a"]
)
def test_an_unknown_rule_is_rejected(text: str) -> None:
    with pytest.raises(Rejected, match="not a rule"):
        cleared([an_open_task()], [], rule=text)


# Laws.

agents = st.sampled_from(["a", "b", "c", "d"])
task_ids = st.sampled_from([T1, T2, T3])
bid_lists = st.lists(
    st.builds(
        a_bid,
        agents,
        task_ids,
        price=st.integers(0, 6),
        chance=st.sampled_from([0, 200_000, 500_000, 800_000, 1_000_000]),
        strategy=st.sampled_from(["x", "y", ""]),
    ),
    max_size=10,
    unique_by=lambda bid: (bid.task_id, bid.agent_id),
)
touches = st.sampled_from([(), ("a",), ("b",), ("a", "b"), ("c",)])
failures = st.lists(st.builds(a_failure, agents, chance=st.integers(0, 10**6)), max_size=2)
open_tasks = st.tuples(
    *[
        st.builds(
            an_open_task,
            st.just(task),
            value=st.integers(0, 20),
            remaining=st.integers(0, 8),
            touch=touches,
            failures=failures.map(tuple),
            tried=st.sampled_from([(), ("x",)]),
            excluded=st.sampled_from([(), ("d",)]),
        )
        for task in (T1, T2, T3)
    ]
).map(list)
capacities = st.dictionaries(agents.map(AgentId), st.integers(0, 2))
terms = st.builds(
    Terms,
    slots=st.integers(0, 3),
    budget=st.integers(0, 12),
    alpha=st.sampled_from([0, 100_000]),
    rule=st.sampled_from(["market", "best-of-2", "cascade:x,a"]),
)


@given(open_tasks, bid_lists, capacities, terms, st.integers())
def test_no_order_of_arrival_changes_anything(
    tasks: list[OpenTask], bids: list[Bid], free: dict[AgentId, int], on: Terms, seed: int
) -> None:
    before = clear(tasks, bids, free, on, "s")
    Random(seed).shuffle(tasks)
    Random(seed + 1).shuffle(bids)
    assert clear(tasks, bids, dict(reversed(free.items())), on, "s") == before


@given(open_tasks, bid_lists, capacities, terms)
def test_no_limit_is_ever_exceeded(
    tasks: list[OpenTask], bids: list[Bid], free: dict[AgentId, int], on: Terms
) -> None:
    clearing = clear(tasks, bids, free, on, "s")
    by_id = {task.task_id: task for task in tasks}
    taken = [award.agent_id for award in clearing.awards]
    assert all(taken.count(agent) <= free.get(agent, 0) for agent in taken)
    assert len(clearing.awards) <= on.slots
    assert sum(award.price for award in clearing.awards) <= on.budget
    assert len(winners(clearing)) == len(clearing.awards)
    for award in clearing.awards:
        assert award.price <= by_id[award.task_id].remaining
        assert award.agent_id not in by_id[award.task_id].excluded_agents


@given(open_tasks, bid_lists, capacities, terms)
def test_every_bid_is_awarded_or_refused_with_a_reason(
    tasks: list[OpenTask], bids: list[Bid], free: dict[AgentId, int], on: Terms
) -> None:
    clearing = clear(tasks, bids, free, on, "s")
    answered = [(award.task_id, award.agent_id) for award in clearing.awards]
    answered += [(refusal.task_id, refusal.agent_id) for refusal in clearing.refusals]
    assert sorted(answered) == sorted((bid.task_id, bid.agent_id) for bid in bids)
    assert not {award.task_id for award in clearing.awards} & set(clearing.hopeless)


def total(clearing: Clearing) -> int:
    begin = {(score.task_id, score.agent_id): score.begin for score in clearing.scores}
    return sum(begin[award.task_id, award.agent_id] for award in clearing.awards)


@given(bid_lists, st.integers(0, 6), st.sampled_from([200_000, 500_000, 1_000_000]), task_ids)
def test_one_more_agent_never_lowers_the_value(
    bids: list[Bid], price: int, chance: int, task: str
) -> None:
    tasks = [an_open_task(each, value=20 * n) for n, each in enumerate((T1, T2, T3), 1)]
    before = cleared(tasks, bids, slots=2)
    after = cleared(tasks, [*bids, a_bid("new", task, price=price, chance=chance)], slots=2)
    assert total(after) >= total(before) - len(tasks)  # each figure is rounded down


@given(open_tasks, bid_lists, capacities, st.integers(0, 3), st.integers(0, 12))
def test_a_task_is_hopeless_only_if_more_slots_would_not_help(
    tasks: list[OpenTask], bids: list[Bid], free: dict[AgentId, int], slots: int, budget: int
) -> None:
    clearing = clear(tasks, bids, free, Terms(slots=slots, budget=budget), "s")
    for task in tasks:
        alone = cleared([task], [bid for bid in bids if bid.task_id == task.task_id], budget=budget)
        assert (task.task_id in clearing.hopeless) == (not alone.awards)
