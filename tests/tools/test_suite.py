"""Running suites: pytest, unittest, any command; and the suites that give no results."""

import asyncio
import sys
from pathlib import Path

import pytest

from swarm.domain.names import TestId as Id  # pytest takes a name `TestId` for a class of tests
from swarm.sandbox.public_api import BaseRef, SandboxSpec, open_host
from swarm.testing.workbench import tree_of, write_files
from swarm.tools.inside.supervisor import Patience
from swarm.tools.public_api import COMMAND, Execution, detect_environment, execute_suite, meant_by

PYTHON = Path(sys.executable)
NONCE = "5f0c"


def run(
    folder: Path, files: dict[str, str], command: str | None = None, **options: object
) -> Execution:
    tree = write_files(folder / "project", files)

    async def once() -> Execution:
        environment = await detect_environment(
            tree, tree, python=None, test_command=command, own_python=PYTHON
        )
        host = open_host(folder / "scratch", "unsafe-worktree")
        try:
            spec = SandboxSpec(tree, require="unsafe-worktree")
            sandbox = await host.create(spec, BaseRef(tree, "t"))
            return await execute_suite(
                sandbox,
                environment,
                tree_of(tree),
                **{"wall_seconds": 240.0, "nonce": NONCE, **options},  # type: ignore[arg-type]
            )
        finally:
            await host.close()

    return asyncio.run(once())


def outcomes(execution: Execution) -> dict[str, str]:
    return {row.test.rpartition(":")[2]: row.outcome for row in execution.run.outcomes}


EVERY_OUTCOME = """
import os, time, pytest

def test_passes(): pass
def test_fails(): assert 1 == 2
@pytest.mark.skip
def test_skips(): pass
@pytest.mark.xfail
def test_is_expected_to_fail(): assert 0
@pytest.mark.xfail
def test_passes_against_its_mark(): pass
@pytest.fixture
def broken():
    yield
    raise ValueError("late")
def test_errs_at_its_end(broken): pass
def test_dies(): os._exit(0)
def test_hangs(): time.sleep(60)
def test_passes_after_all_that(): pass
"""


def test_every_outcome_has_its_word(tmp_path: Path) -> None:
    execution = run(tmp_path, {"test_all.py": EVERY_OUTCOME}, test_seconds=2.0)
    assert outcomes(execution) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_skips": "skipped",
        "test_is_expected_to_fail": "xfailed",
        "test_passes_against_its_mark": "xpassed",
        "test_errs_at_its_end": "error",
        "test_dies": "crashed",
        "test_hangs": "timeout",
        "test_passes_after_all_that": "passed",
    }
    assert execution.run.collected == 9
    assert "assert 1 == 2" in execution.failures[Id("test_all.py::test_fails")]


HANGING = """
import pytest, time
def test_quick(): pass
@pytest.mark.parametrize("n", range(4))
def test_hangs(n): time.sleep(60)
def test_takes_its_time(): time.sleep(0.2)
"""


@pytest.mark.thorough
def test_every_test_that_hangs_is_a_timeout_and_the_others_run(tmp_path: Path) -> None:
    execution = run(tmp_path, {"test_all.py": HANGING}, patience=6.0)
    assert sorted(outcomes(execution).values()) == ["passed"] * 2 + ["timeout"] * 4


def test_after_one_test_hung_the_next_are_waited_for_less() -> None:
    patience = Patience(6.0, most=50.0)
    assert patience.limit == 6.0
    patience.lose()
    assert patience.limit == 2.0
    patience.note("passed", 300)
    assert patience.limit == 6.0  # twenty times what passed
    patience.note("passed", 4000)
    assert patience.limit == 50.0


@pytest.mark.thorough
def test_a_test_as_slow_as_others_that_pass_is_waited_for(tmp_path: Path) -> None:
    tests = "import time\ndef test_a(): time.sleep(0.5)\ndef test_b(): time.sleep(5)\n"
    execution = run(tmp_path, {"test_all.py": tests}, patience=4.0)
    assert set(outcomes(execution).values()) == {"passed"}


UNITTESTS = """
import unittest

class TestAll(unittest.TestCase):
    def test_passes(self): pass
    def test_fails(self): self.assertEqual(1, 2)
    def test_fails_in_part(self):
        for number in range(2):
            with self.subTest(number=number): self.assertEqual(number, 0)
    @unittest.skip("not now")
    def test_skips(self): pass
    @unittest.expectedFailure
    def test_is_expected_to_fail(self): self.fail()
    def test_dies(self): import os; os._exit(0)

class TestBroken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise ValueError("no set-up")
    def test_never_starts(self): pass
"""


def test_unittest_has_the_same_words_and_dotted_ids(tmp_path: Path) -> None:
    files = {"tests/__init__.py": "", "tests/test_all.py": UNITTESTS, "tests/test_bad.py": "1/0"}
    execution = run(tmp_path, files, "python -m unittest discover")
    assert {row.test: row.outcome for row in execution.run.outcomes} == {
        "tests.test_all.TestAll.test_passes": "passed",
        "tests.test_all.TestAll.test_fails": "failed",
        "tests.test_all.TestAll.test_fails_in_part": "failed",
        "tests.test_all.TestAll.test_skips": "skipped",
        "tests.test_all.TestAll.test_is_expected_to_fail": "xfailed",
        "tests.test_all.TestAll.test_dies": "crashed",
        "tests.test_all.TestBroken.test_never_starts": "error",
        "tests.test_bad": "error",
    }


