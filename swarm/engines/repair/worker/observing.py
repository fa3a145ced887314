"""Which types expressions and variables have while the tests run.

Bounded by counts, not by time, so that two observations of the same tests say the same.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
from types import CodeType, FrameType
from typing import Any

from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.control import informed, is_stub
from swarm.engines.repair.worker.experiments import Around
from swarm.engines.repair.worker.flowing import nearness
from swarm.engines.repair.worker.instrumenting import instrument, statements_at, take_notes
from swarm.engines.repair.worker.module_level import made_early
from swarm.engines.repair.worker.neighbours import attributes
from swarm.engines.repair.worker.patching import LiveModule, living_functions
from swarm.engines.repair.worker.probing import probed
from swarm.engines.repair.worker.sources import Source, read_source
from swarm.engines.repair.worker.suite import Suite

_MOST_TYPES = 5
_MOST_FRAMES = 3000
_TESTS_EACH = 6
_MOST_OBJECTS = 40
_MOST_STARTS = 3
"""Innermost frames of a failure from which it is asked where values came from."""

_FLOW_COUNTS = 0.1
_MOST_ATTRIBUTES = 20


class TypeNotes:
    """Types seen, by file; variables are read when their function returns."""

    def __init__(self) -> None:
        self.expressions: dict[str, dict[str, list[str]]] = {}
        self.variables: dict[str, dict[str, dict[str, list[str]]]] = {}
        self.attributes: dict[str, dict[str, dict[str, list[str]]]] = {}
        self._objects: dict[str, int] = {}
        self._files: dict[str, str] = {}
        self._frames = 0

    def watch(self, filename: str, path: str) -> None:
        self._files[filename] = path

    def note(self, place: str, value: Any) -> Any:
        path = self._path(sys._getframe(1).f_code)  # noqa: SLF001 - there is no other way
        if path is not None:
            _add(self.expressions.setdefault(path, {}), place, value)
        return value

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        path = self._path(frame.f_code) if event == "return" else None
        if path is None or self._frames >= _MOST_FRAMES:
            return
        self._frames += 1
        function = str(frame.f_code.co_firstlineno)
        names = self.variables.setdefault(path, {}).setdefault(function, {})
        for name, value in list(frame.f_locals.items()):
            _add(names, name, value)
            self._look_into(path, value)

    def _look_into(self, path: str, value: Any) -> None:
        """What an object holds; of each type some."""
        kind = type(value).__name__
        if type(value).__module__ == "builtins" or self._objects.get(kind, 0) >= _MOST_OBJECTS:
            return
        self._objects[kind] = self._objects.get(kind, 0) + 1
        held = list(attributes(value).items())[:_MOST_ATTRIBUTES]
        for name, each in held:
            if not name.startswith("_"):
                known = self.attributes.setdefault(path, {}).setdefault(kind, {})
                _add(known, name, each)

    def _path(self, code: CodeType) -> str | None:
        name = code.co_filename
        if name not in self._files:
            real = os.path.realpath(name)
            self._files[name] = self._files.get(real, "")
        return self._files[name] or None


def _add(types: dict[str, list[str]], key: str, value: Any) -> None:
    known = types.setdefault(key, [])
    name = type(value).__name__
    if name not in known and len(known) < _MOST_TYPES:
        known.append(name)


def observe(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """Types in the suspicious files, over the failing tests and some passing ones."""
    sources = {path: read_source(path) for path in request["suspicion"]}
    present = {path: source for path, source in sources.items() if source is not None}
    living = living_functions()
    modules = {
        path: LiveModule(source, living.get(os.path.realpath(path), []))
        for path, source in present.items()
    }
    memory = own_memory() + request["memory_bytes"]
    seen: dict[str, Any] = {}
    for tests in _groups(suite, request):
        work = _work(suite, tests, present, modules, request)
        for line in in_child(work, patience(request["limit"]), memory).lines:
            _merge(seen, json.loads(line))
    suspicion = _with_flow(_informed(request["suspicion"], present), present, request["frames"])
    early = {path: made_early(source, suspicion[path]) for path, source in present.items()}
    around = Around(suite, present, modules, request)
    suspicion, early = probed(around, suspicion, early, seen)
    told = {
        path: {line: round(ppm) for line, ppm in {**lines, **early.get(path, {})}.items()}
        for path, lines in suspicion.items()
    }
    imported = {path: sorted(lines) for path, lines in early.items() if lines}
    return {"types": seen, "suspicion": told, "imported": imported}


def _informed(
    suspicion: dict[str, dict[str, int]], sources: dict[str, Source]
) -> dict[str, dict[int, float]]:
    """In parts per million; of files that are none, as it was."""
    known = {
        path: {int(line): float(ppm) for line, ppm in lines.items()}
        for path, lines in suspicion.items()
    }
    return {path: _with_text(path, lines, sources) for path, lines in known.items()}


def _with_flow(
    suspicion: dict[str, dict[int, float]],
    sources: dict[str, Source],
    traces: list[list[list[Any]]],
) -> dict[str, dict[int, float]]:
    """A little less where nothing that reached the failure's place came from, as far as names tell. Where
    nothing stands yet, that is not held against it.
    """
    ends = [(str(path), int(line)) for trace in traces for path, line in trace[-_MOST_STARTS:]]
    tests = {path: read_source(path) for path, _ in ends if path not in sources}
    known = {**sources, **{path: each for path, each in tests.items() if each is not None}}
    near = {**nearness(known, ends), **dict.fromkeys(_stubs(sources), 1.0)}
    return {
        path: {
            line: value * (1 - _FLOW_COUNTS + _FLOW_COUNTS * near.get((path, line), 0.0))
            for line, value in lines.items()
        }
        for path, lines in suspicion.items()
    }


def _stubs(sources: dict[str, Source]) -> list[tuple[str, int]]:
    return [
        (path, node.lineno)
        for path, source in sources.items()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt) and is_stub(source, node)
    ]


def _with_text(path: str, lines: dict[int, float], sources: dict[str, Source]) -> dict[int, float]:
    return informed(sources[path], lines) if path in sources else lines


def _groups(suite: Suite, request: dict[str, Any]) -> list[list[str]]:
    """Each failing test alone, because it may hang; the passing ones together."""
    failing = [[test] for test in request["targets"][:_TESTS_EACH] if test in suite.items]
    passing = [
        test
        for tests in request["covering"].values()
        for test in tests[:_TESTS_EACH]
        if test in suite.items
    ]
    return [list(dict.fromkeys(passing))[: 4 * _TESTS_EACH], *failing]


def _work(
    suite: Suite,
    tests: list[str],
    sources: dict[str, Source],
    modules: dict[str, LiveModule],
    request: dict[str, Any],
) -> Any:
    def work(tell: Tell) -> None:
        notes = TypeNotes()
        take_notes(notes.note)
        for path, source in sources.items():
            notes.watch(os.path.realpath(path), path)
            lines = {int(line) for line in request["suspicion"][path]}
            for statement in statements_at(source, lines):
                instrument(modules[path], source, statement, lambda node: True)

        def report(*_: Any) -> None:
            sys.setprofile(None)
            tell(json.dumps([notes.expressions, notes.variables, notes.attributes]))
            os._exit(0)

        signal.signal(signal.SIGPROF, report)
        sys.setprofile(notes.profile)
        for test in tests:
            limit_cpu(request["limit"])
            suite.run(test)
        report()

    return work


def _merge(seen: dict[str, Any], told: list[Any]) -> None:
    expressions, variables, attributes_ = told
    for path, places in expressions.items():
        _merge_types(_entry(seen, path)["expressions"], places)
    for path, kinds in attributes_.items():
        for kind, names in kinds.items():
            _merge_types(_entry(seen, path)["attributes"].setdefault(kind, {}), names)
    for path, functions in variables.items():
        for function, names in functions.items():
            _merge_types(_entry(seen, path)["variables"].setdefault(function, {}), names)


def _entry(seen: dict[str, Any], path: str) -> Any:
    return seen.setdefault(path, {"expressions": {}, "variables": {}, "attributes": {}})


def _merge_types(into: dict[str, list[str]], more: dict[str, list[str]]) -> None:
    for key, names in more.items():
        known = into.setdefault(key, [])
        known += [name for name in names if name not in known]
