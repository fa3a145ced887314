"""The tester where sandboxes are isolated, against code that goes for the supervisor itself."""

import pytest

from swarm.agents.checks.behaviour import BehaviourReviewer
from swarm.agents.checks.tester import SuiteTester
from swarm.sandbox.public_api import why_not
from swarm.testing.checks import Case, a_case, checked

pytestmark = pytest.mark.thorough

BUG = "def add(a, b):\n    return a - b\n"
SEEN = """
import os, pathlib

def test_add():
    import calc
    assert calc.add(1, 2) == 3

def test_the_supervisors_output_cannot_be_opened():
    try:
        os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY)
    except PermissionError:
        return
    raise AssertionError("opened")

def test_that_leaves_a_process_behind():
    if os.fork() == 0:
        os.setsid()
        os.execvp("sleep", ["sleep", "1000"])
"""
TARGET = "tests/test_calc.py::test_add"
KILLS_THE_SUPERVISOR = """
import subprocess

def add(a, b):
    stat = "/pr" + "oc/$PPID/stat"
    subprocess.run(["sh", "-c", f"read a b c parent rest < {stat}; kill -9 $parent"])
    return a + b
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("isolated")
    if lacking := why_not(folder):
        pytest.skip(f"no namespaces here: {lacking}")
    return a_case(folder, {"calc.py": BUG, "tests/test_calc.py": SEEN}, mode="namespaces")


def test_isolation_is_recorded_and_the_supervisor_is_out_of_reach(case: Case) -> None:
    tree = case.tree("good", {"calc.py": BUG.replace("-", "+")})
    answer = checked(SuiteTester(), case, tree, targets=(TARGET,))
    assert (answer.report.verdict, answer.evidence.sandbox_mode) == ("yes", "namespaces")
    assert {row.outcome for row in answer.evidence.outcomes} == {"passed"}


def test_whoever_kills_the_supervisor_gets_no_vote(case: Case) -> None:
    tree = case.tree("kills", {"calc.py": KILLS_THE_SUPERVISOR})
    assert checked(SuiteTester(), case, tree, targets=(TARGET,)).report.verdict == "unknown"
    assert checked(BehaviourReviewer(), case, tree, targets=(TARGET,)).report.verdict == "unknown"
