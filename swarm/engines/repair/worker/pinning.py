"""A call that shows what a patch has mended, small enough to stand in a test.

While the failing tests run on the original code, the calls of the changed functions are recorded. Of those
that come to something else with the patch, and whose arguments and result can be written down, the
shortest is told.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import json
import os
import signal
import sys
from typing import Any

from swarm.engines.repair.worker.children import Tell, in_child, own_memory
from swarm.engines.repair.worker.comparing import (
    Input,
    Recorder,
    called,
    changed_functions,
    loaded,
    variant_of,
)
from swarm.engines.repair.worker.suite import Suite

_MOST_TESTS = 6
_MOST_TEXT = 160
_RECORD_SECONDS = 2.0
_CALL_SECONDS = 0.5
_IDLE_SECONDS = 10.0


def pin(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """The call, as `{"call": ...}`; empty when none of them can be written down."""
    sources, living, modules = loaded(request)
    functions = changed_functions(request["plausible"], sources, living)
    variants = [variant_of(each, sources, modules) for each in request["plausible"]]
    tests = [each for each in request["targets"] if each in suite.items][:_MOST_TESTS]
    if not functions or None in variants:
        return {}
    memory = own_memory() + request["memory_bytes"]

    def record(tell: Tell) -> None:
        recorder = Recorder(functions)

        def told(*_: Any) -> None:
            sys.setprofile(None)
            signal.setitimer(signal.ITIMER_PROF, 0)
            _compare(recorder.failing, variants, memory, tell)
            os._exit(0)

        signal.signal(signal.SIGPROF, told)
        for test in tests:
            signal.setitimer(signal.ITIMER_PROF, _RECORD_SECONDS)
            recorder.run(suite, test)
        told()

    lines = in_child(record, 4 * _IDLE_SECONDS, memory).lines
    return {"call": json.loads(lines[0])} if lines else {}


def _compare(inputs: list[Input], variants: list[Any], memory: int, tell: Tell) -> None:
    plain = [each for each in inputs if _written(each) is not None]
    before = _results(plain, [], memory)
    after = _results(plain, variants, memory)
    found = [
        (each, now)
        for each, once, now in zip(plain, before, after)  # noqa: B905 - Python 3.9
        if now is not None and now != once
    ]
    if found:
        each, now = min(found, key=lambda one: (len(str(_written(one[0]))), str(_written(one[0]))))
        function = each.function
        told = {"module": function.__module__, "name": function.__name__}
        tell(json.dumps({**told, "arguments": _written(each), **now}))


def _results(inputs: list[Input], variants: list[Any], memory: int) -> list[dict[str, str] | None]:
    """What each call comes to; None where that cannot be written down."""

    def work(tell: Tell) -> None:
        if all(variant.put() for variant in variants):
            signal.signal(signal.SIGPROF, _out_of_time)
            for each in inputs:
                tell(json.dumps(_result(each)))

    lines = in_child(work, _IDLE_SECONDS, memory).lines
    found: list[dict[str, str] | None] = [json.loads(line) for line in lines]
    return found + [None] * (len(inputs) - len(found))


class _OutOfTime(BaseException):
    pass


def _out_of_time(*_: Any) -> None:
    raise _OutOfTime


def _result(asked: Input) -> dict[str, str] | None:
    arguments = copy.deepcopy(asked.arguments)
    signal.setitimer(signal.ITIMER_PROF, _CALL_SECONDS)
    try:
        value = called(asked.function, arguments)
    except _OutOfTime:
        return None
    except BaseException as error:  # noqa: BLE001 - an exception is a result like another
        name = type(error).__name__
        return {"raises": name} if getattr(builtins, name, None) is type(error) else None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    text = literal(value)
    return None if text is None or value is None else {"gives": text}


def _written(asked: Input) -> str | None:
    """The arguments as they would be written in a call; None when that cannot be done."""
    function = asked.function
    code = function.__code__
    if code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_COROUTINE):
        return None
    if function.__qualname__ != function.__name__ or function.__module__ not in sys.modules:
        return None
    words = []
    for place, name in enumerate(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]):
        text = literal(asked.arguments.get(name))
        if text is None or name not in asked.arguments:
            return None
        words.append(text if place < code.co_argcount else f"{name}={text}")
    return ", ".join(words)


def literal(value: Any) -> str | None:
    """The value as Python writes it, if that is short and comes to the same when it is read."""
    try:
        text = repr(value)
        same = len(text) <= _MOST_TEXT and ast.literal_eval(text) == value
        return text if same and _is_plain(value) else None
    except Exception:  # noqa: BLE001 - a foreign `__repr__` or `__eq__` may raise anything
        return None


def _is_plain(value: Any) -> bool:
    """Of built-in types all the way down: `True == 1` would not do."""
    if isinstance(value, (list, tuple, set)) and type(value) in (list, tuple, set):
        return all(_is_plain(each) for each in value)
    if type(value) is dict:
        return all(_is_plain(k) and _is_plain(v) for k, v in value.items())
    return value is None or type(value) in (bool, int, float, str, bytes)
