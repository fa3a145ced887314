import pytest

from ledger import Ledger


def books():
    ledger = Ledger()
    ledger.post("bank", "rent", 80_000, "march")
    ledger.post("salary", "bank", 250_000)
    return ledger


def test_balances():
    assert books().balances() == {"bank": 170_000, "rent": 80_000, "salary": -250_000}


def test_balances_add_up_to_nothing():
    assert sum(books().balances().values()) == 0


def test_reversal():
    ledger = books()
    ledger.reverse(0)
    assert ledger.balance("rent") == 0
    assert ledger.postings[-1][3] == "reversal of march"


@pytest.mark.parametrize(("source", "target", "cents"), [("a", "b", 0), ("a", "a", 5)])
def test_nonsense_is_refused(source, target, cents):
    with pytest.raises(ValueError):
        Ledger().post(source, target, cents)
