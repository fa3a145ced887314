"""The planner's pure parts: names in a text, groups by cause, shares, conventions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.agents.checks.baseline import Baseline
from swarm.agents.planning.contracts import (
    Suite,
    attempt_seconds,
    difficulty,
    features,
    split,
    title,
    touch,
)
from swarm.agents.planning.conventions import LONGEST, MOST, Convention, conventions
from swarm.agents.planning.grouping import MOST_GROUPS, grouped, spread
from swarm.agents.planning.planner import MOST_HOMES, is_module, nearest
from swarm.agents.planning.request import Seen, files_named, home_of, select
from swarm.agents.planning.request import tests_named as named_tests
from swarm.agents.planning.statements import blob_hash
from swarm.agents.planning.suspicion import is_test_file, ochiai, suspects
from swarm.agents.planning.tracing import Coverage, Place, Trace, read_coverage
from swarm.domain.evidence import SuiteRun
from swarm.domain.evidence import TestOutcome as Row
from swarm.domain.names import TestId as Id
from swarm.domain.names import TreeHash

LEAP = Id("tests/test_dates.py::test_leap")
LEAP_2000 = Id("tests/test_dates.py::test_leap[2000]")
IN_CLASS = Id("tests/test_rates.py::TestRates::test_zero")
UNITTEST = Id("tests.test_dates.TestLeap.test_2000")
GREEN = Id("tests/test_rates.py::test_fine")

SEEN = Seen(
    failing=(LEAP, LEAP_2000, IN_CLASS, UNITTEST),
    passing=frozenset({GREEN}),
    others={Id("tests/test_rates.py::test_later"): "is skipped"},
    failures={
        LEAP: "E  AssertionError",
        IN_CLASS: "shop/rates.py:7: in rate\nE  ZeroDivisionError",
    },
    suspected={IN_CLASS: ("shop/rates.py",), LEAP: ("shop/dates.py",)},
    executed={UNITTEST: ("shop/calendars.py",)},
    files=frozenset({"shop/rates.py", "shop/dates.py", "shop/calendars.py", "tests/test_dates.py"}),
)


def targets(text: str, seen: Seen = SEEN, *, fix_failing: bool = False) -> tuple[Id, ...]:
    return select(text, seen, fix_failing=fix_failing).targets


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("fix tests/test_dates.py::test_leap", (LEAP, LEAP_2000)),
        ("fix ./tests/test_dates.py::test_leap, please.", (LEAP, LEAP_2000)),
        ("`test_leap` is red", (LEAP, LEAP_2000)),
        ("fix test_dates.py::test_leap[2000]", (LEAP_2000,)),
        ("fix test_leap[2000]", (LEAP_2000,)),
        ("fix TestRates", (IN_CLASS,)),
        ("fix tests/test_rates.py::TestRates::test_zero", (IN_CLASS,)),
        ("fix tests.test_dates.TestLeap.test_2000", (UNITTEST,)),
        ("TestLeap.test_2000 fails", (UNITTEST,)),
        ("test_zero, which uses test_data", (IN_CLASS,)),
    ],
)
def test_a_test_may_be_named_in_many_ways(text: str, meant: tuple[Id, ...]) -> None:
    assert targets(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("everything in tests/test_dates.py", (LEAP, LEAP_2000, UNITTEST)),
        ("test_dates is red", (LEAP, LEAP_2000, UNITTEST)),
        ("tests.test_dates is red", (LEAP, LEAP_2000, UNITTEST)),
        ("the bug is in shop/rates.py", (IN_CLASS,)),
        ("the bug is in rates.py", (IN_CLASS,)),
        ('File "/home/me/work/shop/rates.py", line 7, in rate', (IN_CLASS,)),
        ("the module shop.rates is wrong", (IN_CLASS,)),
        ("calendars.py has a bug", (UNITTEST,)),
        ("a ZeroDivisionError", (IN_CLASS,)),
        ("ZeroDivisionError in rates.py", (IN_CLASS,)),
        ("AssertionError in rates.py", (IN_CLASS,)),
        ("Traceback: builtins.ZeroDivisionError: division by zero", (IN_CLASS,)),
    ],
)
def test_files_modules_and_exceptions_name_the_failures_that_show_them(
    text: str, meant: tuple[Id, ...]
) -> None:
    assert targets(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "fix the failing tests",
        "Fix all tests",
        "repair the suite",
        "the tests are failing",
        "Please make the tests pass",
        "get the build green",
    ],
)
def test_all_failing_tests_may_be_meant(text: str) -> None:
    assert targets(text) == SEEN.failing


def test_fix_failing_means_all_whatever_the_text_says() -> None:
    assert targets("about test_leap", fix_failing=True) == SEEN.failing


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("fix test_nowhere", "there is no test test_nowhere"),
        ("fix tests/test_dates.py::test_gone", "there is no test tests/test_dates.py::test_gone"),
        ("fix test_fine", "tests/test_rates.py::test_fine passes already"),
        ("fix test_later", "tests/test_rates.py::test_later is skipped"),
        ("look at parser.py", "there is no file parser.py"),
        ("a KeyError somewhere", "no failing test shows KeyError"),
        ("Add a dark mode.", "the goal names no test, file, module or exception"),
    ],
)
def test_what_is_not_found_is_refused_with_its_name(text: str, why: str) -> None:
    assert select(text, SEEN, fix_failing=False).refusal == why


def test_a_green_suite_has_nothing_failing() -> None:
    green = Seen(failing=(), passing=frozenset({GREEN, LEAP}))
    refusal = "everything is green already: 2 tests pass"
    assert select("fix the failing tests", green, fix_failing=False).refusal == refusal
    assert select("", green, fix_failing=True).refusal == refusal


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_names(text: str) -> None:
    selection = select(text, SEEN, fix_failing=False)
    assert bool(selection.targets) != bool(selection.refusal)


def test_the_file_of_a_test_is_read_from_its_id() -> None:
    assert home_of(LEAP) == "tests/test_dates.py"
    assert home_of(UNITTEST) == "tests/test_dates.py"
    assert home_of(Id("command")) == "command"


def test_part_of_a_name_names_nothing() -> None:
    assert named_tests("test_lea", SEEN) == frozenset()
    assert files_named("ates.py", SEEN.files) == frozenset()


def place(path: str, name: str = "f", line: int = 1) -> Place:
    return Place(path, name, line)


def a_coverage(failing: dict[str, dict[Place, set[int]]], **passing: dict[int, int]) -> Coverage:
    """`passing` by the stem of the file whose function `f` was executed."""
    return Coverage(
        {
            Id(test): Trace({at: frozenset(lines) for at, lines in lines.items()}, depth=2)
            for test, lines in failing.items()
        },
        {place(f"{stem}.py"): counts for stem, counts in passing.items()},
    )


A, B, SHARED = place("a.py"), place("b.py"), place("shared.py")


def test_two_modules_with_separate_failures_are_two_groups() -> None:
    coverage = a_coverage(
        {"t1": {A: {2}, SHARED: {2}}, "t2": {B: {2}, SHARED: {2}}}, shared={2: 50}
    )
    groups = grouped((Id("t1"), Id("t2")), coverage)
    assert [(group.targets, group.files) for group in groups] == [
        (("t1",), ("a.py",)),
        (("t2",), ("b.py",)),
    ]


def test_one_function_that_only_failing_tests_execute_is_one_cause() -> None:
    coverage = a_coverage(
        {"t1": {A: {2}, SHARED: {2}}, "t2": {B: {2}, SHARED: {2}}}, a={2: 3}, b={2: 3}
    )
    (group,) = grouped((Id("t1"), Id("t2")), coverage)
    assert group.files[0] == "shared.py"


def test_two_causes_in_one_file_stay_together() -> None:
    coverage = a_coverage({"t1": {A: {2}}, "t2": {place("a.py", "g", 9): {10}}})
    assert len(grouped((Id("t1"), Id("t2")), coverage)) == 1


def test_of_two_causes_in_one_file_both_are_suspected_however_few_tests_one_explains() -> None:
    other = place("a.py", "g", 9)
    coverage = a_coverage({f"t{n}": {A: {2}} for n in range(9)} | {"t9": {other: {10}}})
    (group,) = grouped(tuple(Id(f"t{n}") for n in range(10)), coverage)
    assert [each.place for each in group.suspects] == [A, other]


def test_a_test_without_a_trace_leaves_one_group() -> None:
    coverage = a_coverage({"t1": {A: {2}}, "t2": {B: {2}}})
    (group,) = grouped((Id("t1"), Id("t2"), Id("t3")), coverage)
    assert group.targets == ("t1", "t2", "t3")


def test_a_case_without_a_trace_goes_with_the_other_cases() -> None:
    coverage = a_coverage({"t1[a]": {A: {2}}, "t2[a]": {B: {2}}})
    groups = grouped((Id("t1[a]"), Id("t2[a]"), Id("t2[b]")), coverage)
    assert [group.targets for group in groups] == [("t1[a]",), ("t2[a]", "t2[b]")]


def test_every_test_is_traced_before_a_second_case_of_one() -> None:
    tests = [Id("t1[a]"), Id("t1[b]"), Id("t1[c]"), Id("t2[a]"), Id("t2[b]"), Id("t3")]
    assert spread(tests) == ["t1[a]", "t2[a]", "t3", "t1[b]", "t2[b]", "t1[c]"]


def test_too_many_causes_are_one_group() -> None:
    tests = [f"t{n}" for n in range(MOST_GROUPS + 1)]
    coverage = a_coverage({test: {place(f"{test}.py"): {1}} for test in tests})
    assert len(grouped(tuple(map(Id, tests[:-1])), coverage)) == MOST_GROUPS
    assert len(grouped(tuple(map(Id, tests)), coverage)) == 1


TRACES = st.dictionaries(
    st.sampled_from(["t1", "t2", "t3", "t4"]),
    st.dictionaries(
        st.sampled_from([A, B, SHARED, place("tests/test_a.py")]),
        st.sets(st.integers(1, 3), min_size=1),
    ),
)
COUNTS = st.dictionaries(st.integers(1, 3), st.integers(0, 4))


@given(TRACES, COUNTS, COUNTS)
def test_every_target_is_in_just_one_group(
    traces: dict[str, dict[Place, set[int]]], a: dict[int, int], shared: dict[int, int]
) -> None:
    every = (Id("t1"), Id("t2"), Id("t3"))
    groups = grouped(every, a_coverage(traces, a=a, shared=shared))
    assert sorted(test for group in groups for test in group.targets) == sorted(every)
    assert all(not path.startswith("tests/") for group in groups for path in group.files)


@given(st.integers(1, 50), st.integers(0, 500), st.integers(0, 50))
def test_suspicion_grows_with_failing_and_falls_with_passing_tests(
    failed: int, passed: int, others: int
) -> None:
    score = ochiai(failed, passed, failed + others)
    assert 0 < score <= 1_000_000
    assert score >= ochiai(failed, passed + 1, failed + others)
    assert score <= ochiai(failed + 1, passed, failed + 1 + others) + 1


def test_the_line_that_only_failing_tests_execute_is_the_worst() -> None:
    coverage = a_coverage({"t1": {A: {2, 3}}}, a={2: 8})
    (suspect,) = suspects(coverage, [Id("t1")])
    assert (suspect.lines, suspect.score) == ((3,), 1_000_000)


@pytest.mark.parametrize("path", ["tests/a.py", "conftest.py", "a/test_b.py", "a_test.py"])
def test_tests_are_no_suspects(path: str) -> None:
    assert is_test_file(path)
    assert not is_test_file("contest/latest.py")


def test_a_report_of_another_form_is_passed_over() -> None:
    told = [{"test": "t", "depth": 1, "places": [["a.py", "f", 1, [2]]]}, {"test": 7}, "x", None]
    assert read_coverage(told) == Coverage({Id("t"): Trace({A: frozenset({2})}, 1)})


@given(st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert all(part >= total * w // sum(weights) for part, w in zip(parts, weights, strict=True))


@given(st.integers(1, 100_000), st.integers(1, 8), st.integers(1, 8))
def test_an_attempt_has_time_and_never_more_than_the_goal(
    seconds: int, tasks: int, writers: int
) -> None:
    assert 1 <= attempt_seconds(seconds, tasks, writers) <= seconds


def test_what_is_narrowed_down_is_easier() -> None:
    narrow = a_coverage({"t1": {A: {2}}})
    wide = a_coverage({"t1": {place(f"m{n}.py"): {2} for n in range(9)}})
    one, other = (grouped((Id("t1"),), each)[0] for each in (narrow, wide))
    assert difficulty(one, narrow) < difficulty(other, wide) < 1_000_000


def test_features_count_what_is_visible() -> None:
    cases = "t1[1]", "t1[2]"
    coverage = a_coverage({case: {A: {2, 3}, B: {5}} for case in cases})
    (group,) = grouped(tuple(map(Id, cases)), coverage)
    assert features(group, coverage, Suite(9, 120, {})) == {
        "targets": 2,
        "target_tests": 1,
        "suspect_files": 2,
        "suspect_functions": 2,
        "suspect_lines": 3,
        "suite_tests": 9,
        "suite_ms": 120,
        "trace_depth": 2,
    }


def test_a_task_may_touch_what_a_failure_names_and_the_tests_namesake() -> None:
    (group,) = grouped((LEAP,), a_coverage({LEAP: {A: {2}}}))
    sources = ("a.py", "b.py", "shop/dates.py", "shop/mydates.py")
    suite = Suite(1, 1, {LEAP: "b.py:3: AttributeError"}, sources)
    assert touch(group, suite) == ("a.py", "b.py", "shop/dates.py")


def test_a_title_names_the_first_test() -> None:
    assert title([LEAP]) == "Make test_leap pass"
    assert title([LEAP, IN_CLASS]) == "Make test_leap and 1 more pass"


def test_conventions_come_with_their_lines() -> None:
    files = {
        "AGENTS.md": "# Rules\n\n- Use tabs.\n- Two\n  lines.\n\n```\n- not this\n```\n\nEnd.\n",
        "pyproject.toml": '[project]\nname = "x"\n\n[tool.ruff]\nline-length = 100\n',
        "setup.cfg": "[flake8]\nmax-line-length = 88\n",
        ".editorconfig": "[*.py]\nindent_size = 4\n",
    }
    assert conventions(files) == (
        Convention("AGENTS.md", 3, "Use tabs."),
        Convention("AGENTS.md", 4, "Two lines."),
        Convention("pyproject.toml", 5, "tool.ruff: line-length = 100"),
        Convention("setup.cfg", 2, "flake8: max-line-length = 88"),
        Convention(".editorconfig", 2, "*.py: indent_size = 4"),
    )


@given(st.dictionaries(st.sampled_from(["AGENTS.md", "setup.cfg"]), st.text(max_size=300)))
def test_no_file_breaks_the_reading_of_conventions(files: dict[str, str]) -> None:
    found = conventions(files)
    assert len(found) <= MOST
    assert all(len(each.claim) <= LONGEST and each.claim.isprintable() for each in found)


def test_conventions_are_bounded() -> None:
    many = "\n".join(f"- rule {n} " + "x" * 500 for n in range(100))
    found = conventions({"AGENTS.md": many})
    assert len(found) == MOST * 2 // 3
    assert {len(each.claim) for each in found} == {LONGEST}


def test_a_file_is_named_as_git_does() -> None:
    assert blob_hash(b"hello\n", "0" * 40) == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert len(blob_hash(b"", "0" * 64)) == 64


def a_baseline(*passing: str) -> Baseline:
    rows = tuple(Row(test=Id(each), outcome="passed") for each in passing)
    run = SuiteRun(tree=TreeHash("0" * 40), outcomes=rows, collected=len(rows))
    return Baseline(run, (), dict.fromkeys((row.test for row in rows), 0.001), {}, "")


def test_failing_tests_are_compared_with_their_own_file_then_with_its_folder() -> None:
    baseline = a_baseline("a/test_x.py::x", "b/test_y.py::y", "b/test_z.py::z")
    compared = nearest(baseline, (Id("b/test_z.py::red"),))
    assert compared == ("b/test_z.py::z", "b/test_y.py::y", "a/test_x.py::x")


def test_of_a_large_suite_only_so_many_files_are_read_again() -> None:
    every = [f"t/test_{n}.py::t{k}" for n in range(2 * MOST_HOMES) for k in range(2)]
    compared = nearest(a_baseline(*every), (Id("t/test_70.py::red"),))
    assert len({home_of(each) for each in compared}) == MOST_HOMES
    assert len(compared) == 2 * MOST_HOMES
    assert compared[0] == "t/test_70.py::t0"


def test_a_file_that_cannot_be_imported_is_no_test() -> None:
    files = frozenset({"tests/test_a.py"})
    assert is_module(Id("tests/test_a.py"), files)
    assert is_module(Id("tests.test_a"), files)
    assert is_module(Id("test_a"), files)
    assert not is_module(Id("tests.test_a.TestA.test_it"), files)
    assert not is_module(Id("command"), {"command.py"})
    assert not is_module(Id("tests/test_a.py::test_it"), files)
