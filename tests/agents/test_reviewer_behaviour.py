"""The behaviour reviewer: what it sees in passing tests, and what it leaves alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.agents.checks.behaviour import BehaviourReviewer
from swarm.agents.checks.functions import touched
from swarm.agents.checks.inside import recorder
from swarm.agents.checks.lint import Source
from swarm.agents.checks.observations import Observed, differences, read
from swarm.agents.port import Checked
from swarm.domain.errors import Rejected
from swarm.domain.names import TestId as Id  # pytest takes a name `TestId` for a class of tests
from swarm.testing.checks import Case, a_case, checked

pytestmark = pytest.mark.thorough

PAGES = """
import random


class Page:
    def __init__(self, number):
        self.number = number


def count(items, size):
    return items // size


def page(items, size):
    return Page(_last(items, size))


def _last(items, size):
    return count(items, size)


def each(items, size):
    for number in range(count(items, size)):
        yield number


def fill(into, items):
    into.extend(range(items))


def luck(items):
    count(items, 1)
    return random.random()


def check(items):
    if items < 0:
        raise ValueError(items)
    return None
"""
TESTS = """
import pages, pytest

def test_target():
    assert pages.count(5, 2) == 3

def test_count():
    assert pages.count(4, 2) == 2

def test_looks_at_a_part():
    assert pages.count(9, 2) > 0

def test_page():
    assert pages.page(4, 2).number

def test_each():
    assert list(pages.each(4, 2))

def test_fill():
    into = []
    pages.fill(into, 2)
    assert into

def test_luck():
    assert pages.luck(3) < 1

def test_check():
    pages.check(1)
    with pytest.raises(ValueError):
        pages.check(-1)
"""
FILES = {"pages.py": PAGES, "tests/test_pages.py": TESTS}
TARGET = "tests/test_pages.py::test_target"
UNASKED = ". A passing test sees it, and no failing test asks for that"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return a_case(tmp_path_factory.mktemp("behaviour"), FILES)


def answer(case: Case, name: str, old: str, new: str) -> Checked:
    assert old in PAGES
    tree = case.tree(name, {"pages.py": PAGES.replace(old, new)})
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    assert result.report.evidence == result.evidence.hash
    return result


def blocking(result: Checked) -> list[str]:
    return [each.message for each in result.report.findings if each.blocks]


def test_a_repair_that_changes_only_what_the_target_asks_for_is_accepted(case: Case) -> None:
    result = answer(
        case, "narrow", "return items // size", "return (items + items % 3 // 2) // size"
    )
    assert (result.report.verdict, blocking(result)) == ("yes", [])


def test_what_a_passing_test_saw_and_did_not_assert_may_change_as_the_target_does(
    case: Case,
) -> None:
    result = answer(case, "wide", "return items // size", "return -(-items // size)")
    assert (result.report.verdict, blocking(result)) == ("yes", [])
    seen = [each.message for each in result.report.findings if each.rule == "unasserted"]
    assert seen == ["`count(9, 2)` gave 4; now 5. A passing test sees it, and it passes with both"]


def test_another_kind_of_answer_than_the_target_shows_may_not_come(case: Case) -> None:
    result = answer(
        case, "kinds", "return items // size", "return {5: 3, 9: 4.5}.get(items, items // size)"
    )
    assert result.report.verdict == "no"
    assert blocking(result) == [f"`count(9, 2)` gave 4; now 4.5{UNASKED}"]


def test_a_function_that_no_target_calls_may_not_answer_otherwise(case: Case) -> None:
    changed = PAGES.replace("items // size", "-(-items // size)").replace(
        "into.extend(range(items))", "into.extend(range(items + 1))"
    )
    tree = case.tree("collateral", {"pages.py": changed})
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    (message,) = blocking(result)
    assert message.startswith("`fill([], 2)` gave None; [0, 1]; now None; [0, 1, 2]")


def test_other_inputs_are_notes_about_the_neighbourhood(case: Case) -> None:
    result = answer(case, "nearby", "items // size", "(items + (items in (3, 5))) // size")
    notes = [each.message for each in result.report.findings if each.rule == "neighbour"]
    assert "`count(3, 2)` gave 1; now 2. No test asks for it" in notes
    assert result.report.verdict == "yes"


def test_where_no_failing_test_asks_for_it_another_answer_next_door_is_refused(case: Case) -> None:
    tree = case.tree("asked by nobody", {"pages.py": PAGES.replace("return None", "return 1")})
    result = checked(BehaviourReviewer(), case, tree, targets=())
    assert any(each.rule == "unasked-change" and each.blocks for each in result.report.findings)


COUNTER = """
class Counter:
    def __init__(self, start=0):
        self.start = abs(start)

    def plus(self, more):
        return self.start + more
