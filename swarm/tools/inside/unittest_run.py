"""A unittest run that reports over the channel, with ids like `tests.test_dates.TestLeap.test_2000`.

The loader is unittest's own, with the arguments of the user's own command. A class whose set-up
fails starts none of its tests: those that never started are errors. The canary is as with pytest.
"""

from __future__ import annotations

import sys
import time
import traceback
import unittest
from pathlib import Path
from typing import Any

SEVERITY = ("passed", "xfailed", "xpassed", "skipped", "failed", "error")
FAILED_IMPORT = "unittest.loader._FailedTest."
CANARY = "canary"


class Canary(unittest.TestCase):
    """Fails."""

    def runTest(self) -> None:  # noqa: N802
        raise AssertionError("this test fails on purpose")

    def id(self) -> str:
        return CANARY


class Result(unittest.TestResult):
    """The worst outcome of a test and its sub-tests counts."""

    def __init__(self, channel: Any) -> None:
        super().__init__()
        self._channel = channel
        self._outcome, self._text, self._since = "passed", "", 0.0
        self.ran: set[str] = set()
        self.elsewhere: list[str] = []

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self._outcome, self._text, self._since = "passed", "", time.monotonic()
        if test.id() != CANARY:
            self._channel.start(test.id())

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().stopTest(test)
        if test.id() == CANARY:
            self._channel.canary(self._outcome)
            return
        self.ran.add(test.id())
        seconds = time.monotonic() - self._since
        self._channel.done(test.id(), self._outcome, seconds, self._text)

    def _note(self, outcome: str, err: Any = None) -> None:
        if SEVERITY.index(outcome) > SEVERITY.index(self._outcome):
            self._outcome = outcome
        if err is not None:
            self._text = "".join(traceback.format_exception(*err))

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addFailure(test, err)
        self._note("failed", err)

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addError(test, err)
        if isinstance(test, unittest.TestCase):
            self._note("failed", err)
        else:
            self.elsewhere.append("".join(traceback.format_exception(*err)))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._note("failed", err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        super().addSkip(test, reason)
        if isinstance(test, unittest.TestCase):
            self._note("skipped")

    def addExpectedFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        super().addExpectedFailure(test, err)
        self._note("xfailed")

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        super().addUnexpectedSuccess(test)
        self._note("xpassed")


def flat(suite: Any) -> list[Any]:
    if not isinstance(suite, unittest.TestSuite):
        return [suite]
    return [test for each in suite for test in flat(each)]


class Runner:
    """What unittest's program hands its loaded tests to."""

    def __init__(self, channel: Any, job: dict[str, Any]) -> None:
        self._channel, self._job = channel, job

    def run(self, suite: Any) -> Result:
        found = flat(suite)
        errors = {
            test.id()[len(FAILED_IMPORT) :]: str(getattr(test, "_exception", ""))
            for test in found
            if test.id().startswith(FAILED_IMPORT)
        }
        ids = self._job["ids"]
        tests = [
            test
            for test in found
            if not test.id().startswith(FAILED_IMPORT) and (ids is None or test.id() in ids)
        ]
        self._channel.collected([test.id() for test in tests], errors)
        return self._run(tests)

    def _run(self, tests: list[Any]) -> Result:
        result = Result(self._channel)
        chosen = [*tests, Canary()] if self._job["canary"] else tests
        unittest.TestSuite(chosen).run(result)
        for test in tests:
            if test.id() not in result.ran:
                skipped = any(each is test for each, _ in result.skipped)
                text = "\n".join(result.elsewhere)
                self._channel.done(test.id(), "skipped" if skipped else "error", 0.0, text)
        return result


def main(channel: Any, job: dict[str, Any]) -> int:
    args = ["python -m unittest", *job["args"]]
    sys.argv = list(args)
    sys.path.insert(0, str(Path.cwd()))
    runner: Any = Runner(channel, job)
    program = unittest.TestProgram(module=None, argv=args, testRunner=runner, exit=False)
    status = 0 if program.result.wasSuccessful() else 1
    channel.finish(status)
    return status