@pytest.mark.parametrize("status", [0, 3])
def test_any_other_command_is_one_test_with_its_exit_status(tmp_path: Path, status: int) -> None:
    execution = run(tmp_path, {"check.sh": f"exit {status}\n"}, "sh check.sh")
    assert outcomes(execution) == {COMMAND: "failed" if status else "passed"}
    assert execution.exit_status == status


@pytest.mark.thorough
def test_only_the_ids_asked_for_are_run_and_alone_the_exit_status_is_theirs(tmp_path: Path) -> None:
    files = {
        "tests/test_a.py": "import pytest\n@pytest.mark.parametrize('x', ['a b', 'c::d[1]'])\n"
        "def test_x(x): pass\ndef test_y(): assert 0\n",
        "tests/test_b.py": "raise RuntimeError('never imported')\n",
    }
    target = Id("tests/test_a.py::test_x[c::d[1]]")
    execution = run(tmp_path, files, ids=[target], canary=False)
    assert [row.test for row in execution.run.outcomes] == [target]
    assert execution.exit_status == 0


@pytest.mark.thorough
def test_a_file_that_cannot_be_imported_is_an_error_and_the_rest_is_run(tmp_path: Path) -> None:
    files = {"test_a.py": "import nowhere\n", "test_b.py": "def test_b(): pass\n"}
    execution = run(tmp_path, files)
    assert {row.test: row.outcome for row in execution.run.outcomes} == {
        "test_a.py": "error",
        "test_b.py::test_b": "passed",
    }


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"test_a.py": ""}, "no tests were collected"),
        ({"conftest.py": "1/0", "test_a.py": "def test(): pass"}, "before it had collected"),
        ({"test_a.py": "while True: pass"}, "did not end within 3 s"),
        ({"conftest.py": "import os; os._exit(0)", "test_a.py": ""}, "before it had collected"),
        (
            {
                "conftest.py": "import os\ndef pytest_sessionfinish(): os._exit(0)",
                "test_a.py": "def test(): pass",
            },
            "ended before its report did (status 0)",
        ),
    ],
)  # fmt: skip
def test_a_suite_without_results_is_broken_and_says_why(
    tmp_path: Path, files: dict[str, str], why: str
) -> None:
    execution = run(tmp_path, files, wall_seconds=3.0 if "within 3 s" in why else 240.0)
    assert why in execution.run.broken
    assert execution.run.outcomes == ()


@pytest.mark.thorough
def test_what_tests_print_is_never_read_as_their_report(tmp_path: Path) -> None:
    forged = f"""
import os, sys
def test_fails():
    for stream in (sys.__stdout__, sys.__stderr__):
        print("{NONCE} 100 passed", file=stream, flush=True)
    assert 0
"""
    assert outcomes(run(tmp_path, {"test_a.py": forged})) == {"test_fails": "failed"}


@pytest.mark.thorough
def test_writing_into_the_report_without_the_nonce_breaks_the_run(tmp_path: Path) -> None:
    forged = """
import os
def test_fails():
    for fd in range(3, 30):
        try: os.write(fd, b'{"is": "done", "id": "test_a.py::test_fails", "outcome": "passed"}\\n')
        except OSError: pass
    assert 0
"""
    broken = run(tmp_path, {"test_a.py": forged}).run.broken
    assert "other than the test runner" in broken or "canary" in broken


@pytest.mark.thorough
def test_a_test_that_forks_and_lets_its_child_run_on_is_reported_once(tmp_path: Path) -> None:
    forking = "import os\ndef test_forks():\n    assert os.fork()\ndef test_other(): pass\n"
    execution = run(tmp_path, {"test_a.py": forking}, "pytest -W ignore")
    assert outcomes(execution) == {"test_forks": "passed", "test_other": "passed"}


@pytest.mark.thorough
def test_options_of_the_users_command_and_settings_are_kept(tmp_path: Path) -> None:
    files = {
        "test_a.py": "import os\ndef test_env(): assert os.environ['COLOUR'] == 'red'\n"
        "def test_other(): pass\n"
    }
    execution = run(tmp_path, files, "COLOUR=red python -m pytest -x -k env")
    assert outcomes(execution) == {"test_env": "passed"}


@pytest.mark.thorough
def test_the_run_leaves_no_trace_in_the_users_folder(tmp_path: Path) -> None:
    files = {"calc.py": "", "test_a.py": "import calc\ndef test_a(): pass\n"}
    run(tmp_path, files)
    left = {path.name for path in (tmp_path / "project").rglob("*")}
    assert left == set(files)


def test_our_own_line_means_the_projects_command(tmp_path: Path) -> None:
    tree = write_files(tmp_path / "project", {})
    found = detect_environment(
        tree, tree, python=None, test_command="npm test", own_python=PYTHON
    )  # fmt: skip
    environment = asyncio.run(found)
    ours = f"{environment.python} -I -S -B -c import json,sys;j=json"
    assert meant_by(ours, environment) == "npm test"
    for other in ("npm ci", f"{environment.python} -I -S -B -c print()", environment.python, ""):
        assert meant_by(other, environment) == other
