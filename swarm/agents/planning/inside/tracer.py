"""Record which functions and lines of the repository each test executes.

This goes behind the script of a runner (see `swarm.tools.inside`) in one module: it stands between
that script and its channel, which says when a test starts and when it is done. Files are looked up
once each; code outside of the repository is not traced, so most of the interpreter runs untouched.

A test named in `watch` is told on its own; all others are only counted, so that a report about many
tests stays short. A watched test that takes long is told before it ends, because it may never end.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

MOST_PLACES = 2_000
"""Functions told of one test, or of all that are counted."""

FOREIGN = {"site-packages", "dist-packages", ".venv", "venv", ".tox", ".nox"}


class Recorder:
    """What one test executes: {(path, name, first line): lines}, and how deep calls went."""

    def __init__(self, root: Path, paths: dict[str, str]) -> None:
        self._root, self._paths = root, paths
        self.seen: dict[tuple[str, str, int], set[int]] = {}
        self.depth = self._level = 0

    def enter(self, frame: Any, event: str, arg: Any) -> Any:
        code = frame.f_code
        path = self._paths.get(code.co_filename)
        if path is None:
            path = self._paths[code.co_filename] = self._inside(code.co_filename)
        if not path:
            return None
        self._level += 1
        self.depth = max(self.depth, self._level)
        lines = self.seen.setdefault((path, code.co_name, code.co_firstlineno), set())

        def follow(frame: Any, event: str, arg: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            elif event == "return":
                self._level -= 1
            return follow

        return follow

    def _inside(self, name: str) -> str:
        """The path below the root, or nothing when the file is not the repository's own."""
        path = Path(name)
        if not path.is_absolute():
            return ""
        try:
            below = path.resolve().relative_to(self._root)
        except ValueError:
            return ""
        return "" if FOREIGN & set(below.parts) else below.as_posix()


class TracingChannel:
    """A channel that records between `start` and `done`, until the time is spent."""

    def __init__(self, channel: Any, extra: dict[str, Any]) -> None:
        self._channel = channel
        self._watch = set(extra["watch"])
        self._patience = extra["patience"]
        self._until = time.monotonic() + extra["seconds"]
        self._root = Path.cwd().resolve()
        self._paths: dict[str, str] = {}
        self._recorder = Recorder(self._root, self._paths)
        self._timer: threading.Timer | None = None
        self._counts: dict[tuple[str, str, int], dict[int, int]] = {}
        self._counted = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def start(self, test: str) -> None:
        self._channel.start(test)
        self._recorder = Recorder(self._root, self._paths)
        if test in self._watch:
            self._timer = threading.Timer(self._patience, self._tell_early, (test, self._recorder))
            self._timer.daemon = True
            self._timer.start()
        if test in self._watch or time.monotonic() < self._until:
            threading.settrace(self._recorder.enter)
            sys.settrace(self._recorder.enter)

    def done(self, test: str, outcome: str, seconds: float, text: str) -> None:
        sys.settrace(None)
        threading.settrace(None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None
            self._tell(test, self._recorder)
        elif self._recorder.seen and outcome == "passed":
            self._count(self._recorder.seen)
        self._channel.done(test, outcome, seconds, text)

    def finish(self, status: int) -> None:
        self._tell_counts()
        self._channel.finish(status)

    def _tell_early(self, test: str, recorder: Recorder) -> None:
        """In a thread of its own; the tests' process may be ended before `finish`."""
        self._tell(test, recorder)
        self._tell_counts()

    def _tell_counts(self) -> None:
        counted, counts = self._counted, self._counts
        self._counted, self._counts = 0, {}
        self._say({"counted": counted, "places": told(counts)})

    def _tell(self, test: str, recorder: Recorder) -> None:
        seen = {place: set(lines) for place, lines in list(recorder.seen.items())}
        self._say({"test": test, "depth": recorder.depth, "places": told(seen)})

    def _say(self, data: dict[str, Any]) -> None:
        self._channel.extra(data)  # noqa: S610  # a report, not a query

    def _count(self, seen: dict[tuple[str, str, int], set[int]]) -> None:
        self._counted += 1
        for place, lines in seen.items():
            counts = self._counts.setdefault(place, {})
            for line in lines:
                counts[line] = counts.get(line, 0) + 1


def told(places: dict[tuple[str, str, int], Any]) -> list[Any]:
    """Rows [path, name, first line, lines], or line: count pairs."""
    return [
        [path, name, first, sorted(lines.items() if isinstance(lines, dict) else lines)]
        for (path, name, first), lines in sorted(places.items())[:MOST_PLACES]
    ]


def traced(run: Any, channel: Any, job: dict[str, Any]) -> int:
    """Run the runner's own `main` with a channel that records."""
    return int(run(TracingChannel(channel, job["extra"]), job))
