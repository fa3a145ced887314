"""What verified outcomes teach of those who tried."""

import random

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.experience import Experience
from swarm.domain.money import CERTAIN
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.difficulty import WEIGHTS
from swarm.market.learning import (
    Key,
    Ruling,
    Tried,
    class_of,
    corrected,
    cost_factor,
    known_of,
    lessons,
    prior_of,
)
from swarm.market.skill import learned, mean

HALF = CERTAIN // 2
WRITE = TaskKind.WRITE


def tried(
    agent: str,
    ruling: Ruling,
    family: str = "",
    *,
    engine: str = "model",
    quoted: int = 0,
    spent: int = 0,
) -> Tried:
    return Tried(
        AgentId(agent),
        family or agent,
        engine,
        HALF,
        HALF,
        ruling,
        quoted=quoted,
        spent=spent,
    )


def after(*tasks: list[Tried], alpha: int = 0, beta: int = 0) -> dict[Key, Experience]:
    table: dict[Key, Experience] = {}
    for task in tasks:
        for name, experience in lessons(task, table, WRITE, alpha, beta).items():
            table[name, WRITE] = experience
    return table


def believed(table: dict[Key, Experience], agent: str, engine: str = "model") -> float:
    skill = known_of(table, AgentId(agent), engine, WRITE)
    assert skill is not None
    return mean(skill, HALF)


def test_nobody_is_known_before_anything_was_tried() -> None:
    assert known_of({}, AgentId("a"), "model", WRITE) is None


def test_tries_and_wins_are_counted() -> None:
    known = after([tried("a", "refused")], [tried("a", "accepted")])[AgentId("a"), WRITE]
    assert (known.tries, known.accepted) == (2, 1)


def test_a_leaky_check_teaches_less() -> None:
    sure = believed(after([tried("a", "accepted")]), "a")
    leaky = believed(after([tried("a", "accepted")], alpha=300_000, beta=100_000), "a")
    blind = believed(after([tried("a", "accepted")], alpha=HALF, beta=HALF), "a")
    assert blind < leaky < sure


def test_giving_up_is_no_mistake_of_the_checks() -> None:
    gave_up = believed(after([tried("a", "nothing")], alpha=300_000, beta=300_000), "a")
    refused = believed(after([tried("a", "refused")], alpha=300_000, beta=300_000), "a")
    assert gave_up < refused


def test_failing_where_others_fail_says_less_than_failing_where_others_succeed() -> None:
    hard = after([tried("a", "refused"), tried("b", "refused", engine="repair")])
    easy = after([tried("a", "refused"), tried("b", "accepted", engine="repair")])
    assert believed(easy, "a") < believed(hard, "a")


def test_the_family_says_more_of_the_difficulty_than_strangers() -> None:
    kin = after([tried("a", "refused", "f"), tried("b", "refused", "f")])
    strangers = after([tried("a", "refused", "f"), tried("b", "refused", "g")])
    assert believed(strangers, "a") < believed(kin, "a")


def test_a_newcomer_is_taken_for_one_of_its_class() -> None:
    failed = after(*[[tried("a", "nothing")] for _ in range(10)])
    good = after(*[[tried("a", "accepted")] for _ in range(10)])
    assert believed(failed, "new") < believed(good, "new")
    assert known_of(good, AgentId("new"), "repair", WRITE) is None


def test_what_others_of_its_class_show_tells_of_an_agent_too() -> None:
    mine = [tried("a", "refused")]
    alone = after(mine)
    beside = after(mine, *[[tried(f"b{n}", "accepted")] for n in range(10)])
    assert believed(alone, "a") < believed(beside, "a") < believed(beside, "new")
    assert beside[AgentId("a"), WRITE] == alone[AgentId("a"), WRITE]  # its own record stays its own


def test_a_class_is_known_by_its_agents_not_by_who_was_tried_most() -> None:
    good = [[tried(f"b{n}", "accepted")] for n in range(10)]
    one = after(*good, *[[tried("a", "nothing")] for _ in range(10)])
    ten = after(*good, *[[tried(f"a{n}", "nothing")] for n in range(10)])
    assert believed(one, "new") > believed(ten, "new") + 0.03


@given(st.lists(st.sampled_from(["accepted", "refused", "nothing"]), max_size=12))
def test_what_a_class_knows_is_the_sum_of_what_its_agents_told(rulings: list[Ruling]) -> None:
    table = after(*[[tried(f"a{n % 3}", ruling)] for n, ruling in enumerate(rulings)])
    pool = table.pop((class_of("model"), WRITE), None)
    told = (pool.told, pool.told_of) if pool is not None else (0, 0)
    assert told == (
        sum(each.told for each in table.values()),
        sum(each.told_of for each in table.values()),
    )


def test_a_class_is_told_apart_from_agents() -> None:
    table = after([tried("a", "accepted")])
    assert set(table) == {(AgentId("a"), WRITE), (class_of("model"), WRITE)}


def test_a_long_row_of_failures_is_overcome_after_a_change_of_mind() -> None:
    """Skills drift: after forty failures some successes count for more than one in two."""
    table = after(*[[tried("a", "nothing")] for _ in range(40)])
    low = believed(table, "a")
    for _ in range(40):
        for name, each in lessons([tried("a", "accepted")], table, WRITE, 0, 0).items():
            table[name, WRITE] = each
    assert believed(table, "a") > low + 0.2


def test_a_new_version_forgets_half() -> None:
    table = after(*[[tried("a", "nothing")] for _ in range(10)])
    changed = Tried(AgentId("a"), "a", "model", HALF, HALF, "refused", version="2")
    same = Tried(AgentId("a"), "a", "model", HALF, HALF, "refused")
    anew = lessons([changed], table, WRITE, 0, 0)[AgentId("a")]
    as_before = lessons([same], table, WRITE, 0, 0)[AgentId("a")]
    assert mean(anew.skill) > mean(as_before.skill)
    assert anew.version == "2"


@given(st.integers(1, 1000), st.integers(1, 9))
def test_bills_that_are_higher_than_quotes_raise_what_is_expected(quote: int, times: int) -> None:
    table = after(*[[tried("a", "accepted", quoted=quote, spent=times * quote)] for _ in range(8)])
    factor = cost_factor(table[AgentId("a"), WRITE])
    assert CERTAIN <= factor <= times * CERTAIN
    assert times == 1 or factor > CERTAIN


def test_the_last_word_weighs_more_than_the_checks() -> None:
    known = after([tried("a", "accepted")], alpha=300_000, beta=100_000)[AgentId("a"), WRITE]
    right = corrected(known, HALF, "right", 300_000, 100_000)
    wrong = corrected(known, HALF, "wrong", 300_000, 100_000)
    assert mean(wrong.skill) < mean(known.skill) < mean(right.skill)


def test_what_is_believed_comes_near_the_truth_in_spite_of_noisy_checks() -> None:
    dice = random.Random(3)
    alpha, beta, truth = 200_000, 100_000, 0.7
    tasks = []
    for _ in range(400):
        right = dice.random() < truth
        accepted = dice.random() < (1 - beta / CERTAIN if right else alpha / CERTAIN)
        tasks.append([tried("a", "accepted" if accepted else "refused")])
    assert abs(believed(after(*tasks, alpha=alpha, beta=beta), "a") - truth) < 0.07


def test_who_is_alone_at_a_task_learns_nothing_of_its_difficulty_from_itself() -> None:
    known = after([tried("a", "nothing")])[AgentId("a"), WRITE]
    start = prior_of("model").skill
    assert known.skill == learned(start, HALF, [0.0] * len(WEIGHTS), WEIGHTS)
