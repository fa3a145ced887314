"""A repair comes with a test of its own where the failing one is coarse."""

import ast

import pytest

from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import Outcome
from swarm.engines.port import Submission
from swarm.engines.repair.regression import function_at, is_asked_by, paths_for, regression
from swarm.engines.repair.worker.pinning import literal
from tests.engines.conftest import Builder, Workshop

CALL = {"module": "shop.price", "name": "discount", "arguments": "10, 'a'", "gives": "'x'"}


def test_a_pytest_project_gets_a_function_in_its_own_style() -> None:
    like = 'import shop\n\n\ndef test_it() -> None:\n    assert shop.name == "a"\n'
    assert regression(CALL, "t.py", like).text == (
        "from shop.price import discount\n\n\n"
        'def test_discount_by_itself() -> None:\n    assert discount(10, "a") == "x"\n'
    )


def test_a_unittest_project_gets_a_case() -> None:
    like = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.a('')\n"
    text = regression({**CALL, "raises": "ValueError"}, "t.py", like).text
    assert "class TestDiscountByItself(unittest.TestCase):" in text
    assert "with self.assertRaises(ValueError):\n            discount(10, 'a')" in text


def test_tabs_stay_tabs_and_quotes_inside_strings_stay_what_they_are() -> None:
    call = {**CALL, "arguments": repr("it's a 'b'"), "gives": repr('say "so"')}
    text = regression(call, "t.py", 'def test_it():\n\tassert "a"\n').text
    assert ast.literal_eval(text.rpartition("== ")[2]) == 'say "so"'
    assert "\n\tassert discount(\"it's a 'b'\")" in text


def test_it_is_named_like_the_file_of_the_failing_test() -> None:
    assert next(paths_for(CALL, "tests/test_shop.py")) == "tests/test_price_discount.py"
    assert next(paths_for(CALL, "shop/shop_test.py")) == "shop/price_discount_test.py"
    assert len(set(paths_for(CALL, "test_shop.py"))) == 4


def test_a_test_that_asks_the_changed_function_is_not_coarse() -> None:
    text = "from shop import f, g\ndef test_f(): assert f(1)\ndef test_g(): assert g(1)\n"
    assert is_asked_by("f", "t.py::test_f[1-2]", text)
    assert not is_asked_by("f", "t.py::test_g", text)
    assert is_asked_by("f", "t.py::test_not_there", text)


def test_only_functions_of_the_module_can_be_asked_by_themselves() -> None:
    text = "def f():\n    return 1\n\nclass A:\n    def g(self):\n        return 2\n"
    assert [function_at(text, line) for line in (2, 6, 3)] == ["f", None, None]


@pytest.mark.parametrize("value", [1, "a'b", (1, [2.5, {"k": None}]), {1, 2}, b"x", True])
def test_plain_values_are_written_as_python_writes_them(value: object) -> None:
    assert ast.literal_eval(literal(value) or "") == value


@pytest.mark.parametrize("value", [object(), float("nan"), "x" * 200, [object()], range(3)])
def test_what_cannot_be_written_down_is_left_out(value: object) -> None:
    assert literal(value) is None


PRICE = "def discount(count):\n    if count > 10:\n        return 10\n    return 0\n"
BILL = """\
from shop.price import discount


def bill(prices):
    rest = 100 - discount(len(prices))
    return [f"{price * rest // 100} of {price}" for price in prices]
"""
TESTS = """\
from shop.bill import bill


def test_one():
    assert bill([100]) == ["100 of 100"]


def test_ten():
    assert bill([100] * 10) == ["90 of 100"] * 10


def test_twenty():
    assert bill([100] * 20) == ["90 of 100"] * 20
"""


def a_bill(workshop: Builder) -> Workshop:
    files = {"shop/price.py": PRICE, "shop/bill.py": BILL, "shop/__init__.py": ""}
    outcomes: dict[str, Outcome] = {
        "tests/test_bill.py::test_one": "passed",
        "tests/test_bill.py::test_ten": "failed",
        "tests/test_bill.py::test_twenty": "passed",
    }
    more = {"tests/test_bill.py": TESTS, "pytest.ini": "[pytest]\npythonpath = .\n"}
    return workshop({**files, **more}, outcomes)


@pytest.mark.thorough
def test_a_repair_behind_other_code_is_pinned_where_it_lies(workshop: Builder) -> None:
    shop = a_bill(workshop)
    end = shop.repair()[-1]
    assert isinstance(end, Submission), end
    texts = {i.path: i.data.decode() for i in end.changes.items if isinstance(i, Written)}
    assert "assert discount(10) == 10" in texts[b"tests/test_price_discount.py"]
    assert "pinned by tests/test_price_discount.py" in end.title


@pytest.mark.thorough
def test_a_refused_patch_is_not_submitted_again_with_another_test(workshop: Builder) -> None:
    shop = a_bill(workshop)
    code = Written(b"shop/price.py", "100644", PRICE.replace("> 10", ">= 10").encode())
    other = Written(b"tests/test_other.py", "100644", b"")
    end = shop.but(refused=(Changes((code, other)),)).repair()[-1]
    assert not isinstance(end, Submission) or code not in end.changes.items
