"""Two mistakes in two modules: each edit turns other failing tests green."""

import pytest

from swarm.domain.changes import Written
from swarm.engines.port import GaveUp, Submission
from tests.engines.conftest import Builder, Workshop, as_done

pytestmark = pytest.mark.thorough

RATES = """\
def discount(count):
    if count > 10:
        return 10
    return 0
"""
CART = """\
from rates import discount


def total(prices):
    rest = sum(prices) * (100 - discount(len(prices))) // 100
    return rest


def mean(prices):
    return total(prices) - len(prices)
"""
TESTS = """\
from cart import mean, total
from rates import discount

def test_few(): assert discount(3) == 0
def test_ten(): assert discount(10) == 10
def test_total(): assert total([4, 6]) == 10
def test_mean(): assert mean([4, 8]) == 6
def test_mean_of_three(): assert mean([4, 8, 9]) == 7
def test_both(): assert mean([100] * 10) == 90
"""
RED = ("ten", "mean", "mean_of_three", "both")


def a_shop(workshop: Builder) -> Workshop:
    passed = {f"test_shop.py::test_{name}": "passed" for name in ("few", "total")}
    failed = {f"test_shop.py::test_{name}": "failed" for name in RED}
    return workshop(
        {"rates.py": RATES, "cart.py": CART, "test_shop.py": TESTS},
        {**passed, **failed},  # type: ignore[dict-item]
    )


def test_two_mistakes_in_two_modules_end_in_one_patch(workshop: Builder) -> None:
    end = a_shop(workshop).repair("pairs")[-1]
    assert isinstance(end, Submission), end
    texts = {i.path: i.data.decode() for i in end.changes.items if isinstance(i, Written)}
    assert "count >= 10" in texts[b"rates.py"]
    assert "total(prices) // len(prices)" in texts[b"cart.py"]
    assert "rates.py" in end.title
    assert "cart.py" in end.title
    assert "turn 4 failing test(s) green" in end.why


def test_no_single_edit_mends_two_mistakes(workshop: Builder) -> None:
    assert isinstance(a_shop(workshop).repair("templates")[-1], GaveUp)


def test_a_repair_by_two_edits_goes_on_where_it_was(workshop: Builder) -> None:
    shop = a_shop(workshop)
    whole = shop.repair("pairs")
    for cut in range(1, len(whole) - 1):
        assert shop.repair("pairs", done=as_done(whole[:cut]))[-1] == whole[-1]


BAD_IMPORT = """\
from rates import discount

MOST = discount(1) + None


def price(count):
    return MOST + count
"""


def test_a_second_mistake_may_be_one_that_no_import_survives(workshop: Builder) -> None:
    tests = "from rates import discount\n\ndef test_ten(): assert discount(10) == 10\n"
    more = "from price import price\n\ndef test_price(): assert price(1) == 1\n"
    files = {
        "rates.py": RATES,
        "price.py": BAD_IMPORT,
        "test_rates.py": tests,
        "test_price.py": more,
    }
    red = {"test_rates.py::test_ten": "failed", "test_price.py": "error"}
    end = workshop(files, red).repair("pairs")[-1]  # type: ignore[arg-type]
    assert isinstance(end, Submission), end
    assert {i.path for i in end.changes.items} == {b"rates.py", b"price.py"}
