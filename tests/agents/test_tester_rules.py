"""The tester's pure parts: comparing two runs, and reading code for doors into the interpreter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.agents.checks.comparison import compare, flickering
from swarm.agents.checks.guard import Base, guard, laid_over, read_base
from swarm.agents.checks.intrusions import new_intrusions, uses
from swarm.agents.checks.places import is_test, module_of, sources_of
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import GREEN, Outcome, SuiteRun
from swarm.domain.evidence import TestOutcome as Row
from swarm.domain.names import TestId as Id  # pytest takes names with `Test` for classes of tests
from swarm.domain.names import TreeHash

TREE = TreeHash("t")
words: st.SearchStrategy[Outcome] = st.sampled_from(
    ("passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "crashed")
)
ids = st.sampled_from("abc").map(Id)


def a_run(outcomes: dict[Id, Outcome], broken: str = "") -> SuiteRun:
    rows = tuple(Row(test=test, outcome=outcomes[test]) for test in sorted(outcomes))
    return SuiteRun(tree=TREE, outcomes=rows, collected=len(rows), broken=broken)


runs = st.dictionaries(ids, words, max_size=3).map(a_run)
some_ids = st.sets(ids)


@given(runs)
def test_a_run_is_no_worse_than_itself(run: SuiteRun) -> None:
    assert compare(run, run, (), ()) == ()
    assert flickering(run, run) == ()


@given(runs, runs, some_ids, some_ids)
def test_nothing_is_found_exactly_when_targets_pass_and_no_green_test_is_lost(
    base: SuiteRun, run: SuiteRun, targets: set[Id], voided: set[Id]
) -> None:
    now = {row.test: row.outcome for row in run.outcomes}
    found = compare(base, run, targets, voided)
    passing = all(now.get(test) == "passed" for test in targets)
    lost = [
        row.test
        for row in base.outcomes
        if row.outcome in GREEN and now.get(row.test) not in (*GREEN, "xpassed")
        and row.test not in voided | targets
    ]  # fmt: skip
    assert not (found == () and (lost or not passing))
    assert all(finding.test not in voided - targets for finding in found)


@given(runs, some_ids)
def test_a_broken_run_is_never_accepted(base: SuiteRun, targets: set[Id]) -> None:
    found = compare(base, a_run({}, broken="hung"), targets, ())
    assert [finding.rule for finding in found] == ["suite-broken"]


@pytest.mark.parametrize(
    ("before", "now", "rule"),
    [
        ("passed", "failed", "regression"),
        ("passed", "skipped", "newly-silent"),
        ("passed", "xfailed", "newly-silent"),
        ("failed", "skipped", "newly-silent"),
        ("xfailed", "failed", "regression"),
        ("skipped", "failed", "regression"),
    ],
)
def test_an_id_may_not_get_worse(before: Outcome, now: Outcome, rule: str) -> None:
    found = compare(a_run({Id("a"): before}), a_run({Id("a"): now}), (), ())
    assert [finding.rule for finding in found] == [rule]


def test_an_id_that_is_gone_and_a_smaller_collection_are_found() -> None:
    found = compare(a_run({Id("a"): "passed"}), a_run({}), (), ())
    assert [finding.rule for finding in found] == ["test-gone", "fewer-tests"]


DOORS = [
    "import gc",
    "from gc import get_objects",
    "import sys as s\ns.modules",
    "from sys import modules as m",
    "from os import *",
    "import os\nvars(os)",
    "import os\ngetattr(os, '_ex' + 'it')(0)",
    "import os\ngetattr(os, '_exit')(0)",
    "import os\nos.__dict__['_exit'](0)",
    "import sys\nf = sys\n",
    "import logging\nlogging.sys.modules",
    "from logging import sys",
    "import importlib\nimportlib.import_module('gc')",
    "from importlib import import_module\nimport_module(name)",
    "__import__('gc')",
    "__builtins__['exec']",
    "e = eval\ne('1')",
    "def f(x): return x.gi_frame",
    "f.__globals__['os']",
    "object.__subclasses__()",
    "import ctypes.util",
    "import time\ntime.time = lambda: 0",
    "import random\nsetattr(random, 'random', None)",
    "def pytest_runtest_call(item): pass",
    "def load_tests(*a): pass",
    "pytest_plugins = ['x']",
    "Answer.__eq__ = lambda a, b: True",
    "open('/proc/self/mem')",
    "x = (",
    "x = " + "(" * 5_000 + ")" * 5_000,
    "\0",
]


@pytest.mark.parametrize("text", DOORS)
def test_each_door_is_seen_in_sources_and_in_new_tests(text: str) -> None:
    assert uses(text, is_test=False)
    assert uses(text, is_test=True)


HONEST = """
import os, sys, re, json, asyncio, threading, importlib.metadata, signal
from os import path, environ
from . import types

