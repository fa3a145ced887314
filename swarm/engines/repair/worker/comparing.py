"""What plausible patches do where no test looks: each is asked the same calls, and so is the original.

While tests run on the original code, the calls of the functions that any of the patches changes are
recorded with their arguments. These, and calls next to them (`neighbours`), are then made with every
patch in turn, in a child of its own. What comes out is told as one word for each call: equal words mean
the same result, the same exception, and the same arguments left behind.
"""

from __future__ import annotations

import ast
import asyncio
import copy
import hashlib
import inspect
import json
import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType, FunctionType
from typing import Any

from swarm.engines.repair.worker.candidates import Edit
from swarm.engines.repair.worker.children import Tell, in_child, own_memory
from swarm.engines.repair.worker.neighbours import Seeds, ahead, attributes, neighbours
from swarm.engines.repair.worker.patching import LiveModule, Unpatchable, living_functions
from swarm.engines.repair.worker.sources import FUNCTIONS, Source, first_line, read_source
from swarm.engines.repair.worker.suite import GREEN, Suite

_TESTS = 20
_MOST_CALLS = 400
"""Calls looked at in one test."""

_KEPT_CALLS = 24
_MOST_INPUTS = 600
_ASKED_SECONDS = 1.0
"""Processor seconds for asking the original everything; what it was not asked by then nobody is."""

_MOST_ITEMS = 200
_LAZY = {"builtins", "itertools"}
"""Iterators from here are nothing but what they give: generators, `map`, `chain` and their like."""

_RECORD_SECONDS = 1.0
_CALL_SECONDS = 0.1
_IDLE_SECONDS = 12.0
_DEPTH = 6
_MOST_SEEDS = 5
_LEAST_SEED, _LARGEST_SEED = 2, 1_000_000
_SHORT = 6
_MOST_CONTESTED = 40
_SHOWN = 60
"""Characters of a value that a person is shown."""


@dataclass(frozen=True)
class Input:
    """One call: of which function, with what, and where it came from."""

    function: FunctionType
    arguments: dict[str, Any]
    origin: str
    """`failing` or `passing`: recorded while such a test ran; `near`: changed from one of these."""


@dataclass(frozen=True)
class Variant:
    """One patch as code for the changed statements of its module."""

    module: LiveModule
    statements: tuple[tuple[Any, CodeType], ...]

    def put(self) -> bool:
        try:
            return all(self.module.put(statement, code) for statement, code in self.statements)
        except Unpatchable:
            return False


