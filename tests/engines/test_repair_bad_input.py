"""Repositories that make repair hard: each ends in the right patch, or in a refusal that says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pytest

from swarm.domain.evidence import Outcome
from swarm.engines.port import GaveUp, Submission
from tests.engines.conftest import Builder

pytestmark = pytest.mark.thorough


@dataclass(frozen=True)
class Case:
    """Files, with the outcomes of their tests on the base."""

    files: dict[str, str]
    outcomes: dict[str, Outcome]
    before: str = ""
    after: str = ""
    """What has to be replaced in `shop.py`, where there is something to mend."""

    reason: str = ""

    @property
    def right(self) -> str:
        return self.files["shop.py"].replace(self.before, self.after)


TOTAL = "def total(prices):\n    return sum(prices)\n"

HOPELESS = {
    "two tests that contradict each other": Case(
        {
            "shop.py": TOTAL,
            "test_it.py": "from shop import total\n"
            "def test_one(): assert total([1]) == 1\ndef test_two(): assert total([1]) == 2\n",
        },
        {"test_it.py::test_one": "passed", "test_it.py::test_two": "failed"},
        reason="the search by templates is over",
    ),
    "a test whose fixture is missing": Case(
        {"shop.py": TOTAL, "test_it.py": "import shop\ndef test_it(mocker): pass\n"},
        {"test_it.py::test_it": "error"},
        reason="end before they tell anything: error",
    ),
    "a test that asks for a package": Case(
        {"shop.py": TOTAL, "test_it.py": "import no_such_package\ndef test_it(): pass\n"},
        {"test_it.py": "error"},
        reason="No module named 'no_such_package'",
    ),
    "a test that is no Python": Case(
        {"shop.py": TOTAL, "test_it.py": "def test_it(:\n    pass\n"},
        {"test_it.py": "error"},
        reason="the tests cannot be collected",
    ),
    "code that is no Python": Case(
        {
            "shop.py": "def total(prices):\n    print 'summing'\n",
            "test_it.py": "from shop import total\ndef test_it(): assert total([]) == 0\n",
        },
        {"test_it.py": "error"},
        reason="",
    ),
    "a test that passes when it is asked alone": Case(
        {
            "shop.py": TOTAL,
            "test_it.py": "from shop import total\ndef test_it(): assert total([1]) == 1\n",
        },
        {"test_it.py::test_it": "failed"},
        reason="pass when each runs alone",
    ),
    "a test that kills its process": Case(
        {
            "shop.py": TOTAL,
            "test_it.py": "import os, signal\nfrom shop import total\n"
            "def test_it():\n    os.kill(os.getpid(), signal.SIGKILL)\n    assert total([]) == 1\n",
        },
        {"test_it.py::test_it": "crashed"},
        reason="end before they tell anything",
    ),
}


@pytest.mark.parametrize("name", HOPELESS)
def test_what_no_change_of_the_code_can_mend_is_refused(workshop: Builder, name: str) -> None:
    case = HOPELESS[name]
    end = workshop(case.files, case.outcomes).repair()[-1]
    assert isinstance(end, GaveUp)
    assert case.reason in end.reason


LIMIT = "    if count > 10:\n        return 90\n    return 100\n"
LIMIT_TESTS = "def test_ten(): assert price(10) == 90\ndef test_few(): assert price(9) == 100\n"
LIMIT_OUTCOMES: dict[str, Outcome] = {
    "test_it.py::test_ten": "failed",
    "test_it.py::test_few": "passed",
}


def of_price(
    code: str,
    tests: str = "",
    also: Outcome = "passed",
    more: Mapping[str, str] = MappingProxyType({}),
) -> Case:
    """`code` has a function `price`, in which ten is not yet many; `also` is what `test_zz` does."""
    given = "from shop import price\n" + LIMIT_TESTS + tests
    outcomes = {**LIMIT_OUTCOMES, **({"test_it.py::test_zz": also} if tests else {})}
    files = {"shop.py": code, "test_it.py": given, **more}
    return Case(files, outcomes, "count > 10", "count >= 10")


WRAPPED = """\
import functools


def checked(function):
    @functools.wraps(function)
    def inside(count):
        assert count >= 0
        return function(count)
    return inside


@checked
def price(count):
"""
METACLASS = """\
class Registry(type):
    known = {}

    def __new__(mcs, name, bases, space):
        made = super().__new__(mcs, name, bases, space)
        mcs.known[name] = made
        return made


class Shop(metaclass=Registry):
    __slots__ = ()

    @staticmethod
    def price(count):
    %s

price = Registry.known["Shop"]().price
"""

MENDABLE = {
    "decorators": of_price(WRAPPED + LIMIT),
    "a metaclass and a static method": of_price(
        METACLASS % LIMIT.replace("\n", "\n    ").rstrip(" ")
    ),
    "a form feed between functions": of_price("import os\n\x0c\ndef price(count):\n" + LIMIT),
    "tabs": of_price("def price(count):\n" + LIMIT.replace("    ", "\t")),
    "a tree with a file that is no Python": of_price(
        "def price(count):\n" + LIMIT, more={"broken.py": "def f(:\n"}
    ),
    "a passing test that deletes the code": of_price(
        "def price(count):\n" + LIMIT,
        "import pathlib\ndef test_zz():\n    pathlib.Path('shop.py').unlink(missing_ok=True)\n"
        "    assert price(1) == 100\n",
    ),
    "a test beside it that kills its process": of_price(
        "def price(count):\n" + LIMIT,
        "import os, signal\ndef test_zz(): os.kill(os.getpid(), signal.SIGKILL)\n",
        also="crashed",
    ),
    "a C function around it": of_price(
        "import functools\n\n\n@functools.lru_cache\ndef price(count):\n" + LIMIT
    ),
}


@pytest.mark.parametrize("name", MENDABLE)
def test_what_can_be_mended_is_whatever_stands_around_it(workshop: Builder, name: str) -> None:
    case = MENDABLE[name]
    shop = workshop(case.files, case.outcomes)
    targets = {"targets": ("test_it.py::test_ten",)}
    contract = shop.assignment.contract.model_copy(update=targets)
    assert shop.but(contract=contract).repaired() == case.right


def test_where_the_suite_takes_too_long_the_tests_that_matter_confirm(workshop: Builder) -> None:
    case = of_price(
        "def price(count):\n" + LIMIT,
        "import time\ndef test_zz():\n    time.sleep(90)\n    assert price(1) == 100\n",
    )
    items = workshop(case.files, case.outcomes).repair(whole_seconds=20.0)
    end = items[-1]
    assert isinstance(end, Submission)
    assert "count >= 10" in end.why