PATTERN = re.compile("x")

def main(argv=None):
    print(os.path.join("a", "b"), file=sys.stderr)
    flags = getattr(os, "O_NOFOLLOW", 0)
    try:
        return json.loads(path.basename(environ.get("HOME", "")))
    except ValueError as error:
        raise RuntimeError("no") from error
    finally:
        threading.Lock()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

class Point:
    def __eq__(self, other):
        return isinstance(other, Point) and self.x == other.x

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
TESTS = """
import pytest, unittest
from unittest import mock

@pytest.fixture
def thing(monkeypatch): monkeypatch.setenv("A", "1")

class TestThing(unittest.TestCase):
    @mock.patch("os.getcwd")
    def test_it(self, getcwd): self.assertTrue(getcwd)
"""


def test_honest_code_goes_through_no_door() -> None:
    assert uses(HONEST, is_test=False) == []
    assert uses(TESTS, is_test=True) == []


def test_only_the_test_runner_is_open_to_new_tests_and_not_to_sources() -> None:
    assert {use.rule for use in uses(TESTS, is_test=False)} == {"test-runner"}


def test_a_door_that_was_open_on_the_base_is_not_the_writers() -> None:
    base = "import gc\n\ndef f():\n    gc.collect()\n"
    assert new_intrusions("a.py", base, "# moved\n" + base, is_test=False) == []
    assert new_intrusions("a.py", base, base + "import atexit\n", is_test=False)


@given(st.text(alphabet="import sy.mod ules\n()=_'", max_size=60))
def test_reading_any_text_ends_without_an_error(text: str) -> None:
    assert isinstance(uses(text, is_test=False), list)


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("tests/data/a.json", True),
        ("pkg/test_a.py", True),
        ("a_test.py", True),
        ("testing/a.py", False),
        ("contest.py", False),
        ("pkg/attest.py", False),
    ],
)
def test_tests_are_known_by_name_or_by_folder(path: str, test: bool) -> None:
    assert is_test(path) is test


def test_a_module_in_a_package_shadows_nothing() -> None:
    assert module_of("pkg/random.py", {"pkg"}) is None
    assert module_of("random.py", {"pkg"}) == "random"
    assert module_of("random/__init__.py", {"random"}) == "random"


@given(
    st.binary(min_size=1, max_size=8).filter(lambda name: b"\0" not in name), st.binary(max_size=8)
)
def test_no_name_and_no_content_upsets_the_guard(name: bytes, data: bytes) -> None:
    base = Base(directory=Path("/nowhere"), paths=frozenset(), tests=frozenset())
    guard(Changes((Written(name, "100644", data),)), base)


SUM = 'def add(a, b):\n    """Add.\n\n    >>> add(1, 2)\n    3\n    """\n    return a - b\n'
EXAMPLE = Id("src/pkg/sums.py::pkg.sums.add")


@pytest.fixture
def sums(tmp_path: Path) -> Base:
    """Code whose example is a test."""
    (tmp_path / "src/pkg").mkdir(parents=True)
    (tmp_path / "src/pkg/sums.py").write_text(SUM)
    return read_base(tmp_path, a_run({EXAMPLE: "failed"}))


def rewritten(text: str) -> Changes:
    return Changes((Written(b"src/pkg/sums.py", "100644", text.encode()),))


def test_code_whose_examples_are_tests_may_be_mended(sums: Base) -> None:
    mended = rewritten(SUM.replace("a - b", "a + b"))
    assert guard(mended, sums) == ()
    assert laid_over(mended, sums).items == ()


@pytest.mark.parametrize(
    "text",
    [SUM.replace("    3\n", "    -1\n"), SUM.replace(">>> ", ""), SUM.replace("def add", "def sub"), "("],
)  # fmt: skip
def test_examples_may_not_be_changed(sums: Base, text: str) -> None:
    assert guard(rewritten(text), sums)[0].rule == "tampering.test-changed"


@pytest.mark.parametrize(
    "test", ["pkg/sums.py::test_add", "check_sums.py::check_sums", "tests/sums.py::tests.sums.add",
             "pkg/sums.py::pkg.sums.__test__.x", "pkg.sums.add"],
)  # fmt: skip
def test_what_is_no_example_of_its_file_is_a_test(test: str) -> None:
    assert sources_of(a_run({Id(test): "passed"})) == frozenset()


def test_a_file_with_one_other_test_is_a_file_of_tests() -> None:
    run = a_run({EXAMPLE: "passed", Id("src/pkg/sums.py::test_add"): "passed"})
    assert sources_of(run) == frozenset()