def compare(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """For the original and each patch: what became of each call, by the calls' origins."""
    sources, living, modules = loaded(request)
    variants = [variant_of(each, sources, modules) for each in request["plausible"]]
    functions = changed_functions(request["plausible"], sources, living)
    constants = seeds(functions, variants)
    memory = own_memory() + request["memory_bytes"]

    def work(tell: Tell) -> None:
        recorder = Recorder(functions)

        def judge(*_: Any) -> None:
            sys.setprofile(None)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _told(recorder.inputs(constants), variants, memory, tell)
            os._exit(0)

        signal.signal(signal.SIGPROF, judge)
        for test in _tests(suite, request):
            signal.setitimer(signal.ITIMER_PROF, _RECORD_SECONDS)
            recorder.run(suite, test)
        judge()

    lines = in_child(work, _IDLE_SECONDS * (len(variants) + 2), memory).lines if functions else []
    calls, *answers = [json.loads(line) for line in lines] or [[]]
    words = [[" ".join(each.split(" ", 2)[:2]) for each in answer] for answer in answers]
    return {
        "origins": [origin for origin, _ in calls],
        "words": words,
        "contested": _contested(calls, answers) if len(words) == len(variants) + 2 else [],
    }


def _contested(calls: list[list[str]], answers: list[list[str]]) -> list[list[str]]:
    """Calls in which patches differ: the call, what it came to on the original, and with each patch.

    Not those that failing tests make: what is right there is known.
    """
    base, again, *patched = answers
    settled = {call for origin, call in calls if origin == "failing"}
    found = []
    for k in range(min(map(len, (base, again, *filter(None, patched))))):
        results = [answer[k] if answer else "" for answer in (base, *patched)]
        differ = base[k] == again[k] and len(set(filter(None, results[1:]))) > 1
        if differ and calls[k][1] not in settled:
            found.append([calls[k][1], *(each.split(" ", 2)[-1] for each in results)])
    return found[:_MOST_CONTESTED]


def seeds(functions: dict[CodeType, FunctionType], variants: list[Variant | None]) -> Seeds:
    """Constants of what is compared: those first that not all have, for these are in question."""
    mine = [
        {each for _, code in variant.statements for each in _constants(code)}
        for variant in variants
        if variant is not None
    ]
    base = {each for code in functions for each in _constants(code)}
    every = base.union(*mine)
    agreed = base.intersection(*mine)
    order = sorted(every, key=lambda each: (each in agreed, type(each).__name__, each))
    numbers = [each for each in order if isinstance(each, int)]
    texts = [each for each in order if isinstance(each, str)]
    return (*numbers[:_MOST_SEEDS], *texts[:_MOST_SEEDS])


def _constants(held: Any) -> Iterator[int | str]:
    """Numbers from two on and short texts in code and the tuples of its constants."""
    for each in held.co_consts if isinstance(held, CodeType) else held:
        if isinstance(each, (CodeType, tuple, frozenset)):
            yield from _constants(each)
        elif type(each) is int:
            yield from [each] if _LEAST_SEED <= each <= _LARGEST_SEED else []
        elif type(each) is str:
            yield from [each] if 0 < len(each) <= _SHORT else []


def loaded(
    request: dict[str, Any],
) -> tuple[dict[str, Source], dict[str, list[FunctionType]], dict[str, LiveModule]]:
    """The patched files, every living function, and those of the files ready to be patched."""
    paths = sorted({each["path"] for each in request["plausible"]})
    sources = {path: source for path in paths for source in [read_source(path)] if source}
    living = living_functions()
    modules = {
        path: LiveModule(source, living.get(os.path.realpath(path), []))
        for path, source in sources.items()
    }
    return sources, living, modules


def _tests(suite: Suite, request: dict[str, Any]) -> list[str]:
    """Passing ones first: a failing one that never ends ends the recording."""
    covering = [test for tests in request["covering"].values() for test in tests]
    passing = [each for each in dict.fromkeys(covering) if each in suite.items][:_TESTS]
    failing = [each for each in request["targets"] if each in suite.items]
    return [*passing, *failing[:_TESTS]]


def variant_of(
    plausible: dict[str, Any], sources: dict[str, Source], modules: dict[str, LiveModule]
) -> Variant | None:
    source = sources.get(plausible["path"])
    if source is None:
        return None
    module = modules[source.path]
    changed: dict[Any, list[Edit]] = {}
    for edit in plausible["edits"]:
        changed.setdefault(source.statement_at(edit["start"]), []).append(Edit(**edit))
    try:
        codes = [(each, module.compiled(each, tuple(edits))) for each, edits in changed.items()]
    except (SyntaxError, ValueError):
        return None
    return Variant(module, tuple(codes))


def changed_functions(
    plausible: list[dict[str, Any]],
    sources: dict[str, Source],
    living: dict[str, list[FunctionType]],
) -> dict[CodeType, FunctionType]:
    """The living functions, or methods, in which the patches lie."""
    found: dict[CodeType, FunctionType] = {}
    for each in plausible:
        source = sources.get(each["path"])
        names = _changed(source, each["edits"]) if source is not None else set()
        for function in living.get(os.path.realpath(each["path"]), []):
            if (function.__name__, function.__code__.co_firstlineno) in names:
                found[function.__code__] = function
    return found


def _changed(source: Source, edits: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """Names and first lines of the outermost functions that the edits lie in."""
    found = set()
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTIONS) and source.function(node) is None:
            first = first_line(node)
            start = source.starts[first - 1]
            end = source.starts[node.end_lineno or node.lineno]
            if any(start <= edit["start"] <= end for edit in edits):
                found.add((node.name, first))
    return found


class Recorder:
    """Keeps the arguments of calls, as they were when the call began."""

    def __init__(self, wanted: dict[CodeType, FunctionType]) -> None:
        self._wanted = wanted
        self._kept: list[Input] = []
        self._words: set[str] = set()
        self._starts: dict[CodeType, int] = {}
        """Where each begins; a generator that is gone on with is called there too, but further on."""

        self._looked_at = 0

    def run(self, suite: Suite, test: str) -> None:
        here = len(self._kept)
        self._looked_at = 0
        sys.setprofile(self._profile)
        outcome = suite.run(test)
        sys.setprofile(None)
        origin = "passing" if outcome in GREEN else "failing"
        self._kept[here:] = [
            Input(each.function, each.arguments, origin) for each in self._kept[here:]
        ]

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        function = self._wanted.get(frame.f_code) if event == "call" else None
        if function is None or self._looked_at >= _MOST_CALLS:
            return
        start = self._starts[frame.f_code] = min(
            frame.f_lasti, self._starts.get(frame.f_code, frame.f_lasti)
        )
        if frame.f_lasti > start:
            return
        self._looked_at += 1
        names = _parameters(frame.f_code)
        given = {name: frame.f_locals[name] for name in names if name in frame.f_locals}
        try:
            arguments = copy.deepcopy(given)
        except Exception:  # noqa: BLE001 - whatever a foreign `__deepcopy__` raises: not recorded
            return
        word = form([function.__qualname__, arguments])
        if word not in self._words:
            self._words.add(word)
            self._kept.append(Input(function, arguments, "failing"))

    @property
    def failing(self) -> list[Input]:
        """Calls that failing tests made, in the order in which they came."""
        return [each for each in self._kept if each.origin == "failing"]

    def inputs(self, seeds: Seeds = ()) -> list[Input]:
        """What was recorded, spread over origins, and inputs near it.

        What is recorded itself is near nothing: a step from what passes is often just what fails.
        """
        kept = [
            each
            for origin in ("failing", "passing")
            for each in _spread([one for one in self._kept if one.origin == origin])
        ]
        near = [_near(each, seeds) for each in kept]
        found = {_asked(each): each for each in kept}
        while near and len(found) < _MOST_INPUTS:
            for others in list(near):
                following = next(others, None)
                if following is None:
                    near.remove(others)
                else:
                    found.setdefault(_asked(following), following)
        return list(found.values())[:_MOST_INPUTS]


def _asked(call: Input) -> str:
    return form([call.function.__module__, call.function.__qualname__, call.arguments])


def _spread(inputs: list[Input]) -> list[Input]:
    """As many as are kept, from the whole of the list."""
    step = max(1, len(inputs) // _KEPT_CALLS)
    return inputs[::step][:_KEPT_CALLS]


def _near(each: Input, seeds: Seeds) -> Iterator[Input]:
    for arguments in neighbours(each.arguments, seeds):
        yield Input(each.function, arguments, "near")


def _parameters(code: CodeType) -> tuple[str, ...]:
    flags = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + flags]


def _told(inputs: list[Input], variants: list[Variant | None], memory: int, tell: Tell) -> None:
    """The calls, then one line for the original, asked twice, and one for each variant."""
    base = _words(inputs, None, memory, _ASKED_SECONDS)
    inputs = inputs[: len(base)]
    tell(json.dumps([(each.origin, _call(each)) for each in inputs]))
    tell(json.dumps(base))
    tell(json.dumps(_words(inputs, None, memory)))
    for variant in variants:
        tell(json.dumps(_words(inputs, variant, memory) if variant is not None else []))


def _call(asked: Input) -> str:
    """As a person would write it."""
    given = ", ".join(f"{name}={_brief(value)}" for name, value in asked.arguments.items())
    return f"{asked.function.__qualname__}({given})"[: 2 * _SHOWN]


def _brief(value: Any) -> str:
    rest = ahead(value)
    try:
        told = repr(value) if rest is None else f"iter({rest!r})"
    except Exception:  # noqa: BLE001 - a foreign `__repr__` may raise anything
        return f"<{type(value).__name__}>"
    told = " ".join(told.split())
    return told if len(told) <= _SHOWN else told[: _SHOWN - 3] + "..."


def _words(
    inputs: list[Input], variant: Variant | None, memory: int, seconds: float = math.inf
) -> list[str]:
    """What became of each call, in as far as it was made within so many processor seconds."""

    def work(tell: Tell) -> None:
        if variant is not None and not variant.put():
            return
        signal.signal(signal.SIGPROF, _out_of_time)
        end = time.process_time() + seconds
        for each in inputs:
            tell(_outcome(each))
            if time.process_time() > end:
                return

    return in_child(work, _IDLE_SECONDS, memory).lines


class _OutOfTime(BaseException):
    pass


def _out_of_time(*_: Any) -> None:
    raise _OutOfTime


def _outcome(asked: Input) -> str:
    """`kind word shown`: the kind of the result, or the exception; a word for all of it; and what a
    person is shown.
    """
    try:
        arguments = copy.deepcopy(asked.arguments)
        signal.setitimer(signal.ITIMER_PROF, _CALL_SECONDS)
        result = taken(called(asked.function, arguments))
        signal.setitimer(signal.ITIMER_PROF, 0)
        kind, told, shown = type(result).__name__, form([result, arguments]), _brief(result)
    except _OutOfTime:
        kind, told, shown = "!timeout", "!timeout", "no end"
    except BaseException as error:  # noqa: BLE001 - an exception is a result like another
        signal.setitimer(signal.ITIMER_PROF, 0)
        kind = told = "!" + type(error).__name__
        shown = type(error).__name__
    word = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:10]
    return f"{kind} {word} {shown}"


