"""The benchmark's own tasks, judging, tables, QuixBugs."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.bench.examination import laid_over, steers_tests
from swarm.bench.public_api import (
    BenchResult,
    BenchTask,
    Row,
    append_row,
    as_json,
    examine,
    is_right,
    judge,
    load_tasks,
    make_repository,
    own_tasks,
    quixbugs_tasks,
    read_rows,
    run_tasks,
    table,
)
from swarm.bench.quixbugs import adapted
from swarm.bench.tasks import Files, read_files, write_files
from swarm.domain.errors import Rejected
from swarm.domain.evidence import Outcome, SuiteRun
from swarm.domain.evidence import TestOutcome as Ran
from swarm.domain.names import TestId as Id
from swarm.domain.names import TreeHash

OWN = {task.name: task for task in load_tasks(own_tasks())}
SOLVABLE = [name for name, task in OWN.items() if task.expected == "solvable"]


def examined(task: BenchTask, files: Files) -> SuiteRun:
    """In the mode that every machine has; these tasks are ours."""
    python = Path(sys.executable)
    return asyncio.run(examine(task, files, python=python, mode="unsafe-worktree"))


def together() -> BenchTask:
    """All solvable tasks in one, each in a folder of its own: one run instead of ten."""
    files, hidden = (
        {f"{n}/{path}": data for n in SOLVABLE for path, data in getattr(OWN[n], kind).items()}
        for kind in ("files", "hidden")
    )
    return a_task(files=files, hidden=hidden)


def solved(task: BenchTask, folder: Path) -> Files:
    write_files(folder, task.files)
    subprocess.run(
        ["git", "apply", "-"], input=task.solution, cwd=folder, text=True, check=True
    )  # fmt: skip
    return read_files(folder)


def red(run: SuiteRun) -> list[str]:
    assert not run.broken
    return [row.test for row in run.outcomes if row.outcome != "passed"]


def a_task(expected: str = "solvable", **more: object) -> BenchTask:
    told = {"name": "t", "suite": "s", "goal": "g", "level": "easy", "description": "d"}
    return BenchTask(**{**told, "expected": expected, "files": {}, **more})  # type: ignore[arg-type]


def a_run(broken: str = "", **outcomes: Outcome) -> SuiteRun:
    rows = tuple(Ran(test=Id(name), outcome=told) for name, told in outcomes.items())
    return SuiteRun(tree=TreeHash("t"), outcomes=rows, collected=len(rows), broken=broken)


def a_pull_request(*, partial: bool = False) -> BenchResult:
    return BenchResult(status="done", folder=Path("result"), partial=partial)


def test_there_are_four_tasks_of_each_level() -> None:
    levels = [task.level for task in OWN.values()]
    assert {level: levels.count(level) for level in levels} == {"easy": 4, "medium": 4, "hard": 4}
    assert {task.expected for task in OWN.values()} == {"solvable", "impossible", "green"}


@pytest.mark.thorough
def test_solvable_tasks_are_red_and_their_solutions_green(tmp_path: Path) -> None:
    before = examined(together(), together().files)
    for name in SOLVABLE:
        found = {test for test in red(before) if test.startswith(f"{name}/")}
        hidden = {test for test in found if "hidden" in test}
        assert found > hidden > set(), name
    right = {
        f"{name}/{path}": data
        for name in SOLVABLE
        for path, data in solved(OWN[name], tmp_path / name).items()
    }
    after = examined(together(), right)
    assert red(after) == []
    assert judge(together(), a_pull_request(), before, after) == "solved"


@pytest.mark.thorough
def test_the_impossible_task_asks_for_opposites() -> None:
    task = OWN["contradiction"]
    assert len(red(examined(task, task.files))) == 1
    assert task.solution == ""


@pytest.mark.thorough
def test_the_green_task_is_green() -> None:
    assert red(examined(OWN["ledger-green"], OWN["ledger-green"].files)) == []


def test_what_judges_is_not_in_the_repository(tmp_path: Path) -> None:
    make_repository(OWN["roman"], tmp_path / "a")
    assert set(read_files(tmp_path / "a")) == {"roman.py", "test_roman.py"}


def test_a_repository_is_the_same_everywhere(tmp_path: Path) -> None:
    one, other = (make_repository(OWN["roman"], tmp_path / name) for name in "ab")
    assert one == other
    with pytest.raises(Rejected, match="not empty"):
        make_repository(OWN["roman"], tmp_path / "a")


def test_changed_tests_are_put_back_before_judging() -> None:
    task = a_task(files={"a.py": b"1", "test_a.py": b"2"}, hidden={"test_b.py": b"3"})
    cheated = {"a.py": b"4", "test_a.py": b"", "conftest.py": b"skip everything", "b.py": b"5"}
    assert laid_over(task, cheated) == {
        "a.py": b"4",
        "b.py": b"5",
        "test_a.py": b"2",
        "test_b.py": b"3",
    }
    assert steers_tests("pkg/tests/data.json")
    assert not steers_tests("pkg/latest.py")


BEFORE = a_run(a="failed", b="failed", c="passed")


@pytest.mark.parametrize(
    ("result", "after", "verdict"),
    [
        (a_pull_request(), a_run(a="passed", b="passed", c="passed"), "solved"),
        (a_pull_request(partial=True), a_run(a="passed", b="passed", c="passed"), "solved"),
        (a_pull_request(partial=True), a_run(a="passed", b="failed", c="passed"), "partial"),
        (a_pull_request(), a_run(a="passed", b="failed", c="passed"), "wrong"),
        (a_pull_request(partial=True), a_run(a="passed", b="passed", c="failed"), "wrong"),
        (a_pull_request(partial=True), BEFORE, "wrong"),
        (a_pull_request(), a_run(a="passed", b="passed"), "wrong"),
        (a_pull_request(), a_run(broken="hung"), "wrong"),
        (BenchResult(status="blocked"), None, "refused"),
        (BenchResult(status="error", reason="boom"), None, "error"),
    ],
)
def test_verdicts(result: BenchResult, after: SuiteRun | None, verdict: str) -> None:
    assert judge(a_task(), result, BEFORE, after) == verdict


@pytest.mark.parametrize("expected", ["impossible", "green"])
def test_where_nothing_can_be_done_a_refusal_is_right(expected: str) -> None:
    task, green = a_task(expected), a_run(a="passed")
    assert is_right(task, judge(task, BenchResult(status="blocked"), None, None))
    assert judge(task, a_pull_request(), green, green) == "wrong"
    assert not is_right(a_task(), "refused")


ROWS = [
    Row(
        a_task(name="one"),
        BenchResult(status="done", wall_ms=1500, cpu_ms=900, steps=4, spent=12_300, attempts=2),
        "solved",
    ),
    Row(a_task(name="other", level="hard"), BenchResult(status="failed", wall_ms=500), "wrong"),
]


def test_the_table_lines_up_and_adds_up() -> None:
    assert table(ROWS).splitlines() == [
        "task   level  verdict  right   wall    cpu  steps  attempts    spent",
        "-----  -----  -------  -----  -----  -----  -----  --------  -------",
        "one    easy   solved   yes    1.5 s  0.9 s      4         2  $0.0123",
        "other  hard   wrong    no     0.5 s  0.0 s      0         0    $0.00",
        "-----  -----  -------  -----  -----  -----  -----  --------  -------",
        "sum                    1/2    2.0 s  0.9 s      4         2  $0.0123",
        "",
        "1 solved, 0 partial, 1 wrong, 0 refused, 0 error",
    ]


def test_programs_read_the_same_numbers() -> None:
    told = json.loads(as_json(ROWS))
    assert told["totals"]["right"] == 1
    assert told["totals"]["wrong"] == 1
    assert told["totals"]["spent"] == 12_300
    assert told["tasks"][1]["task"] == "other"


def test_a_test_that_passes_though_it_was_expected_to_fail_makes_nothing_wrong() -> None:
    before, after = a_run(a="failed", b="xfailed"), a_run(a="passed", b="xpassed")
    assert judge(a_task(), a_pull_request(), before, after) == "solved"


@pytest.mark.thorough
def test_each_task_is_run_in_its_repository_and_judged(tmp_path: Path) -> None:
    def run(task: BenchTask, repository: Path) -> BenchResult:
        source = (repository / "roman.py").read_text()
        folder = tmp_path / "result"
        write_files(
            folder, {"roman.py": source.replace("number > value", "number >= value").encode()}
        )
        return BenchResult(status="done", folder=folder)

    (row,) = run_tasks([OWN["roman"]], run, examined, tmp_path / "scratch")
    assert (row.verdict, row.is_right) == ("solved", True)
    assert "+++ b/roman.py\n" in row.result.patch


def test_measured_rows_are_found_again(tmp_path: Path) -> None:
    log, tasks = tmp_path / "rows", [row.task for row in ROWS]
    assert list(read_rows(log, tasks, "market")) == []
    for row in ROWS:
        append_row(log, row, "market")
    assert list(read_rows(log, tasks, "market")) == ROWS
    assert list(read_rows(log, tasks[1:], "market")) == ROWS[1:]
    assert list(read_rows(log, tasks, "best-of-2")) == []


def test_a_row_cut_short_is_measured_again_and_a_foreign_file_refused(tmp_path: Path) -> None:
    log = tmp_path / "rows"
    append_row(log, ROWS[0], "market")
    text = log.read_text()
    log.write_text(text + text[: len(text) // 2])
    assert list(read_rows(log, [row.task for row in ROWS], "market")) == ROWS[:1]
    log.write_text("name,price\n" + text)
    with pytest.raises(Rejected, match="line 1 is no row"):
        list(read_rows(log, [], "market"))


def test_a_folder_without_tasks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="holds no task"):
        load_tasks(tmp_path)
    with pytest.raises(Rejected, match="no folder"):
        load_tasks(tmp_path / "nowhere")


def test_a_task_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_files(tmp_path, {"x/task.json": b'{"goal": 1}'})
    with pytest.raises(Rejected, match=r"x/task\.json cannot be read"):
        load_tasks(tmp_path)


QUIX_TEST = """import pytest
from load_testdata import load_json_testcases

