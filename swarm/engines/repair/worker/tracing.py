"""Which lines of the project each test runs, one forked child for each test.

A test that hangs still tells: when its time is over the child reports what it has seen, and where it is, and
ends. What never ends is mostly wrong where it goes round.
"""

from __future__ import annotations

import dis
import json
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.elsewhere import Elsewhere
from swarm.engines.repair.worker.suite import Failure, Suite

_FOREIGN = ("site-packages", "dist-packages", ".tox", ".venv", "node_modules")


class Project:
    """Tells the files of the tree from all others; answers with paths relative to its root."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root) + os.sep
        self._known: dict[str, str | None] = {}

    def path_of(self, filename: str) -> str | None:
        if filename not in self._known:
            self._known[filename] = self._relative(os.path.realpath(filename))
        return self._known[filename]

    def _relative(self, real: str) -> str | None:
        if not real.startswith(self._root) or not real.endswith(".py"):
            return None
        inside = real[len(self._root) :]
        return None if any(part in _FOREIGN for part in pathlib.Path(inside).parts) else inside


class LineTrace:
    """Lines that run while it is on, by `sys.settrace`, or by `sys.monitoring` where there is one.

    With `wanted`, those of these files only, and of a function that is called again and again those of
    its first calls: to watch each line of each call takes many times as long as the test.
    """

    def __init__(self, project: Project, wanted: frozenset[str] | None = None) -> None:
        self._project = project
        self._wanted = wanted
        self._calls: dict[CodeType, int] = {}
        self.hits: dict[str, set[int]] = {}

    def on(self) -> None:
        if sys.version_info >= (3, 12) and sys.monitoring.get_tool(_TOOL) is None:
            self._monitor()
        else:
            threading.settrace(self._called)
            sys.settrace(self._called)

    def _called(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        path = self._project.path_of(frame.f_code.co_filename)
        if path is None or not self._is_wanted(path, frame.f_code):
            return None
        lines = self.hits.setdefault(path, set())

        def line(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return line

        return line

    def _is_wanted(self, path: str, code: CodeType) -> bool:
        if self._wanted is None:
            return True
        calls = self._calls[code] = self._calls.get(code, 0) + 1
        return path in self._wanted and calls <= _FIRST_CALLS

    def _monitor(self) -> None:
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            monitoring.use_tool_id(_TOOL, "swarm")
            monitoring.register_callback(_TOOL, monitoring.events.LINE, self._line)
            monitoring.set_events(_TOOL, monitoring.events.LINE)

    def _line(self, code: CodeType, line: int) -> Any:
        path = self._project.path_of(code.co_filename)
        if path is not None and (self._wanted is None or path in self._wanted):
            self.hits.setdefault(path, set()).add(line)
        if sys.version_info >= (3, 12):
            return sys.monitoring.DISABLE
        return None


class Importing:
    """Functions of the project that run while tests are collected: their effects are made before any
    live function can be patched.
    """

    def __init__(self, root: str) -> None:
        self._project = Project(root)
        self._seen: dict[CodeType, str | None] = {}

    def start(self) -> None:
        sys.setprofile(self._called)

    def stop(self) -> None:
        if sys.getprofile() == self._called:
            sys.setprofile(None)

    def _called(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in self._seen:
            own = code.co_name not in ("<module>", "<lambda>")
            self._seen[code] = self._project.path_of(code.co_filename) if own else None

    @property
    def functions(self) -> dict[str, list[list[int]]]:
        """The lines of each function or class body, its first one before the others, by file."""
        found: dict[str, list[list[int]]] = {}
        for code, path in self._seen.items():
            if path is not None:
                lines = sorted({line for _, line in dis.findlinestarts(code) if line})
                found.setdefault(path, []).append([code.co_firstlineno, *lines])
        return {path: sorted(each) for path, each in sorted(found.items())}


_PATIENT = 2
"""After so many tests that hang, others are given less time: most probably they hang in the same place."""

_FIRST_CALLS = 100

_MOST_STACK = 30

_TOOL = 4
"""A tool number of `sys.monitoring` that no debugger, coverage or profiler is given."""


class Budget:
    """Processor time of this process and its children, from now on; at most thrice as long by the clock,
    so that a busy machine sees nearly as many tests as an idle one.
    """

    def __init__(self, seconds: float) -> None:
        self._cpu = _cpu_seconds() + seconds
        self._clock = time.monotonic() + 3 * seconds

    def is_spent(self) -> bool:
        return _cpu_seconds() >= self._cpu or time.monotonic() >= self._clock


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def trace(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """What each of the request's tests does, and how many failing and passing tests run a line; with
    `each`, also which lines each test runs; with `elsewhere`, also in processes that it starts.
    """
    project = Project(request["root"])
    wanted = frozenset(request["wanted"]) if request.get("wanted") else None
    memory = own_memory() + request["memory_bytes"]
    budget = Budget(request["seconds"])
    tests: dict[str, Any] = {}
    lines: dict[str, dict[int, list[int]]] = {}
    hanging = 0
    elsewhere = Elsewhere(request["root"]) if request.get("elsewhere") else None
    for test in request["tests"]:
        if test in suite.items and not budget.is_spent():
            limit = request["limit"] / (1 if hanging < _PATIENT else 4)
            seen = _traced(suite, test, LineTrace(project, wanted), project, limit, memory)
            hanging += seen["outcome"] == "timeout"
            for path, numbers in elsewhere.taken().items() if elsewhere is not None else ():
                seen["lines"][path] = sorted({*seen["lines"].get(path, ()), *numbers})
                seen["files"] = list(seen["lines"])
            hits = seen["lines"] if request.get("each") else seen.pop("lines")
            _count(lines, hits, seen["outcome"])
            tests[test] = seen
    if elsewhere is not None:
        elsewhere.end()
    executable = [path for path in lines if os.access(path, os.X_OK)]
    broken = [_inside(each, project) for each in suite.broken]
    return {"tests": tests, "lines": lines, "executable": executable, "broken": broken}


def _inside(failure: Failure | None, project: Project) -> dict[str, Any]:
    """Why something failed, with those frames that lie in the project."""
    frames = failure.frames if failure is not None else []
    inside = [(project.path_of(name), line) for name, line in frames]
    return {
        "error": failure.error if failure is not None else "",
        "frames": [(path, line) for path, line in inside if path is not None],
    }


def _traced(
    suite: Suite, test: str, lines: LineTrace, project: Project, limit: float, memory: int
) -> dict[str, Any]:
    def work(tell: Tell) -> None:
        began = time.perf_counter()

        def report(outcome: str, frame: FrameType | None = None) -> None:
            sys.settrace(None)
            told = _told(suite, lines, project, outcome)
            told["frames"] = _stack(frame, project) or told["frames"]
            told["seconds"] = time.perf_counter() - began
            tell(json.dumps(told))

        def out_of_time(_: int, frame: FrameType | None) -> None:
            report("timeout", frame)
            os._exit(0)

        signal.signal(signal.SIGPROF, out_of_time)
        limit_cpu(limit)
        lines.on()
        report(suite.run(test))

    ended = in_child(work, patience(limit), memory)
    if ended.lines:
        seen: dict[str, Any] = json.loads(ended.lines[0])
        return seen
    how = "timeout" if ended.how == "timeout" else "crashed"
    empty = {"lines": {}, "files": [], "error": "", "frames": []}
    return {"outcome": how, "seconds": ended.seconds, **empty}


def _stack(frame: FrameType | None, project: Project) -> list[tuple[str, int]]:
    """Where in the project it is, outermost first; of a deep recursion the last calls."""
    found: list[tuple[str, int]] = []
    while frame is not None and len(found) < _MOST_STACK:
        path = project.path_of(frame.f_code.co_filename)
        if path is not None:
            found.append((path, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


def _told(suite: Suite, lines: LineTrace, project: Project, outcome: str) -> dict[str, Any]:
    hits = {path: sorted(each) for path, each in sorted(lines.hits.items())}
    return {
        "outcome": outcome,
        "lines": hits,
        "files": list(hits),
        **_inside(suite.failure, project),
    }


def _count(
    lines: dict[str, dict[int, list[int]]], hits: dict[str, list[int]], outcome: str
) -> None:
    which = 1 if outcome in ("passed", "xfailed") else 0
    for path, numbers in hits.items():
        counts = lines.setdefault(path, {})
        for number in numbers:
            counts.setdefault(number, [0, 0])[which] += 1