def called(function: FunctionType, arguments: dict[str, Any]) -> Any:
    code = function.__code__
    plain = [arguments[name] for name in code.co_varnames[: code.co_argcount]]
    rest = _parameters(code)[code.co_argcount :]
    only = {name: arguments[name] for name in rest[: code.co_kwonlyargcount]}
    more = list(rest[code.co_kwonlyargcount :])
    if code.co_flags & inspect.CO_VARARGS:
        plain += arguments[more.pop(0)]
    if code.co_flags & inspect.CO_VARKEYWORDS:
        only.update(arguments[more.pop(0)])
    result = function(*plain, **only)
    return asyncio.run(result) if inspect.iscoroutine(result) else result


def taken(result: Any) -> Any:
    """What is lazy, done: before, no two of a kind could be told apart."""
    kind = type(result)
    lazy = kind.__module__ in _LAZY and hasattr(kind, "__next__")
    return list(islice(result, _MOST_ITEMS)) if lazy else result


def form(value: Any, depth: int = _DEPTH, above: tuple[int, ...] = ()) -> str:
    """Equal for values that look the same from outside; objects by what they hold."""
    kind = type(value).__name__
    if depth == 0 or id(value) in above:
        return f"<{kind}>"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return f"{kind}:{value!r}"
    above = (*above, id(value))
    rest = ahead(value)
    if rest is not None:
        parts = [form(rest, depth - 1, above)]
    elif isinstance(value, dict):
        parts = [
            f"{form(k, depth - 1, above)}={form(v, depth - 1, above)}" for k, v in value.items()
        ]
    elif isinstance(value, (list, tuple)):
        parts = [form(each, depth - 1, above) for each in value]
    elif isinstance(value, (set, frozenset)):
        parts = sorted(form(each, depth - 1, above) for each in value)
    else:
        held = attributes(value)
        parts = [f"{name}={form(held[name], depth - 1, above)}" for name in sorted(held)]
        parts = parts or [_plain(value, kind)]
    return f"{kind}({', '.join(parts)})"


def _plain(value: Any, kind: str) -> str:
    """What an object without attributes of its own says of itself, unless that is its address."""
    if callable(value) or inspect.ismodule(value):
        return str(getattr(value, "__qualname__", kind))
    try:
        told = repr(value)
    except Exception:  # noqa: BLE001 - a foreign `__repr__` may raise anything
        return kind
    return kind if " at 0x" in told else told
