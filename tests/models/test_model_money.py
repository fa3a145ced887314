"""What was reserved and spent, over every interleaving with crashes."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected
from swarm.models.conversation import Measured, Usage
from swarm.models.ledger import Ledger
from swarm.models.prices import (
    MOST_AGE,
    aged,
    cost_of,
    most_cost,
    price_of,
    read_price,
    seen,
    table,
)
from swarm.models.windows import USUAL, reaches, window_of
from swarm.testing.models import a_gateway, a_route, an_ask, asked
from swarm.testing.wire import Say, a_model, script

CAP = 20
ACCOUNTS = st.sampled_from(["a", "b"])


class Crashes(RuleBasedStateMachine):
    """Reserve, settle, crash at any point; also with the last line torn off."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "ledger"
        self.ledger = Ledger(self.path)
        self.open: dict[int, int] = {}
        self.really_spent: dict[str, int] = {"a": 0, "b": 0}
        self.owner: dict[int, str] = {}

    @rule(account=ACCOUNTS, amount=st.integers(0, 9))
    def reserve(self, account: str, amount: int) -> None:
        try:
            number = self.ledger.reserve(account, amount, CAP)
        except Exhausted:
            return
        self.open[number] = amount
        self.owner[number] = account

    @rule(share=st.integers(0, 9))
    def settle(self, share: int) -> None:
        if self.open:
            number, amount = self.open.popitem()
            cost = min(share, amount)
            self.really_spent[self.owner[number]] += cost
            self.ledger.settle(number, cost)

    @rule(torn=st.integers(0, 12))
    def crash(self, torn: int) -> None:
        """What was under way may have cost all that it could."""
        for number, amount in self.open.items():
            self.really_spent[self.owner[number]] += amount
        self.open.clear()
        self.ledger.close()
        data = self.path.read_bytes()
        last = data.rstrip(b"\n").rfind(b"\n") + 1
        if b"settled" in data[last:]:  # only what was not awaited can be missing
            self.path.write_bytes(data[: max(len(data) - torn, last)])
        self.ledger = Ledger(self.path)

    @invariant()
    def nothing_exceeds_the_cap(self) -> None:
        for account in ("a", "b"):
            balance = self.ledger.balance(account)
            assert 0 <= self.really_spent[account] <= balance.total <= CAP

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()


TestCrashes = Crashes.TestCase


def test_a_damaged_ledger_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_bytes(b"what?\n")
    with pytest.raises(Lacking, match="damaged"):
        Ledger(tmp_path / "ledger")


def test_the_same_words_for_the_same_account_are_paid_once(tmp_path: Path) -> None:
    with a_model(script(Say("hi"))) as server:
        first, again = (asked(a_gateway(tmp_path, a_route(server)), an_ask())[0] for _ in "ab")
        other = asked(a_gateway(tmp_path, a_route(server)), an_ask(account="g-000001.t9"))[0]
        assert len(server.heard) == 2
    assert again.replayed
    assert again.cost == first.cost > 0
    assert not other.replayed


def test_another_salt_is_another_question(tmp_path: Path) -> None:
    with a_model(script(Say("hi"))) as server:
        asked(a_gateway(tmp_path, a_route(server)), an_ask(), an_ask(salt="again"))
        assert len(server.heard) == 2


def test_an_answer_costs_what_the_table_says() -> None:
    price = price_of("anthropic", "claude-sonnet-4-5-20250929", date(2026, 1, 1), table())
    usage = Usage(fresh=1_000_000, cache_read=1_000_000, cache_written=1_000_000, output=1_000_000)
    assert cost_of(usage, price) == 3_000_000 + 300_000 + 3_750_000 + 15_000_000


def test_of_rows_of_one_model_the_latest_that_has_begun_counts() -> None:
    days = (date(2026, 10, 6), date(2026, 10, 7))
    reads = [price_of("anthropic", "claude-sonnet-5-5", day, table()).cache_read for day in days]
    assert reads == [200_000, 100_000]


def test_an_unknown_model_costs_as_much_as_the_dearest() -> None:
    price = price_of("anthropic", "claude-from-the-future", date(2026, 1, 1), table())
    assert price.assumed
    assert price.output == max(row.price.output for row in table())


def test_before_its_day_a_price_does_not_hold() -> None:
    with pytest.raises(NeedsHuman):
        price_of("anthropic", "claude-opus-4", date(2024, 1, 1), table())
    with pytest.raises(NeedsHuman):
        price_of("openai", "gpt", date(2026, 1, 1), table())


@pytest.mark.parametrize("text", ["3", "a/b", "-1/2", "1/2/3/4", "1/2/-3", ""])
def test_a_price_is_written_as_two_amounts_or_three(text: str) -> None:
    with pytest.raises(Rejected):
        read_price(text)


def test_what_was_measured_makes_the_reservation_small_and_still_enough() -> None:
    price = read_price("1/1")
    assert most_cost(10_000, 0, Measured(size=9_000, tokens=2_000), price) < most_cost(
        10_000, 0, Measured(), price
    )
    assert most_cost(10_000, 0, Measured(size=9_000, tokens=2_000), price) * 4 >= 3_000


def test_a_table_that_has_grown_old_says_so_and_a_fresh_one_nothing() -> None:
    newest = max(row.since for row in table())
    assert seen() == newest
    assert aged(newest + MOST_AGE) == ""
    told = aged(newest + MOST_AGE + timedelta(days=1))
    assert str(newest) in told
    assert "engine_price" in told


# Windows ----------------------------------------------------------------------------------------


def test_a_window_is_the_users_word_or_the_tables_by_its_date_or_the_usual() -> None:
    october = date(2026, 10, 20)
    assert window_of("anthropic", "claude-haiku-5-5-20261007", october) == 1_000_000
    assert window_of("anthropic", "claude-haiku-5-5", date(2026, 10, 1)) == USUAL
    assert window_of("openai", "qwen3-coder", october) == USUAL
    assert len(reaches()) == len({(row.model, row.since) for row in reaches()})