if pytest.use_correct:
    from correct_python_programs.double import double
else:
    from python_programs.double import double


testdata = load_json_testcases(double.__name__)


@pytest.mark.parametrize("input_data,expected", testdata)
def test_double(input_data, expected):
    if not pytest.run_slow and input_data == [9]:
        pytest.skip("slow")
    assert double(*input_data) == expected
"""
LOADER = (
    "import json\nfrom pathlib import Path\n\n"
    "def load_json_testcases(name):\n"
    "    path = Path(__file__).parent / '..' / 'json_testcases' / f'{name}.json'\n"
    "    return [json.loads(line) for line in path.read_text().splitlines()]\n"
)


@pytest.fixture
def quixbugs(tmp_path: Path) -> Path:
    """The layout of QuixBugs with one program of our own."""
    files = {
        "python_programs/double.py": "def double(n):\n    while n == 1:\n        pass\n    return n + n\n",
        "correct_python_programs/double.py": "def double(n):\n    return n + n\n",
        "python_testcases/test_double.py": QUIX_TEST,
        "python_testcases/load_testdata.py": LOADER,
        "json_testcases/double.json": "[[1], 2]\n[[3], 6]\n[[9], 18]\n",
    }
    write_files(tmp_path / "quix", {name: text.encode() for name, text in files.items()})
    return tmp_path / "quix"


def test_a_program_of_quixbugs_becomes_a_task_without_its_answer(quixbugs: Path) -> None:
    (task,) = quixbugs_tasks(quixbugs)
    assert set(task.files) == {
        "conftest.py",
        "json_testcases/double.json",
        "python_programs/double.py",
        "python_testcases/load_testdata.py",
        "python_testcases/test_double.py",
    }
    assert all(b"correct" not in data for data in task.files.values())


@pytest.mark.thorough
def test_a_program_that_runs_for_ever_fails_in_time(quixbugs: Path) -> None:
    (task,) = quixbugs_tasks(quixbugs, only=["double"])
    run = examined(task, task.files)
    outcomes = [row.outcome for row in run.outcomes]
    assert sorted(outcomes) == ["failed", "passed", "skipped"]


def test_a_test_that_mentions_the_answers_otherwise_is_refused() -> None:
    with pytest.raises(Rejected, match="unknown way"):
        adapted("from correct_python_programs.double import double\n")


def test_what_is_no_quixbugs_is_refused(tmp_path: Path, quixbugs: Path) -> None:
    with pytest.raises(Rejected, match="does not look like"):
        quixbugs_tasks(tmp_path / "nowhere")
    with pytest.raises(Rejected, match="no program triple"):
        quixbugs_tasks(quixbugs, only=["triple"])
