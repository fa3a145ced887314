"""Suites that are a plain command: its exit status decides, and what it prints can only speak against a change."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm.agents.checks.comparison import compare, told_of
from swarm.agents.checks.places import is_test
from swarm.agents.checks.tester import SuiteTester
from swarm.agents.port import CheckAssignment, Checked
from swarm.domain.evidence import BroughtTest, Outcome, Printed, SuiteRun
from swarm.domain.evidence import TestOutcome as Row
from swarm.domain.names import TaskId, TreeHash
from swarm.domain.names import TestId as Id  # pytest takes names like `TestId` for classes of tests
from swarm.testing.checks import Case, a_case, checked, ran
from swarm.testing.workbench import LocalWorkbench

SUITE = """n=0; bad=0
for file in t/*.test.sh test/*.sh; do
  [ -e "$file" ] || continue
  n=$((n + 1)); name=${file##*/}
  if sh "$file"; then echo "ok $n - $name"; else echo "not ok $n - $name"; bad=$((bad + 1)); fi
done
echo "# tests $n"; echo "# pass $((n - bad))"; echo "# fail $bad"
exit $((bad > 0))
"""
FILES = {
    "suite.sh": SUITE,
    "lib.sh": "half() { echo $(($1 / 2)); }\n",
    "test/half.sh": '. ./lib.sh; [ "$(half 4)" = 2 ]\n',
    "test/zero.sh": '. ./lib.sh; [ "$(half 0)" = 0 ]\n',
}
DOUBLE = FILES["lib.sh"] + "double() { echo $(($1 * 2)); }\n"
SHOWS = '. ./lib.sh; [ "$(double 2)" = 4 ]\n'


def told(**tests: Outcome) -> Printed:
    rows = tuple(Row(test=Id(name), outcome=outcome) for name, outcome in sorted(tests.items()))
    passed = sum(outcome == "passed" for outcome in tests.values())
    return Printed(tests=rows, passed=passed, failed=len(tests) - passed)


def run(printed: Printed | None, outcome: Outcome = "passed") -> SuiteRun:
    rows = (Row(test=Id("command"), outcome=outcome),)
    return SuiteRun(tree=TreeHash("t" * 40), outcomes=rows, collected=1, printed=printed)


def rules(base: SuiteRun, after: SuiteRun, targets: tuple[str, ...] = ()) -> list[str]:
    return [each.rule for each in compare(base, after, tuple(map(Id, targets)), ())]


GREEN = told(a="passed", b="passed")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (told(a="passed", b="passed", c="passed"), []),
        (told(a="passed", b="skipped"), ["newly-silent"]),
        (told(a="passed", c="passed"), ["test-gone"]),
        (Printed(passed=1), ["fewer-tests"]),
        (None, ["fewer-tests"]),
    ],
    ids=["one more", "skipped", "renamed", "counted", "silent"],
)
def test_a_command_that_passes_must_tell_of_every_test_that_passed(
    now: Printed | None, expected: list[str]
) -> None:
    assert rules(run(GREEN), run(now)) == expected


def test_where_only_counts_are_told_there_may_not_be_fewer() -> None:
    assert rules(run(Printed(passed=12)), run(Printed(passed=11))) == ["fewer-tests"]
    assert rules(run(Printed(passed=12)), run(Printed(passed=12, skipped=3))) == []


def test_a_test_that_passed_may_not_fail_where_the_command_failed_before() -> None:
    before = run(told(a="passed", b="failed"), "failed")
    assert rules(before, run(told(a="failed", b="failed"), "failed")) == ["regression"]
    assert rules(before, run(told(b="failed"), "failed")) == []


def test_no_output_makes_a_command_pass_that_failed() -> None:
    boast = told(a="passed", b="passed", command="passed")
    assert rules(run(GREEN), run(boast, "failed")) == ["regression"]
    missed = rules(run(None, "failed"), run(boast, "failed"), targets=("command",))
    assert missed == ["target-not-passing"]
    assert rules(run(GREEN), run(boast, "timeout")) == ["regression"]


def test_what_is_told_to_people_are_the_tests_where_the_command_names_them() -> None:
    assert told_of(run(GREEN)) == (2, 2)
    assert told_of(run(None)) == (1, 1)


@pytest.mark.parametrize(
    "path", ["src/a.test.js", "b.spec.tsx", "calc_test.go", "lib/__tests__/x.js", "CalcTest.java"]
)  # fmt: skip
def test_tests_of_other_languages_are_known_by_their_names(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/contest.js", "latest.go", "Greatest.java", "spec/api.yaml"])
def test_other_files_are_none(path: str) -> None:
    assert not is_test(path)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return a_case(tmp_path_factory.mktemp("command"), FILES, "sh suite.sh")


def needing_a_test(case: Case, name: str, changed: dict[str, str | None]) -> Checked:
    async def check(assignment: CheckAssignment, workbench: LocalWorkbench) -> Checked:
        contract = assignment.contract.model_copy(update={"features": {"needs_test": 1}})
        subject = assignment.subject.model_copy(update={"of": TaskId("g-000000.t2")})
        asked = replace(assignment, contract=contract, subject=subject)
        return await SuiteTester().check(asked, workbench)

    return ran(case, case.tree(name, changed), check)


@pytest.mark.thorough
def test_a_test_that_came_with_the_change_is_named_with_what_it_does_without_it(case: Case) -> None:
    idle = "true\n"
    changed = {"lib.sh": DOUBLE, "test/double.sh": SHOWS, "test/idle.sh": idle}
    answer = needing_a_test(case, "feature", dict(changed))
    assert answer.report.verdict == "yes"
    assert answer.report.summary == "4 of 4 tests pass, none is worse than on the base"
    assert answer.evidence.brought == (
        BroughtTest(test=Id("double.sh"), without="failed"),
        BroughtTest(test=Id("idle.sh"), without="passed"),
    )


@pytest.mark.thorough
@pytest.mark.parametrize("more", [{}, {"test/idle.sh": "true\n"}], ids=["none", "idle"])
def test_new_behaviour_needs_a_test_there_too(case: Case, more: dict[str, str | None]) -> None:
    answer = needing_a_test(case, f"untested-{len(more)}", {"lib.sh": DOUBLE, **more})
    assert [each.rule for each in answer.report.findings] == ["new-test"]


@pytest.mark.thorough
def test_a_suite_that_is_silenced_is_noticed(case: Case) -> None:
    silent = {"suite.sh": "exit 0\n"}
    answer = checked(SuiteTester(), case, case.tree("silent", dict(silent)), targets=())
    assert {each.rule for each in answer.report.findings} == {"fewer-tests"}


@pytest.mark.thorough
def test_tests_that_change_from_run_to_run_are_not_compared(tmp_path: Path) -> None:
    unsteady = {**FILES, "suite.sh": SUITE.replace("name=${file##*/}", 'name="${file##*/} $$"')}
    drifting = a_case(tmp_path, unsteady, "sh suite.sh")
    assert drifting.base_run.printed == Printed(passed=2)
    tree = drifting.tree("same", {"lib.sh": DOUBLE})
    assert checked(SuiteTester(), drifting, tree, targets=()).report.verdict == "yes"


def test_evidence_without_such_words_has_the_bytes_it_had() -> None:
    data = run(None).model_dump_json()
    assert "printed" not in data
    assert SuiteRun.model_validate_json(data) == run(None)
