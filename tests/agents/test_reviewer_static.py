"""The static reviewer: what it blocks, what it only notes, and that it answers the same again."""

import asyncio
import sys
from pathlib import Path

import pytest

from swarm.agents.checks.diffs import Bounds
from swarm.agents.checks.static import StaticReviewer
from swarm.domain.grants import lies_in
from swarm.domain.tasks import Finding
from swarm.testing.checks import Case, checked, unrun
from swarm.testing.workbench import tree_of, write_files
from swarm.tools.public_api import detect_environment

CALC = "import os\n\n\ndef add(a, b):\n    return a - b\n"
BASE = {
    "calc.py": CALC,
    "tests/test_calc.py": "import calc\n",
    "data/old.py": "print 'a file of Python 2'\n",
    "notes.txt": "one\ntwo\n",
    ".github/workflows/ci.yml": "on: push\n",
}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("static")
    base = write_files(folder / "base", BASE)
    environment = asyncio.run(
        detect_environment(
            base, base, python=None, test_command=None, own_python=Path(sys.executable)
        )
    )
    return Case(folder, base, BASE, environment, unrun(tree_of(base)))


def findings(
    case: Case, changed: dict[str, str | None], *, touch: tuple[str, ...] = (), lines: int = 50
) -> tuple[Finding, ...]:
    name = f"tree-{abs(hash(repr(changed)))}"
    reviewer = StaticReviewer(bounds=Bounds(files=3, lines=lines, file_bytes=2_000))
    answer = checked(reviewer, case, case.tree(name, changed), targets=(), touch=touch)
    blocking = any(finding.blocks for finding in answer.report.findings)
    assert answer.report.verdict == ("no" if blocking else "yes")
    assert answer.report.evidence == answer.evidence.hash
    return answer.report.findings


def test_a_good_change_is_accepted_and_the_evidence_comes_out_the_same_again(case: Case) -> None:
    tree = case.tree("good", {"calc.py": CALC.replace("a - b", "a + b")})
    one, two = (checked(StaticReviewer(), case, tree, targets=()) for _ in range(2))
    assert (one.report.verdict, one.report.findings) == ("yes", ())
    assert one.evidence.hash == two.evidence.hash


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"calc.py": "def add(a, b:\n"}, "does-not-compile"),
        ({"calc.py": CALC.replace("a - b", "a - c")}, "lint.F821"),
        ({"calc.py": CALC.replace("a - b", "a - c  # noqa")}, "lint.F821"),
        ({"calc.py": CALC.replace("a - b", "a is 'x'")}, "lint.F632"),
        ({".github/workflows/ci.yml": "on: never\n"}, "protected"),
        ({f"new{n}.py": "X = 1\n" for n in range(4)}, "too-large"),
        ({"new.py": "X = 1\n" * 60}, "too-large"),
        ({"new.py": f"X = {'1' * 3_000!r}\n"}, "too-large"),
        ({"new.bin": "\0\1"}, "binary"),
        ({"calc.py": CALC.replace("\n", "  \n")}, "white-space"),
        ({"notes.txt": "one\n  two\n\n"}, "white-space"),
        ({"calc.py": CALC.replace("a - b", "a + b").replace("\n", "\r\n")}, "line-ends"),
        ({"requirements.txt": "reqeusts\n"}, "dependency"),
        ({}, "no-change"),
    ],
)
def test_what_may_not_be_blocks(case: Case, changed: dict[str, str | None], rule: str) -> None:
    assert rule in {finding.rule for finding in findings(case, changed) if finding.blocks}


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("print(a)", "left-over.print"),
        ("breakpoint()", "left-over.breakpoint"),
        ("import pdb; pdb.set_trace()", "left-over.breakpoint"),
        ("pass  # TODO later", "left-over.todo"),
        ("x = 1", "lint.F841"),
    ],
)
def test_leftovers_are_notes_with_their_line(case: Case, line: str, rule: str) -> None:
    changed = CALC.replace("    return a - b", f"    {line}\n    return a + b")
    (found,) = findings(case, {"calc.py": changed})
    assert (found.rule, found.line, found.blocks) == (rule, 5, False)


def test_what_was_wrong_on_the_base_is_not_the_writers_fault(case: Case) -> None:
    changed = {"calc.py": CALC.replace("a - b", "a + b"), "data/old.py": "print 'changed'\n"}
    assert findings(case, {**changed}) == ()


def test_indentation_is_no_white_space_change_in_python(case: Case) -> None:
    before = CALC + "    print(1)\n"
    base = {**BASE, "calc.py": before}
    other = Case(
        case.folder, write_files(case.folder / "base-2", base), base, case.environment, case.base_run
    )  # fmt: skip
    changed: dict[str, str | None] = {"calc.py": before.replace("    print(1)", "print(1)")}
    answer = checked(StaticReviewer(), other, other.tree("dedent", changed), targets=())
    assert answer.report.verdict == "yes"


def test_a_change_outside_of_the_contract_blocks_and_a_new_test_is_noted(case: Case) -> None:
    changed: dict[str, str | None] = {
        "calc.py": CALC.replace("a - b", "a + b"),
        "notes.txt": "three\n",
        "tests/test_more.py": "import calc\n\ncalc.add(1, 2)\n",
    }
    found = findings(case, changed, touch=("calc.py",))
    assert [(each.path, each.blocks) for each in found] == [
        ("notes.txt", True),
        ("tests/test_more.py", False),
    ]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("a/b.py", True), ("a", True), ("a/", True), ("a/*.py", True), ("*.py", True), ("b.py", False)],
)  # fmt: skip
def test_a_contract_names_files_folders_or_globs(pattern: str, fits: bool) -> None:
    assert lies_in("a/b.py", pattern) is fits
