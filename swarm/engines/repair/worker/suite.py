"""The tests as pytest collected them, and running one of them.

Each test runs through pytest's own protocol - fixtures, marks, plugins and unittest cases mean what
they mean - with one difference: a report carries no rendered traceback, because rendering one costs
more than most tests do.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from _pytest.assertion import util as assertions

from swarm.engines.repair.worker.keeping import Kept

GREEN = ("passed", "xfailed")
HELD = (*GREEN, "xpassed")
"""What a test that was green may come to: one that is expected to fail passes once the code is right."""

_INNERMOST = 3
_MOST_ITEMS = 20
_LONGEST = 200
_PLAIN = (int, float, complex, str, bytes, bool, type(None))
_UNORDERED = (set, frozenset)
_HOLDING = (list, tuple, *_UNORDERED)


@dataclass(frozen=True)
class Failure:
    """Why a test did not pass: the exception, and the frames from the test to where it was raised."""

    error: str
    frames: list[tuple[str, int]]
    """File and line."""

    values: str = ""
    """What the innermost frames held, where that was asked for (`be_exact`)."""


class Suite:
    """The collected items by id; runs one of them at a time in this process."""

    def __init__(self, items: dict[str, Any], recorder: Recorder) -> None:
        self.items = items
        self._recorder = recorder

    def run(self, test: str, following: str | None = None) -> str:
        """The test's outcome. With the test that comes next, fixtures they share stay up."""
        item = self.items[test]
        self._recorder.begin()
        nextitem = self.items[following] if following is not None else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        return self._recorder.outcome()

    def be_terse(self) -> None:
        """From now on a failed assertion does not tell how its sides differ: finding that out can take
        a thousand times as long as the test.
        """
        self._recorder.tersely = True

    def be_exact(self) -> None:
        """From now on a failure comes with what its innermost frames held: of two that say the same it
        tells whether they came about in the same way.
        """
        self._recorder.exactly = True

    @property
    def broken(self) -> list[Failure]:
        """Why files could not be collected."""
        return self._recorder.broken

    def named(self, test: str) -> list[str]:
        """The ids that a target means: itself, or every test of the file that it names."""
        if test in self.items:
            return [test]
        return [each for each in self.items if "::" not in test and each.startswith(test + "::")]

    @property
    def failure(self) -> Failure | None:
        """Of the test that ran last."""
        return self._recorder.failure


class Recorder:
    """A pytest plugin that notes what became of one test and hands the session to `work`."""

    def __init__(self, work: Callable[[Suite], None]) -> None:
        self._work = work
        self._outcomes: list[str] = []
        self.tersely = False
        self.exactly = False
        self.failure: Failure | None = None
        self.broken: list[Failure] = []

    def begin(self) -> None:
        self._outcomes = []
        self.failure = None

    def outcome(self) -> str:
        worst = [each for each in self._outcomes if each != "passed"]
        return worst[0] if worst else "passed" if self._outcomes else "error"

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        terminal = session.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            session.config.pluginmanager.unregister(terminal)
        kept = Kept()
        self._work(Suite({item.nodeid: item for item in session.items}, self))
        kept.put_back()
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self) -> None:
        if self.tersely:
            assertions._reprcompare = None  # noqa: SLF001 - pytest has no other switch for it

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        if isinstance(report, pytest.CollectReport):
            self.broken.append(_failure(call.excinfo))

    def pytest_runtest_makereport(self, item: Any, call: Any) -> Any:
        outcome: Any = "passed"
        words: Any = None
        if call.excinfo is not None:
            outcome, words = self._judged(item, call.excinfo)
        return pytest.TestReport(
            item.nodeid, item.location, {}, outcome, words, call.when, [], call.duration
        )

    def _judged(self, item: Any, excinfo: Any) -> tuple[Any, Any]:
        if isinstance(excinfo.value, pytest.skip.Exception):
            return "skipped", (str(item.path), 0, "skipped")
        self.failure = _failure(excinfo)
        if self.exactly:
            self.failure = replace(self.failure, values=_values(excinfo.tb))
        return "failed", self.failure.error

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "wasxfail"):
            self._outcomes.append("xfailed" if report.skipped else "xpassed")
        elif report.failed and report.when != "call":
            self._outcomes.append("error")
        elif not report.passed:
            self._outcomes.append(report.outcome)
        elif report.when == "call":
            self._outcomes.append("passed")


