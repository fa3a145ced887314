"""The books balance whatever happens."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from swarm.domain.errors import Exhausted, Rejected, SwarmError
from swarm.market.ledger import (
    PROVIDER,
    WORLD,
    Ledger,
    agent_account,
    begin,
    deposit,
    escrow_account,
    finish,
    goal_account,
    meter,
    settle,
)


def funded(amount: int = 10) -> Ledger:
    return deposit(Ledger(), "g", amount)


def test_two_attempts_that_race_for_the_last_money_cannot_both_have_it() -> None:
    one = begin(funded(10), "g", "a1", "ada", 7)
    with pytest.raises(Exhausted, match="3 left"):
        begin(one, "g", "a2", "bob", 7)


def test_what_was_not_used_can_be_used_by_the_next() -> None:
    over = settle(meter(begin(funded(10), "g", "a1", "ada", 7), "a1", 2), "a1")
    assert over.balance(goal_account("g")) == 8
    assert begin(over, "g", "a2", "bob", 8).balance(goal_account("g")) == 0


def test_a_bill_above_the_escrow_is_paid_by_the_goal() -> None:
    paid = meter(begin(funded(10), "g", "a1", "ada", 3), "a1", 5)
    assert (paid.balance(escrow_account("a1")), paid.balance(goal_account("g"))) == (0, 5)
    assert paid.balance(PROVIDER) == 5


def test_a_child_draws_from_its_parent_and_not_more_than_it_has() -> None:
    with_child = deposit(funded(10), "child", 6, parent="g")
    assert with_child.balance(WORLD) == -10
    with pytest.raises(Exhausted):
        deposit(with_child, "other", 5, parent="g")


def test_nothing_is_settled_twice() -> None:
    over = settle(begin(funded(), "g", "a1", "ada", 3), "a1", 5)
    with pytest.raises(Rejected):
        settle(over, "a1", 5)
    with pytest.raises(Rejected):
        meter(over, "a1", 1)


def test_the_last_word_replaces_the_provisional_one_and_comes_once() -> None:
    over = settle(meter(begin(funded(), "g", "a1", "ada", 3), "a1", 2), "a1", 9)
    assert over.balance(agent_account("ada"), "credit") == 7
    final = finish(over, "a1", 0)
    assert final.balance(agent_account("ada"), "credit") == -2
    with pytest.raises(Rejected):
        finish(final, "a1", 9)


def test_there_is_no_last_word_before_the_first() -> None:
    with pytest.raises(Rejected):
        finish(begin(funded(), "g", "a1", "ada", 3), "a1", 9)


amounts = st.integers(0, 6)
attempts = st.sampled_from(["a1", "a2", "a3"])
goals = st.sampled_from(["g", "h"])


class Books(RuleBasedStateMachine):
    """Any order of anything: what is refused changes nothing, what is posted balances."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()

    def keep(self, posted: object) -> None:
        assert isinstance(posted, Ledger)
        self.ledger = posted

    @rule(goal=goals, amount=amounts, parent=st.sampled_from([None, "g"]))
    def deposit(self, goal: str, amount: int, parent: str | None) -> None:
        try:
            self.keep(deposit(self.ledger, goal, amount, parent))
        except SwarmError:
            return

    @rule(goal=goals, attempt=attempts, amount=amounts)
    def begin(self, goal: str, attempt: str, amount: int) -> None:
        try:
            self.keep(begin(self.ledger, goal, attempt, "ada", amount))
        except SwarmError:
            return

    @rule(attempt=attempts, amount=amounts)
    def meter(self, attempt: str, amount: int) -> None:
        try:
            self.keep(meter(self.ledger, attempt, amount))
        except SwarmError:
            return

    @rule(attempt=attempts, worth=amounts, last=st.booleans())
    def end(self, attempt: str, worth: int, last: bool) -> None:
        try:
            self.keep((finish if last else settle)(self.ledger, attempt, worth))
        except SwarmError:
            return

    @invariant()
    def money_is_only_moved(self) -> None:
        assert self.ledger.total("usd") == self.ledger.total("credit") == 0

    @invariant()
    def the_entries_tell_every_balance(self) -> None:
        told: dict[tuple[str, str], int] = {}
        for entry in self.ledger.entries:
            for account, sign in ((entry.source, -1), (entry.target, 1)):
                place = (entry.currency, account)
                told[place] = told.get(place, 0) + sign * entry.amount
        assert {k: v for k, v in told.items() if v} == {
            k: v for k, v in self.ledger.balances.items() if v
        }

    @invariant()
    def a_settled_attempt_holds_nothing_and_a_live_one_at_most_what_was_filled(self) -> None:
        for name, escrow in self.ledger.escrows.items():
            held = self.ledger.balance(escrow_account(name))
            assert held == 0 if escrow.settled else 0 <= held <= escrow.filled


TestBooks = Books.TestCase
