"""The planner on real suites in real sandboxes."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from swarm.agents.public_api import Plan, Planner
from swarm.demo.public_api import BUGS, Bug, write_project
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, CommitHash, GoalId
from swarm.domain.tasks import TaskKind
from swarm.sandbox.public_api import open_host
from swarm.testing.workbench import LocalWorkbench, tree_of, write_files
from swarm.tools.public_api import detect_environment

PYTHON = Path(sys.executable)
NOON = 1_700_000_000
TWO = ("quarter", "tilde-kept")

CALCULATOR = {
    "calculator.py": "def mean(numbers):\n    return sum(numbers) / len(numbers)\n",
    "dates.py": "def is_leap(year):\n    return year % 4 == 0\n",
    "test_calculator.py": (
        "from calculator import mean\n"
        "def test_mean(): assert mean([1, 3]) == 2\n"
        "def test_mean_of_nothing(): assert mean([]) == 0\n"
    ),
    "test_dates.py": (
        "from dates import is_leap\n"
        "def test_leap(): assert is_leap(2024)\n"
        "def test_century(): assert not is_leap(1900)\n"
    ),
    "AGENTS.md": "# Rules\n\n- Use only the standard library.\n",
}
MakePlan = Callable[..., Plan]


async def planned(
    folder: Path, project: Path, text: str, fix_failing: bool, seconds: int, command: str | None
) -> Plan:
    environment = await detect_environment(
        project, project, python=None, test_command=command, own_python=PYTHON
    )
    tree = tree_of(project)
    goal = Goal(
        goal_id=GoalId("g-7k2m9x"),
        text=text,
        repository=str(project),
        base=CommitHash("c" * 40),
        base_tree=tree,
        environment=environment,
        fix_failing=fix_failing,
        value=5_000_000,
        wrong_cost=1_000_000,
        budget=1_000_000,
        seconds=seconds,
        writers=2,
    )
    host = open_host(folder / "scratch", "unsafe-worktree")
    try:
        bench = LocalWorkbench(environment, {tree: project}, host)
        return await Planner(AgentId("planner-1")).plan(goal, bench, at=NOON)
    finally:
        await host.close()


@pytest.fixture
def make_plan(tmp_path: Path) -> MakePlan:
    def make(
        text: str = "",
        *,
        files: dict[str, str] | None = None,
        fix_failing: bool = False,
        seconds: int = 600,
        command: str | None = None,
    ) -> Plan:
        project = tmp_path / "project"
        if not project.exists():
            write_files(project, CALCULATOR if files is None else files)
        return asyncio.run(planned(tmp_path, project, text, fix_failing, seconds, command))

    return make


def bugs(*names: str) -> tuple[Bug, ...]:
    return tuple(bug for bug in BUGS if bug.name in names)


@pytest.mark.thorough
def test_two_bugs_in_different_modules_become_two_tasks(
    make_plan: MakePlan, tmp_path: Path
) -> None:
    write_project(tmp_path / "project", bugs(*TWO))
    plan = make_plan(fix_failing=True)
    assert plan.refusal == ""
    storage, workdays = (contract.touch for contract in plan.contracts)
    assert "timebook/storage.py" in storage
    assert "timebook/workdays.py" in workdays
    assert not set(storage) & set(workdays)
    by_file = {contract.targets[0].partition("::")[0] for contract in plan.contracts}
    assert by_file == {"tests/test_storage.py", "tests/test_workdays.py"}


@pytest.mark.thorough
def test_tasks_divide_what_the_goal_is_worth(make_plan: MakePlan) -> None:
    plan = make_plan("fix the failing tests")
    assert [contract.task_id for contract in plan.contracts] == ["g-7k2m9x.t2", "g-7k2m9x.t3"]
    assert sum(contract.value for contract in plan.contracts) == 5_000_000
    assert sum(contract.budget for contract in plan.contracts) == 800_000
    assert {contract.kind for contract in plan.contracts} == {TaskKind.WRITE}


@pytest.mark.thorough
def test_a_named_test_is_the_only_target(make_plan: MakePlan) -> None:
    plan = make_plan("please fix test_dates.py::test_century")
    (contract,) = plan.contracts
    assert contract.targets == ("test_dates.py::test_century",)
    assert contract.features["suspect_files"] == 1
    assert contract.features["suite_tests"] == 4
    assert "dates.py:1 is_leap" in contract.description


@pytest.mark.thorough
def test_an_exception_in_a_failure_is_a_target(make_plan: MakePlan) -> None:
    (contract,) = make_plan("We get a ZeroDivisionError for empty input").contracts
    assert contract.targets == ("test_calculator.py::test_mean_of_nothing",)


@pytest.mark.thorough
def test_a_module_is_where_the_cause_is_looked_for(make_plan: MakePlan) -> None:
    (contract,) = make_plan("something is wrong in dates.py").contracts
    assert contract.targets == ("test_dates.py::test_century",)


def test_what_the_suite_cannot_decide_is_refused_without_running_it(make_plan: MakePlan) -> None:
    plan = make_plan("Add a dark mode")
    assert plan.refusal.startswith("needs a model engine: the goal names no test")
    assert plan.contracts == ()
    assert plan.base_run.collected == 0


@pytest.mark.thorough
def test_a_green_suite_is_refused_with_its_size(make_plan: MakePlan) -> None:
    plan = make_plan(fix_failing=True, files={"test_a.py": "def test_a(): pass\n"})
    assert plan.refusal == "everything is green already: 1 tests pass"


@pytest.mark.thorough
def test_a_suite_that_collects_nothing_is_refused(make_plan: MakePlan) -> None:
    plan = make_plan(fix_failing=True, files={"test_a.py": "x = 1\n"})
    assert plan.refusal.startswith("the suite gives no results: no tests were collected")


@pytest.mark.thorough
def test_a_test_file_that_cannot_be_imported_is_said(make_plan: MakePlan) -> None:
    files = {"test_a.py": "import nowhere_at_all\ndef test_a(): pass\n", "a.py": ""}
    plan = make_plan(fix_failing=True, files=files)
    assert plan.refusal.startswith("test_a.py cannot be imported")
    assert plan.refusal.partition("cannot be imported: ")[2].startswith("ModuleNotFoundError")
    assert "nowhere_at_all" in plan.refusal


@pytest.mark.thorough
def test_where_a_module_breaks_an_import_is_said(make_plan: MakePlan) -> None:
    files = {"test_a.py": "import a\ndef test_a(): pass\n", "a.py": "x = 1\ndef f()\n"}
    plan = make_plan(fix_failing=True, files=files)
    assert plan.refusal.endswith("SyntaxError: expected ':'; see a.py, line 2")


@pytest.mark.thorough
def test_where_nothing_can_be_imported_the_red_rest_is_no_target(make_plan: MakePlan) -> None:
    files = {
        "pkg/__init__.py": "from pkg._version import version\n",
        "test_a.py": "import pkg\ndef test_a(): pass\n",
        "test_b.py": "def test_b():\n    import pkg\n",
    }
    plan = make_plan(fix_failing=True, files=files)
    assert plan.contracts == ()
    assert "No module named 'pkg._version'; only what is committed" in plan.refusal


@pytest.mark.thorough
def test_a_suite_that_hangs_is_refused(make_plan: MakePlan) -> None:
    files = {"test_a.py": "import time\ntime.sleep(60)\ndef test_a(): pass\n"}
    plan = make_plan(fix_failing=True, files=files, seconds=1)
    assert "did not end within 1 s" in plan.refusal


@pytest.mark.thorough
def test_an_id_that_flickers_is_no_target(make_plan: MakePlan, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    flickering = (
        "from pathlib import Path\n"
        f"mark = Path({str(mark)!r})\n"
        "def test_flickers():\n"
        "    seen = mark.exists()\n"
        "    mark.touch()\n"
        "    assert seen\n"
        "def test_fails(): assert 0\n"
    )
    refused = make_plan("fix test_flickers", files={"test_a.py": flickering})
    assert refused.refusal.startswith("test_a.py::test_flickers flickers")
    mark.unlink()
    plan = make_plan(fix_failing=True)
    assert plan.voided == ("test_a.py::test_flickers",)
    assert plan.contracts[0].targets == ("test_a.py::test_fails",)


@pytest.mark.thorough
def test_unittest_suites_are_planned_too(make_plan: MakePlan) -> None:
    files = {
        "dates.py": CALCULATOR["dates.py"],
        "tests/__init__.py": "",
        "tests/test_dates.py": (
            "import unittest\nfrom dates import is_leap\n"
            "class TestLeap(unittest.TestCase):\n"
            "    def test_2024(self): self.assertTrue(is_leap(2024))\n"
            "    def test_1900(self): self.assertFalse(is_leap(1900))\n"
        ),
    }
    plan = make_plan("fix TestLeap", files=files, command="python -m unittest")
    (contract,) = plan.contracts
    assert contract.targets == ("tests.test_dates.TestLeap.test_1900",)
    assert contract.features["suspect_files"] == 1


@pytest.mark.thorough
def test_a_command_that_is_no_runner_is_one_target(make_plan: MakePlan) -> None:
    files = {"test_a.py": "assert 0\n"}
    (contract,) = make_plan(fix_failing=True, files=files, command="false").contracts
    assert contract.targets == ("command",)
    assert contract.touch == ()


@pytest.mark.thorough
def test_facts_tell_structure_command_rules_and_where_to_look(make_plan: MakePlan) -> None:
    facts = {fact.kind: fact for fact in make_plan("fix test_century").facts}
    assert facts["structure"].claim == "4 modules: calculator, dates, test_calculator, test_dates"
    assert facts["test-command"].claim.endswith("-m pytest: 2 failed, 2 passed")
    assert facts["convention"].claim == "Use only the standard library."
    assert (facts["convention"].path, facts["convention"].line) == ("AGENTS.md", 3)
    assert facts["related"].claim == "fails; look in dates.py"
    assert {fact.at for fact in facts.values()} == {NOON}