def _failure(excinfo: Any) -> Failure:
    """Names of files as the code objects have them: to look each up costs more than many tests do."""
    error, entry = excinfo.value, excinfo.tb
    cause = error.__cause__
    if isinstance(error, pytest.Collector.CollectError) and cause is not None:
        error, entry = cause, cause.__traceback__  # a failed import, which pytest retells
    frames = []
    while entry is not None:
        frames.append((entry.tb_frame.f_code.co_filename, entry.tb_lineno))
        entry = entry.tb_next
    return Failure(f"{type(error).__name__}: {error!s:.300}", frames)


def _values(entry: Any) -> str:
    """The plain values in the innermost frames' variables, and in which lines they are."""
    frames = []
    while entry is not None:
        frames.append((entry.tb_lineno, entry.tb_frame.f_locals))
        entry = entry.tb_next
    return "\n".join(
        f"{line} " + ", ".join(f"{name}={plain(value)}" for name, value in sorted(held.items()))
        for line, held in frames[-_INNERMOST:]
    )


def plain(value: Any, depth: int = 2) -> str:
    """The value as text where that runs no code of the project: elsewhere its type."""
    kind = type(value)
    if kind in _PLAIN:
        return repr(value)[:_LONGEST]
    if kind is dict and depth:
        inside = [
            f"{plain(k, 0)}: {plain(v, depth - 1)}" for k, v in [*value.items()][:_MOST_ITEMS]
        ]
        return f"dict({', '.join(inside)})"
    if kind in _HOLDING and depth:
        inside = [plain(each, depth - 1) for each in [*value][:_MOST_ITEMS]]
        return f"{kind.__name__}({', '.join(sorted(inside) if kind in _UNORDERED else inside)})"
    return kind.__name__


def options(given: list[str]) -> list[str]:
    """What pytest is started with: the user's options, and those that keep it from the tree."""
    ours = ["-p", "no:cacheprovider", "-p", "no:randomly", "--continue-on-collection-errors", "-s"]
    if importlib.util.find_spec("xdist") is not None:
        ours.append("-n0")
    if importlib.util.find_spec("pytest_cov") is not None:
        ours.append("--no-cov")
    return [*given, *ours]


def collect(given: list[str], files: list[str], work: Callable[[Suite], None]) -> int:
    """Collect the tests of `files` and hand them to `work`; pytest's exit status."""
    present = [name for name in files if os.path.exists(name)]  # noqa: PTH110 - Python 3.9
    return int(pytest.main([*options(given), *present], plugins=[Recorder(work)]))


class Observer:
    """A pytest plugin that only looks on: the outcome of every test of a whole run."""

    def __init__(self) -> None:
        self.outcomes: dict[str, str] = {}
        self._kept: Kept | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self) -> None:
        self._kept = Kept()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        if self._kept is not None:
            self._kept.put_back()

    def pytest_runtest_logreport(self, report: Any) -> None:
        before = self.outcomes.get(report.nodeid, "passed")
        now = report.outcome
        if hasattr(report, "wasxfail"):
            now = "xfailed" if report.skipped else "xpassed"
        elif report.failed and report.when != "call":
            now = "error"
        if before == "passed":
            self.outcomes[report.nodeid] = now


def run_plainly(given: list[str], tests: list[str]) -> dict[str, Any]:
    """A run of these files or tests as the user would start it, in this process and without patching."""
    observer = Observer()
    present = [name for name in tests if os.path.exists(name.split("::")[0])]  # noqa: PTH110 - Python 3.9
    status = int(pytest.main([*options(given), *present], plugins=[observer]))
    return {"outcomes": observer.outcomes, "status": status}
