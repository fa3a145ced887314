"""Candidates outside of functions, each in a process that imports the project afresh.

Constants, default values and class attributes are made when a module is imported, so nothing alive
can be patched. The child starts from a process that has loaded pytest and nothing of the project,
and is given the changed text when it imports the file; the file itself stays as it is. Where tests start
processes of their own, the file is changed while they run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any

import pytest

from swarm.engines.repair.worker.candidates import Candidate, edited, stored
from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory
from swarm.engines.repair.worker.sources import Source, read_all
from swarm.engines.repair.worker.suite import HELD, Suite, collect
from swarm.engines.repair.worker.tallies import Tally
from swarm.engines.repair.worker.tracing import Importing

_ALL_GREEN = "all green"
_START_SECONDS = 20.0
"""Importing and collecting may take so long without a word."""


class ColdSearch:
    def __init__(self, sources: dict[str, Source], request: dict[str, Any]) -> None:
        self._sources = sources
        self._request = request
        self._tests_text = read_all(request["files"])
        # Plugins are loaded once, here, and not again in every child.
        pytest.main(["--version", "--noconftest", "-c", os.devnull])
        self._memory = own_memory() + request["memory_bytes"]

    def importing(self) -> dict[str, list[int]]:
        """First lines of the project's functions that run while its tests are collected, by file."""

        def work(tell: Tell) -> None:
            seen = Importing(os.getcwd())  # noqa: PTH109 - Python 3.9
            seen.start()
            collect(self._request["options"], self._request["files"], lambda _: seen.stop())
            seen.stop()
            tell(json.dumps(seen.functions))

        ended = in_child(work, _START_SECONDS, self._memory)
        told = json.loads(ended.lines[0]) if ended.lines else {}
        return {path: [lines[0] for lines in each] for path, each in told.items()}

    def attempt(self, candidate: Candidate, index: int, tally: Tally) -> None:
        """Run the failing tests and those that cover the file with the candidate in place."""
        asked = [*self._request["targets"], *self._request["covering"].get(candidate.path, [])]
        source = self._sources[candidate.path]
        text = edited(source.text, candidate.edits)
        tally.tried += 1
        elsewhere = self._request["elsewhere"]

        def work(tell: Tell) -> None:
            if not elsewhere:
                replace_text(candidate.path, text)
            collect(
                self._request["options"],
                self._request["files"],
                lambda suite: self._run(suite, asked, tell),
            )

        if elsewhere:
            with written(candidate.path, source, text):
                ended = in_child(work, _START_SECONDS, self._memory)
        else:
            ended = in_child(work, _START_SECONDS, self._memory)
        if ended.lines[-1:] == [_ALL_GREEN]:
            tally.plausible.append(
                {**stored(candidate, source.text, self._tests_text), "index": index}
            )

    def _run(self, suite: Suite, asked: list[str], tell: Tell) -> None:
        named = [suite.named(each) for each in asked]
        if not all(named):
            return
        for test in (each for tests in named for each in tests):
            limit = max(self._request["limit"], self._request["limits"].get(test, 0.0))
            limit_cpu(limit)
            outcome = suite.run(test)
            limit_cpu(0)
            tell(outcome)
            if outcome not in HELD:
                return
        tell(_ALL_GREEN)


@contextmanager
def written(path: str, source: Source, text: str) -> Iterator[None]:
    """The file has the text inside the block, and its own bytes behind it."""
    with open(path, "rb") as file:  # noqa: PTH123 - Python 3.9
        before = file.read()
    try:
        _write(path, (b"\xef\xbb\xbf" if source.bom else b"") + text.encode(source.codec))
        yield
    finally:
        _write(path, before)


def _write(path: str, data: bytes) -> None:
    """A changed file of the same size and second would be taken for the one that was compiled."""
    with open(path, "wb") as file:  # noqa: PTH123 - the same
        file.write(data)
    later = time.time_ns() + 2_000_000_000 * (hash(data) % 1000 + 1)
    os.utime(path, ns=(later, later))


def replace_text(path: str, text: str) -> None:
    """Whatever imports the file in this process from now on gets the text instead."""
    wanted = os.path.realpath(path)
    read = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        name = self.get_filename(fullname)
        if os.path.realpath(name) != wanted:
            return read(self, fullname)
        code: CodeType = compile(text, name, "exec", dont_inherit=True)
        return code

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
