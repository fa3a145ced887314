"""Rules over recorded outcomes."""

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.money import CERTAIN, USD
from swarm.market.contest import RULES, Setting, contest, hindsight, stand
from swarm.market.matrix import Matrix, family_of, read_matrix

TEXT = """task,cheap-1,acp/dear-2,free-3
a,1:0.1,1:2.0,1:0
b,0:0.1,1:2.0,1:0
c,0:0.1,0:2.0,1:0
d,0:,0:2.0,1:0
"""


def a_matrix(*rights: str, bills: tuple[int, ...]) -> Matrix:
    count = len(rights[0])
    return Matrix(
        agents=tuple(f"agent-{n}" for n in range(len(rights))),
        families=tuple(f"family-{n}" for n in range(len(rights))),
        tasks=tuple(f"t{n}" for n in range(count)),
        right=tuple(tuple(mark == "1" for mark in row) for row in rights),
        bills=tuple((bill,) * count for bill in bills),
    )


def a_setting(alpha: int = 0, beta: int = 0, orders: int = 3) -> Setting:
    return Setting(10 * USD, 5 * USD, alpha, beta, orders)


def test_agents_without_bills_are_left_out_and_a_missing_bill_is_the_mean() -> None:
    text = "task,a,b\n" + "".join(f"t{n},1:{'' if n == 0 else '0.2'},1:0\n" for n in range(30))
    matrix = read_matrix(text)
    assert (matrix.agents, matrix.left_out) == (("a",), ("b",))
    assert set(matrix.bills[0]) == {USD // 5}


@pytest.mark.parametrize("text", ["", "task,a\n", "task,a\nt1,yes:2\n", "task,a\nt1,1:x\n"])
def test_what_is_no_table_of_outcomes_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        read_matrix(text)


def test_who_is_not_there_cannot_be_left_out() -> None:
    with pytest.raises(Rejected, match="nobody"):
        read_matrix(TEXT, {"nobody"})


def test_a_family_is_who_made_the_model() -> None:
    assert family_of("acp-claude/claude-opus-4-7") == family_of("claude-sonnet-4-5") == "claude"


def test_hindsight_knows_the_best_agent_and_the_best_order_of_two() -> None:
    matrix = a_matrix("110000", "000111", "111110", bills=(USD // 10, USD // 10, 6 * USD))
    single, cascade = hindsight(matrix, a_setting())
    assert single.rule == "hindsight: agent-1"
    assert cascade.rule == "hindsight: agent-1, then agent-0"
    assert cascade.utility == (5 * 10 * USD - 9 * (USD // 10)) // 6


def test_hindsight_of_leaky_checks_is_an_expectation() -> None:
    matrix = a_matrix("10", bills=(USD,))
    single, _ = hindsight(matrix, a_setting(alpha=CERTAIN // 2))
    assert single.utility == (10 * USD - 5 * USD // 2 - 2 * USD) // 2
    assert (single.right, single.wrong) == (CERTAIN // 2, CERTAIN // 4)


def test_the_market_learns_to_leave_an_agent_that_never_succeeds() -> None:
    matrix = a_matrix("0" * 60, "1" * 60, bills=(USD, 2 * USD))
    standing = stand(matrix, a_setting(), "market")
    assert standing.right == CERTAIN
    assert standing.attempts < CERTAIN * 8 // 5


def test_nobody_is_tried_when_nothing_is_worth_its_price() -> None:
    matrix = a_matrix("1" * 5, bills=(50 * USD,))
    assert stand(matrix, a_setting(), "market").attempts == 0


def test_every_rule_stands_beside_the_marks_and_comes_out_the_same_again() -> None:
    matrix = a_matrix("1101100", "0101011", bills=(USD // 5, USD))
    standings = list(contest(matrix, a_setting(100_000, 100_000)))
    assert [each.rule for each in standings[2:]] == list(RULES)
    assert standings == list(contest(matrix, a_setting(100_000, 100_000)))


def test_the_order_of_the_columns_changes_nothing() -> None:
    one = a_matrix("1101100", "0101011", bills=(USD // 5, USD))
    both = {stand(m, a_setting(), "market, known").utility for m in (one, one.of_agents((1, 0)))}
    assert len(both) == 1


def test_best_of_two_pays_for_both() -> None:
    matrix = a_matrix("1111", "1111", bills=(USD, USD))
    assert stand(matrix, a_setting(), "best-of-2").cost == 2 * USD


def test_checks_that_are_not_what_is_believed_of_them_decide_what_is_accepted() -> None:
    matrix = a_matrix("1111", "0000", bills=(USD, USD // 10))
    believed = a_setting()
    assert stand(matrix, believed, "cheapest").wrong == 0
    gullible = stand(matrix, believed, "cheapest", lambda task, right, dice: True)
    assert gullible.wrong > 0
    assert stand(matrix, believed, "market", lambda task, right, dice: False).right == 0
