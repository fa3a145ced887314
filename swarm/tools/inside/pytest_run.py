"""A pytest session that reports over the channel.

pytest and its parts are imported before the repository's folder is put on the path, so that a
`pytest.py` in the tree is never met. A canary, a test that must fail, runs last: a report in which
it passed is forged, whoever forged it.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

ALWAYS = ("-p", "no:cacheprovider", "--color=no", "--tb=short", "--continue-on-collection-errors")
WITH_PLUGIN = {
    "xdist": ("-n", "0"),
    "pytest_cov": ("--no-cov",),
    "pytest_randomly": ("-p", "no:randomly"),
}
"""Installed plugins that would spread, slow or shuffle the run, and how each is told not to."""

SEVERITY = ("passed", "xfailed", "xpassed", "skipped", "failed", "error")


def fails_on_purpose() -> None:
    raise AssertionError("this test fails on purpose")


class Canary(pytest.Item):
    """Fails. For suites without a Python module that a function could belong to."""

    def runtest(self) -> None:
        fails_on_purpose()

    def repr_failure(self, excinfo: Any, style: Any = None) -> str:
        return "fails on purpose"

    def reportinfo(self) -> tuple[str, int, str]:
        return "canary", 0, self.name


def canary(session: Any, items: list[Any]) -> Any:
    """A test like the others: a function of the last one's module."""
    module = items[-1].getparent(pytest.Module) if items else None
    if module is None:
        return Canary.from_parent(session, name="canary")
    return pytest.Function.from_parent(module, name="canary", callobj=fails_on_purpose)


def outcome_of(report: Any) -> str:
    """One word for one phase of one test."""
    if report.skipped:
        return "xfailed" if hasattr(report, "wasxfail") else "skipped"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    return "xpassed" if hasattr(report, "wasxfail") and report.when == "call" else "passed"


class Reporter:
    """Selects, listens, reports. Phases of one test are joined: the worst one counts."""

    def __init__(self, channel: Any, ids: list[str] | None, wanted: bool) -> None:
        self._channel, self._wants_canary = channel, wanted
        self._ids = None if ids is None else set(ids)
        self._errors: dict[str, str] = {}
        self._worst: dict[str, str] = {}
        self._seconds: dict[str, float] = {}
        self._text: dict[str, str] = {}
        self._canary_id = ""

    def pytest_configure(self, config: Any) -> None:
        config.option.maxfail = 0
        if self._ids is not None:
            names = sorted({each.split("::", 1)[0] for each in self._ids})
            files = [str(config.rootpath / name) for name in names]
            config.args = [file for file in files if Path(file).exists()]
            config.option.pyargs = False

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._errors[report.nodeid] = str(report.longrepr)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, session: Any, items: list[Any]) -> Any:
        yield
        if self._ids is not None:
            items[:] = [item for item in items if item.nodeid in self._ids]
        self._channel.collected([item.nodeid for item in items], self._errors)
        if self._wants_canary:
            last = canary(session, items)
            self._canary_id = last.nodeid
            items.append(last)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        if nodeid != self._canary_id:
            self._channel.start(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        outcome = outcome_of(report) if report.outcome != "rerun" else "passed"
        if hasattr(report, "context") and not report.failed:
            return
        before = self._worst.get(report.nodeid, "passed")
        if SEVERITY.index(outcome) > SEVERITY.index(before):
            self._worst[report.nodeid] = outcome
        if report.failed:
            self._text[report.nodeid] = str(report.longrepr)
        seconds = self._seconds.get(report.nodeid, 0.0)
        self._seconds[report.nodeid] = seconds + report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome = self._worst.pop(nodeid, "passed" if nodeid in self._seconds else "error")
        seconds, text = self._seconds.pop(nodeid, 0.0), self._text.pop(nodeid, "")
        if nodeid == self._canary_id:
            self._channel.canary(outcome)
        else:
            self._channel.done(nodeid, outcome, seconds, text)


def options() -> list[str]:
    found = [name for name in WITH_PLUGIN if importlib.util.find_spec(name) is not None]
    return [*ALWAYS, *(option for name in found for option in WITH_PLUGIN[name])]


def main(channel: Any, job: dict[str, Any]) -> int:
    told = options()
    args = [*job["args"], *told]
    sys.argv = ["pytest", *args]
    sys.path.insert(0, str(Path.cwd()))
    reporter = Reporter(channel, job["ids"], job["canary"])
    status = int(pytest.main(args, plugins=[reporter]))
    channel.finish(status)
    return status
