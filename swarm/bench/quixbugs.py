"""Tasks made of QuixBugs: forty programs with one wrong line each (Lin, Koppel, Chen, Solar-Lezama:
QuixBugs: a multi-lingual program repair benchmark set based on the Quixey challenge, 2017).

From an unpacked copy (github.com/jkoppel/QuixBugs) each program goes into a repository of its own, with
its tests and their data. What could give the answer away stays behind: the corrected programs, and the
tests' flag that imports them. Many of the programs run for ever; a limit for each test lets them fail.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from swarm.bench.tasks import BenchTask
from swarm.domain.errors import Rejected

TEST_SECONDS = 3
"""Processor seconds. Most programs need milliseconds, one right one 1.5 s, and 2 s where another process
shares the core; each run of the suite waits so long for every test that hangs."""

_CORRECT = re.compile(r"^if pytest\.use_correct:\n(?: +.*\n)+else:\n((?: +.*\n)+)", re.MULTILINE)
_PARAMETERS = re.compile(r"^@pytest\.mark\.parametrize", re.MULTILINE)

_CONFTEST = f'''"""Gives each test {TEST_SECONDS} s of the processor."""

import signal

import pytest


@pytest.fixture(autouse=True)
def time_limit():
    def stop(number, frame):
        raise TimeoutError("the test took more than {TEST_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, {TEST_SECONDS})
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)
'''


def quixbugs_tasks(path: Path, only: Collection[str] = ()) -> tuple[BenchTask, ...]:
    """One task for each program, in order of name; with `only`, for these programs.

    Raises Rejected when `path` is no copy of QuixBugs or has no such program.
    """
    names = tuple(_programs(path))
    if not names:
        raise Rejected(
            f"{path} does not look like a copy of QuixBugs",
            advice="unpack github.com/jkoppel/QuixBugs and name its folder",
        )
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise Rejected(f"QuixBugs has no program {', '.join(unknown)}")
    return tuple(_task(path, name) for name in names if not only or name in only)


def _programs(path: Path) -> Iterator[str]:
    for test in sorted(path.glob("python_testcases/test_*.py")):
        name = test.stem.removeprefix("test_")
        if (path / "python_programs" / f"{name}.py").is_file():
            yield name


def _task(path: Path, name: str) -> BenchTask:
    return BenchTask(
        name=name,
        suite="quixbugs",
        goal="fix the failing tests",
        level="medium",
        description=f"QuixBugs: {name.replace('_', ' ')}",
        expected="solvable",
        files=dict(sorted(_files(path, name))),
    )


def _files(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    yield "conftest.py", _CONFTEST.encode()
    program = f"python_programs/{name}.py"
    yield program, (path / program).read_bytes()
    test = f"python_testcases/test_{name}.py"
    yield test, adapted((path / test).read_text(encoding="utf-8")).encode()
    yield from _if_needed(path, f"json_testcases/{name}.json")
    for shared in ("python_testcases/load_testdata.py", "python_testcases/node.py"):
        yield from _if_needed(path, shared)


def _if_needed(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    if (path / name).is_file():
        yield name, (path / name).read_bytes()


def adapted(test: str) -> str:
    """The test without the flags that choose the corrected program or the slow cases.

    Raises Rejected when something of the corrected programs is left in it.
    """
    plain = _CORRECT.sub(lambda found: _dedented(found.group(1)), test)
    plain = plain.replace("pytest.run_slow", "False")
    if not _PARAMETERS.search(plain) and "pytest." not in plain:
        plain = plain.replace("import pytest\n", "", 1)
    if "correct_python_programs" in plain or "use_correct" in plain:
        raise Rejected("a QuixBugs test mentions the corrected programs in an unknown way")
    return plain


def _dedented(block: str) -> str:
    return re.sub(r"^ +", "", block, flags=re.MULTILINE)
