"""The tester on honest work: good, incomplete and harmful."""

from pathlib import Path

import pytest

from swarm.agents.checks.tester import SuiteTester
from swarm.testing.checks import Case, a_case, checked
from swarm.testing.workbench import write_files

TARGET = "tests/test_calc.py::test_add"
BUGGY = {
    "calc.py": "def add(a, b):\n    return a - b\n\n\ndef half(a):\n    return a // 2\n",
    "tests/test_calc.py": "import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n\n\n"
    "def test_zero():\n    assert calc.add(0, 0) == 0\n\n\n"
    "def test_half():\n    assert calc.half(4) == 2\n",
}
MENDED = BUGGY["calc.py"].replace("a - b", "a + b")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return a_case(tmp_path_factory.mktemp("case"), BUGGY)


def rules(case: Case, name: str, changed: dict[str, str | None]) -> set[str]:
    answer = checked(SuiteTester(), case, case.tree(name, changed), targets=(TARGET,))
    assert answer.report.evidence == answer.evidence.hash
    assert (answer.report.verdict == "yes") == (not answer.report.findings)
    return {finding.rule for finding in answer.report.findings}


@pytest.mark.thorough
def test_a_mended_tree_is_accepted_with_evidence_that_comes_out_the_same_again(case: Case) -> None:
    tree = case.tree("mended", {"calc.py": MENDED})
    one = checked(SuiteTester(), case, tree, targets=(TARGET,))
    two = checked(SuiteTester(), case, tree, targets=(TARGET,))
    assert one.report.verdict == "yes"
    assert one.evidence == two.evidence
    assert one.evidence.hash == two.evidence.hash
    assert [(row.test, row.outcome) for row in one.evidence.base_outcomes] == [(TARGET, "failed")]


@pytest.mark.thorough
def test_a_tree_that_leaves_the_target_red_is_refused_with_the_failures_words(case: Case) -> None:
    tree = case.tree("still-red", {"calc.py": BUGGY["calc.py"].replace("a - b", "a * b")})
    answer = checked(SuiteTester(), case, tree, targets=(TARGET,))
    assert answer.report.verdict == "no"
    assert "assert 2 == 3" in answer.report.findings[0].message
    assert "assert" not in answer.evidence.findings[0].message


@pytest.mark.thorough
def test_a_tree_that_turns_another_test_red_is_refused(case: Case) -> None:
    changed = MENDED.replace("a // 2", "a")
    assert rules(case, "harmful", {"calc.py": changed}) == {"regression"}


@pytest.mark.thorough
def test_a_tree_that_cannot_be_imported_is_refused(case: Case) -> None:
    found = rules(case, "syntax", {"calc.py": "def add(:\n"})
    assert "tampering.unreadable" in found


@pytest.mark.thorough
def test_new_tests_are_welcome(case: Case) -> None:
    new = "import unittest\nimport calc\n\n\nclass TestMore(unittest.TestCase):\n    def test_more(self):\n        self.assertEqual(calc.add(2, 2), 4)\n"
    assert rules(case, "new-tests", {"calc.py": MENDED, "tests/test_more.py": new}) == set()


@pytest.mark.thorough
def test_a_target_that_passes_only_in_company_is_refused(case: Case) -> None:
    spoiled = (
        "ZEROS = []\n\n\ndef add(a, b):\n    if not a:\n        ZEROS.append(a)\n"
        "    return a + b if ZEROS else a - b\n\n\ndef half(a):\n    return a // 2\n"
    )
    files = {**BUGGY, "tests/test_a.py": "import calc\ndef test_0(): assert calc.add(0, 0) == 0\n"}
    in_company = Case(
        case.folder, write_files(case.folder / "base-2", files), files, case.environment,
        case.base_run,
    )  # fmt: skip
    assert rules(in_company, "company", {"calc.py": spoiled}) == {"not-alone"}


@pytest.mark.thorough
def test_ids_that_flicker_on_the_base_count_for_nothing(tmp_path: Path) -> None:
    flicker = (
        "import os\n\n\ndef test_flickers():\n"
        "    here = os.open('/proc/self/stat', os.O_RDONLY)\n"
        f"    mark = {str(tmp_path / 'mark')!r}\n"
        "    there = os.path.exists(mark)\n"
        "    os.remove(mark) if there else open(mark, 'w').close()\n"
        "    assert there\n"
    )
    flickering = a_case(tmp_path, {**BUGGY, "tests/test_flicker.py": flicker})
    assert flickering.voided == ("tests/test_flicker.py::test_flickers",)
    assert rules(flickering, "mended", {"calc.py": MENDED}) == set()


@pytest.mark.thorough
def test_unittest_suites_are_judged_in_the_same_way(tmp_path: Path) -> None:
    files = {
        "calc.py": BUGGY["calc.py"],
        "tests/__init__.py": "",
        "tests/test_calc.py": "import unittest, calc\nclass T(unittest.TestCase):\n"
        "    def test_add(self): self.assertEqual(calc.add(1, 2), 3)\n"
        "    def test_half(self): self.assertEqual(calc.half(4), 2)\n",
    }
    case = a_case(tmp_path, files, "python -m unittest")
    target = ("tests.test_calc.T.test_add",)
    good = checked(SuiteTester(), case, case.tree("good", {"calc.py": MENDED}), targets=target)
    bad = checked(SuiteTester(), case, case.tree("bad", {}), targets=target)
    assert (good.report.verdict, bad.report.verdict) == ("yes", "no")


def test_a_plain_command_is_judged_by_its_exit_status(tmp_path: Path) -> None:
    files = {"check.sh": "grep -q right answer.txt\n", "answer.txt": "wrong\n"}
    case = a_case(tmp_path, files, "sh check.sh")
    good = checked(
        SuiteTester(), case, case.tree("good", {"answer.txt": "right\n"}), targets=("command",)
    )
    bad = checked(SuiteTester(), case, case.tree("bad", {}), targets=("command",))
    assert (good.report.verdict, bad.report.verdict) == ("yes", "no")