"""
COUNTING = """
import counters

def test_plus():
    assert counters.Counter(3).plus(4) == 7
"""


@pytest.mark.parametrize(
    ("old", "new"), [("self.start + more", "self.start + abs(more)"), ("abs(start)", "start")]
)
def test_methods_and_constructors_are_called_next_door_too(
    old: str, new: str, tmp_path: Path
) -> None:
    case = a_case(tmp_path, {"counters.py": COUNTER, "tests/test_counters.py": COUNTING})
    tree = case.tree("other", {"counters.py": COUNTER.replace(old, new)})
    result = checked(BehaviourReviewer(), case, tree, targets=())
    assert [each.rule for each in result.report.findings if each.blocks][:1] == ["unasked-change"]


def test_a_condition_that_no_test_misses_is_refused(case: Case) -> None:
    result = answer(
        case, "unearned", "return items // size", "return -(-items // size) if items > 2 else 1"
    )
    rules = [each.rule for each in result.report.findings if each.blocks]
    assert (result.report.verdict, rules) == ("no", ["unearned-condition"])


def test_yields_lists_changed_in_place_and_errors_are_seen(case: Case) -> None:
    changed = (
        PAGES.replace("yield number", "yield number + 1")
        .replace("range(items)", "range(1, items + 1)")
        .replace("return None", "return 1")
        .replace("raise ValueError(items)", "raise UnicodeError(items)")
    )
    tree = case.tree("several", {"pages.py": changed})
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    assert [message.removesuffix(UNASKED) for message in blocking(result)] == [
        "`check(-1)` gave raises ValueError; now raises UnicodeError",
        "`check(1)` gave None; now 1",
        "`each(4, 2)` gave 0; 1; None; now 1; 2; None",
        "`fill([], 2)` gave None; [0, 1]; now None; [1, 2]",
    ]


def test_a_changed_helper_is_judged_by_what_the_test_called(case: Case) -> None:
    moved = PAGES.replace("return count(items, size)", "return count(items, size) + 1").replace(
        "Page(_last(items, size))", "Page(_last(items, size) - 1)"
    )
    tree = case.tree("moved", {"pages.py": moved})
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    assert (result.report.verdict, result.report.findings) == ("yes", ())


def test_the_bases_own_tests_are_what_observes(case: Case) -> None:
    changed = {
        "pages.py": PAGES.replace("return items // size", "return -(-items // size)"),
        "tests/test_pages.py": "import pages\n\ndef test_count(): pass\n",
    }
    tree = case.tree("other-tests", changed)
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    assert [each.rule for each in result.report.findings if each.test] == ["unasserted"]


def test_another_attribute_of_a_result_is_a_note(case: Case) -> None:
    result = answer(
        case,
        "attribute",
        "return count(items, size)\n\n\ndef each",
        "return count(items, size) + 1\n\n\ndef each",
    )
    found = [(each.rule, each.blocks) for each in result.report.findings]
    assert ("attributes-changed", False) in found
    assert blocking(result) == []


def test_the_evidence_comes_out_the_same_again(case: Case) -> None:
    one = answer(case, "again", "return items // size", "return items // size or 1")
    two = answer(case, "again", "return items // size", "return items // size or 1")
    assert one.evidence.hash == two.evidence.hash


def test_what_no_test_observes_is_unknown(case: Case) -> None:
    tree = case.tree("new-file", {"other.py": "def f():\n    return 1\n"})
    result = checked(BehaviourReviewer(), case, tree, targets=(TARGET,))
    assert result.report.verdict == "unknown"


def test_a_tree_whose_tests_cannot_start_is_refused(case: Case) -> None:
    result = answer(case, "broken", "import random", "import nowhere")
    assert result.report.verdict == "no"
    assert {each.rule for each in result.report.findings} == {"regression"}


def test_unittests_are_observed_too(tmp_path: Path) -> None:
    tests = (
        "import unittest, pages\nclass T(unittest.TestCase):\n"
        "    def test_target(self): self.assertEqual(pages.count(5, 2), 3)\n"
        "    def test_part(self): self.assertTrue(pages.count(9, 2))\n"
    )
    case = a_case(tmp_path, {"pages.py": PAGES, "test_pages.py": tests}, "python -m unittest")
    tree = case.tree("wide", {"pages.py": PAGES.replace("items // size", "-(-items // size)")})
    result = checked(BehaviourReviewer(), case, tree, targets=("test_pages.T.test_target",))
    assert [each.rule for each in result.report.findings if each.test] == ["unasserted"]


def test_only_changed_syntax_makes_a_function_changed() -> None:
    before = b"@cache\ndef f():\n    return 1\n\ndef g():\n    return 2\n"
    after = b"# new\n@cache\ndef f():\n    return 1  # same\n\ndef g():\n    return 3\n"
    found = touched([Source("a.py", before, after)])
    assert (found.before, found.after, found.whole) == ((("a.py", 5),), (("a.py", 6),), ())
    assert touched([Source("a.py", before, b"X = 1\n" + before)]).whole == ("a.py",)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers(0, 2), inner, max_size=2),
    max_leaves=8,
)  # fmt: skip


@given(values, values)
def test_values_are_written_alike_exactly_when_they_are_alike(one: object, two: object) -> None:
    assert (recorder.written(one, wide=False) == recorder.written(two, wide=False)) == (
        repr(one) == repr(two)
    )


def test_no_code_of_the_value_runs_when_it_is_written() -> None:
    class Loud(dict[str, int]):
        def __repr__(self) -> str:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

        def __iter__(self) -> object:  # type: ignore[override]
            raise AssertionError

    assert recorder.written(Loud(a=1), wide=True) == "<Loud {'a': 1}{}>"


calls = st.dictionaries(
    st.tuples(st.sampled_from(["t1", "t2"]).map(Id), st.tuples(st.just("a.py"), st.just("f"), st.sampled_from("12"))),
    st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("pq")), min_size=1, max_size=2).map(tuple),
    max_size=3,
)  # fmt: skip
observed = st.builds(Observed, calls)


@given(observed, observed, observed)
def test_only_steady_calls_of_passing_tests_block(
    first: Observed, second: Observed, after: Observed
) -> None:
    found = differences(first, second, after, passing={Id("t1")}, targets={Id("t2")})
    for finding in found:
        assert finding.test == "t1"
    assert differences(first, first, first, passing={Id("t1")}, targets=()) == ()
    assert not differences(first, second, after, passing=(), targets=())


def test_a_call_that_a_target_makes_too_is_meant_to_change() -> None:
    callee = ("a.py", "f", "1")
    before = Observed({(Id("t1"), callee): (("x", "x"),), (Id("t2"), callee): (("x", "x"),)})
    after = Observed({(Id("t1"), callee): (("y", "y"),)})
    assert differences(before, before, after, passing={Id("t1")}, targets={Id("t2")}) == ()
    assert differences(before, before, after, passing={Id("t1")}, targets=())


def test_answers_next_door_that_are_least_like_what_was_asked_for_are_told_first() -> None:
    near, far, target = (("a.py", "f", each) for each in ("('-10',)", "('4711',)", "('-1',)"))
    before = Observed({(Id("t"), target): (("x", "x"),)}, nearby={near: "x", far: "x"})
    after = Observed({(Id("t"), target): (("y", "y"),)}, nearby={near: "y", far: "y"})
    found = differences(before, before, after, passing=(), targets={Id("t")})
    assert ["4711" in each.message for each in found] == [True, False]


@pytest.mark.parametrize(
    ("now", "blocks"),
    [("2", False), ("raises KeyError", True), ("[2]", True), ("raises OSError", False)],
)
def test_what_the_failing_tests_show_is_what_passing_tests_may_see(now: str, blocks: bool) -> None:
    passing, failing = (Id("t1"), ("a.py", "f", "1")), (Id("t2"), ("a.py", "f", "2"))
    before = Observed({passing: (("1", "1"),), failing: (("1", "1"),)})
    after = Observed({passing: ((now, now),), failing: (("raises OSError", ""),)})
    (found,) = differences(before, before, after, passing={Id("t1")}, targets={Id("t2")})
    assert found.blocks == blocks


@pytest.mark.parametrize("extra", [[3], [{"test": "t"}], [{"test": "t", "calls": [["a"]]}], [{"next": 3, "calls": []}]])  # fmt: skip
def test_a_recording_that_is_not_ours_is_rejected(extra: list[object]) -> None:
    with pytest.raises(Rejected):
        read(extra)
