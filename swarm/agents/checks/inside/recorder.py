"""Records what tests observe of changed functions.

What a test observes is what it called itself and what it got back: the outermost call from a test's
own code into the repository. Calls deeper down are nobody's contract. A call is recorded when some
changed function ran inside of it, or when its function is on a list of wanted ones.

Values are written down structurally, without calling any `__repr__` of the repository's: once
strictly (foreign objects by their class alone) and once widely (with their attributes).

When the tests are over, functions, classes and methods that were seen to be called with plain values are
called again with small mutations of those, to see what happens next door: methods on a copy of the object
that they were called on. Which calls that begins with is chosen once, in the first recording of the base, and
told to the others: those that run what the change takes away or brings in, and of the rest some of each way
through the changed functions. Lines of changed functions are followed as well: it is told which of the watched
statements anything has executed.

This goes behind a runner's script of `swarm.tools.inside` and takes the place of its `main`.
"""

from __future__ import annotations

import ast
import collections
import copy
import dis
import enum
import hashlib
import itertools
import os
import re
import signal
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAIN = (int, str, list, tuple, dict, set, frozenset, bool, bytes, float, type(None))
WRITTEN_BY_THEMSELVES = frozenset(
    {"datetime", "decimal", "fractions", "uuid", "pathlib", "ipaddress", "zoneinfo"}
)
DEPTH, ITEMS, LENGTH = 5, 60, 300
MOST_CALLS = 3_000
MOST_OF_ONE = 200
"""Calls recorded of one test; a loop in a test is seen by its first turns."""

SEEDS, NEIGHBOURS, ALL_NEIGHBOURS = 24, 600, 2_400
MOST_LINES = 400_000
"""So many lines are followed: a loop may run for long."""

NEXT_DOOR_SECONDS = 30.0
"""For all calls next door together; what is not called then is not compared."""
MOST_KEPT = 20 * SEEDS
"""Calls of one function whose arguments, and object, are looked at for calling it again."""

KEEPING_SECONDS = 10.0
"""For that, over all calls: an object may be large."""

CALL_SECONDS = 0.5
GENERATOR = 0x20
COROUTINE = 0x80 | 0x200
RETURNS = {
    dis.opmap[name]
    for name in ("RETURN_VALUE", "RETURN_CONST", "RETURN_GENERATOR", "YIELD_VALUE")
    if name in dis.opmap
}
YIELDS = {dis.opmap["YIELD_VALUE"]}


def written(value: Any, wide: bool, depth: int = DEPTH) -> str:
    """A value as text that is the same for equal structure; shortened by its hash."""
    try:
        text = structure(value, wide, depth)
    except RecursionError:
        return "<too deep>"
    if len(text) <= LENGTH:
        return text
    return text[:LENGTH] + "#" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def structure(value: Any, wide: bool, depth: int) -> str:
    kind = type(value)
    if kind is int and abs(value) >= 10**60:
        return hex(value)
    if kind in (int, str, bytes, bool, float, complex, range, type(None)):
        return repr(value)
    if depth == 0:
        return "<" + kind.__name__ + ">"
    if kind in (list, tuple, set, frozenset, dict):
        return container(value, wide, depth - 1)
    if isinstance(value, enum.Enum):
        return kind.__name__ + "." + str(value.name)
    if kind.__module__ in WRITTEN_BY_THEMSELVES:
        return repr(value)
    if isinstance(value, BaseException):
        return kind.__name__ + (container(value.args, wide, depth - 1) if wide else "")
    if isinstance(value, (types.FunctionType, type, types.BuiltinFunctionType)):
        return "<" + str(value.__qualname__) + ">"
    return thing(value, wide, depth - 1)


def container(value: Any, wide: bool, depth: int) -> str:
    kind = type(value)
    if kind is dict:
        pairs = list(dict.items(value))[:ITEMS]
        parts = [structure(k, wide, depth) + ": " + structure(v, wide, depth) for k, v in pairs]
        return "{" + ", ".join(parts) + more(value) + "}"
    parts = [structure(each, wide, depth) for each in list(value)[:ITEMS]]
    if kind in (set, frozenset):
        parts.sort()
        return kind.__name__ + "(" + ", ".join(parts) + more(value) + ")"
    left, right = ("[", "]") if kind is list else ("(", ")")
    return left + ", ".join(parts) + more(value) + right


def more(value: Any) -> str:
    return "" if len(value) <= ITEMS else f", ... {len(value)} in all"


def thing(value: Any, wide: bool, depth: int) -> str:
    """An object of a class that we do not know: attributes as they are stored, nothing is called."""
    kind = type(value)
    inner = ""
    for plain in (dict, list, tuple, str, int, float):
        if isinstance(value, plain):
            inner = structure(as_plain(value, plain), wide, depth)
            break
    if wide:
        inner += attributes(value, depth)
    return "<" + kind.__name__ + (" " + inner if inner else "") + ">"


def as_plain(value: Any, plain: Any) -> Any:
    if plain is dict:
        return dict(dict.items(value))
    if plain in (list, tuple):
        return plain(plain.__iter__(value))
    if plain is str:
        return str.__str__(value)
    return plain.__add__(value, plain(0))


def attributes(value: Any, depth: int) -> str:
    stored = stored_in(value)
    return "" if stored is None else structure(stored, True, depth)


def stored_in(value: Any) -> dict[str, Any] | None:
    """Attributes as they are stored, without calling anything of the object's class."""
    found = {}
    for kind in type(value).__mro__:
        for name, member in kind.__dict__.items():
            if type(member) is types.MemberDescriptorType:
                try:
                    found[name] = member.__get__(value)
                except AttributeError:
                    continue
    try:
        stored = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return found or None
    return {**found, **stored} if type(stored) is dict else found or None


def shown(value: Any) -> str:
    """A value as who asked for it may look at it: strictly, and of objects what they store.

    What is private counts where there is nothing else.
    """
    text = written(value, False)
    if type(value) in (list, tuple):
        return text + "".join(shown(each) for each in value[:ITEMS] if is_thing(each))
    if not is_thing(value):
        return text
    stored = stored_in(value) or {}
    public = {name: each for name, each in stored.items() if not name.startswith("_")}
    return text + written(public or stored, True)


def is_thing(value: Any) -> bool:
    kind = type(value)
    known = (
        kind in PLAIN or kind.__module__ in WRITTEN_BY_THEMSELVES or kind.__module__ == "builtins"
    )
    return not known and not isinstance(value, (enum.Enum, BaseException, type))


class Call:
    """One call from a test into the repository, while it lasts."""

    def __init__(self, frame: Any, wanted: bool, keep: bool) -> None:
        code = frame.f_code
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
        self.names = code.co_varnames[:count]
        local = frame.f_locals
        self.values = [local.get(name) for name in self.names]
        self._texts = [written(each, True) for each in self.values]
        self.arguments = ", ".join(self._texts)
        keep = keep and count == code.co_argcount
        self.again = again(frame, self.names, self.values) if keep else None
        self.touched = wanted
        self.lines: set[tuple[str, int]] = set()
        self.raised = ""
        self.yielded: list[tuple[str, str]] = []

    def result(self, frame: Any, value: Any) -> tuple[str, str]:
        """Strict and wide. Plain arguments that can be changed in place are part of the result."""
        if opcode(frame) not in RETURNS:
            return "raises " + self.raised, "raises " + self.raised
        parts = [value, *self._changed_in_place()]
        strict = [*(one for one, _ in self.yielded), *(written(each, False) for each in parts)]
        wide = [*(two for _, two in self.yielded), *(written(each, True) for each in parts)]
        return "; ".join(strict), "; ".join(wide)

    def _changed_in_place(self) -> list[Any]:
        # Python 3.9 has no strict zip.
        return [
            value
            for value, text in zip(self.values, self._texts)  # noqa: B905
            if type(value) in (list, dict, set) and written(value, True) != text
        ]


def again(frame: Any, names: tuple[str, ...], values: list[Any]) -> tuple[Any, str] | None:
    """What to call once more, and the arguments as a literal; None where that cannot be done."""
    name = frame.f_code.co_name
    found = frame.f_globals.get(name)
    if getattr(found, "__code__", None) is frame.f_code:
        text = plain_text(values)
        return None if text is None else (found, text)
    if not values or names[0] not in ("self", "cls"):
        return None
    text = plain_text(values[1:])
    return None if text is None else bound(values[0], name, frame.f_code, text)


def bound(owner: Any, name: str, code: Any, text: str) -> tuple[Any, str] | None:
    """A class for its constructor, a class's own method, or a method on a copy of its object."""
    kind = owner if isinstance(owner, type) else type(owner)
    known = getattr(getattr(kind, name, None), "__code__", None)
    if known is not code:
        return None
    if name == "__init__":
        return kind, text
    if isinstance(owner, type):
        return getattr(owner, name), text
    if name.startswith("__") or text == "()":
        return None
    try:
        kept = copy.deepcopy(owner)
    except Exception:  # noqa: BLE001
        return None
    return (lambda *values: getattr(copy.deepcopy(kept), name)(*values)), text


def plain_text(values: list[Any]) -> str | None:
    """The arguments as a literal that can be read back, where they are small and plain."""
    if not all(is_plain(value, 3) for value in values):
        return None
    text = repr(tuple(values))
    return text if len(text) <= LENGTH else None


def is_plain(value: Any, depth: int) -> bool:
    if type(value) not in PLAIN or depth == 0:
        return False
    if type(value) is float and (value != value or value in (float("inf"), float("-inf"))):
        return False
    if type(value) is dict:
        return all(is_plain(k, depth - 1) and is_plain(v, depth - 1) for k, v in value.items())
    if type(value) in (list, tuple):
        return all(is_plain(each, depth - 1) for each in value)
    return type(value) not in (set, frozenset)


def opcode(frame: Any) -> int:
    """The instruction that the frame stands at: how a return is told from an error."""
    return int(frame.f_code.co_code[frame.f_lasti])


class Recorder:
    """A trace function that follows only the outermost calls of tests."""

    def __init__(self, job: dict[str, Any]) -> None:
        extra = job["extra"]
        self._root = str(Path.cwd()) + os.sep
        self._tests = set(extra["tests"])
        self._changed = {(path, line) for path, line in extra["changed"]}
        self._whole = set(extra["whole"])
        self._wanted = {(path, name) for path, name in extra["wanted"]}
        self._kinds: dict[Any, tuple[str, str, bool]] = {}
        self._open: dict[Any, Call] = {}
        self._running: list[Any] = []
        self._keeping = 0.0
        self._entered: collections.Counter[Any] = collections.Counter()
        self.calls: list[tuple[str, str, str, str, str]] = []
        self.seen = 0
        self.functions: dict[tuple[str, str], dict[str, Seed]] = {}
        self.constants = [ast.literal_eval(each) for each in extra["constants"]]
        self.chosen = extra["seeds"]
        self._named = {tuple(each) for each in self.chosen or []}
        self._watched = {
            (path, line): (path, first)
            for path, first, last in extra["watched"]
            for line in range(first, last + 1)
        }
        self.reached: set[tuple[str, int]] = set()
        self._lines_left = MOST_LINES
        self._targets = set(extra["targets"])
        self._asked = False

    def kind(self, code: Any) -> tuple[str, str, bool]:
        """(test, repository or neither; path; whether it is a changed function)."""
        known = self._kinds.get(code)
        if known is None:
            known = self._kinds[code] = self._kind(code)
        return known

    def _kind(self, code: Any) -> tuple[str, str, bool]:
        name = str(Path(code.co_filename).absolute())
        if not name.startswith(self._root):
            return "", "", False
        path = name[len(self._root) :]
        if path in self._tests:
            return "test", path, False
        if "site-packages" in path or path.startswith((".venv" + os.sep, "venv" + os.sep)):
            return "", "", False
        changed = path in self._whole or (path, code.co_firstlineno) in self._changed
        return "repository", path, changed

    def __call__(self, frame: Any, event: str, _value: Any) -> Any:
        code = frame.f_code
        where, path, changed = self.kind(code)
        if where != "repository":
            return None
        if changed:
            for running in self._running:
                running.touched = True
        if self._running and frame not in self._open:
            return self.stepping(frame, path) if changed and self._lines_left > 0 else None
        caller = frame.f_back
        if caller is None or self.kind(caller.f_code)[0] != "test" or code.co_flags & COROUTINE:
            return None
        if code.co_name.startswith("<") or self.seen >= MOST_CALLS or len(self.calls) > MOST_OF_ONE:
            return None
        return self._follow(frame, path, changed)

    def _follow(self, frame: Any, path: str, changed: bool) -> Any:
        call = self._open.get(frame)
        name = qualified(frame.f_code)
        if call is None:
            began = time.monotonic()
            keep = self._entered[frame.f_code] < MOST_KEPT and self._keeping < KEEPING_SECONDS
            self._entered[frame.f_code] += 1
            wanted = changed or (path, name) in self._wanted
            call = self._open[frame] = Call(frame, wanted, keep)
            self._keeping += (time.monotonic() - began) * keep
        frame.f_trace_lines = changed and self._lines_left > 0
        self._running.append(call)

        def local(frame: Any, event: str, value: Any) -> Any:
            if event == "line":
                self._step(path, frame)
            elif event == "exception":
                call.raised = value[0].__name__
            elif event == "return":
                self._running.remove(call)
                if frame.f_code.co_flags & GENERATOR and opcode(frame) in YIELDS:
                    call.yielded.append((written(value, False), written(value, True)))
                else:
                    self._close(frame, call, path, name, value)
            return local

        return local

    def stepping(self, frame: Any, path: str) -> Any:
        """A tracer of lines alone."""
        self._step(path, frame)

        def local(frame: Any, event: str, _value: Any) -> Any:
            if event == "line":
                self._step(path, frame)
            return local

        return local

    def _step(self, path: str, frame: Any) -> None:
        self._lines_left -= 1
        if self._lines_left <= 0:
            frame.f_trace_lines = False
        place = path, frame.f_lineno
        for running in self._running:
            running.lines.add(place)
        if place in self._watched:
            self.reached.add(self._watched[place])

    def all_reached(self) -> bool:
        return len(self.reached) == len(set(self._watched.values()))

    def next_door(self, frame: Any, _event: str, _value: Any) -> Any:
        """A trace function that looks for watched statements alone."""
        where, path, changed = self.kind(frame.f_code)
        return self.stepping(frame, path) if changed and where == "repository" else None

    def _close(self, frame: Any, call: Call, path: str, name: str, value: Any) -> None:
        self._open.pop(frame, None)
        if not call.touched:
            return
        strict, wide = call.result(frame, value)
        self.calls.append((path, name, call.arguments, strict, wide))
        self.seen += 1
        if call.again is not None:
            found, plain = call.again
            if self.chosen is not None and (path, name, plain) not in self._named:
                return
            seeds = self.functions.setdefault((path, name), {})
            if plain in seeds:
                seeds[plain].asked |= self._asked
            elif len(seeds) < MOST_KEPT:
                near = any(each in self._watched for each in call.lines)
                seeds[plain] = Seed(found, frozenset(call.lines), near, self._asked)

    def begin(self, test: str) -> None:
        self.take()
        self._asked = test in self._targets

    def seeds(self) -> dict[tuple[str, str], dict[str, Seed]]:
        """What is called again, by function, in the order of the first recording."""
        if self.chosen is None:
            return {name: picked(seeds) for name, seeds in self.functions.items()}
        told: dict[tuple[str, str], dict[str, Seed]] = {}
        for path, name, plain in self.chosen:
            seed = self.functions.get((path, name), {}).get(plain)
            if seed is not None:
                told.setdefault((path, name), {})[plain] = seed
        return told

    def take(self) -> list[tuple[str, str, str, str, str]]:
        calls, self.calls = self.calls, []
        self._open.clear()
        self._running.clear()
        return calls


class Seed:
    """A call that is made again, with what it ran of the changed functions."""

    def __init__(self, function: Any, way: frozenset[Any], near: bool, asked: bool) -> None:
        self.function, self.way, self.near, self.asked = function, way, near, asked


def picked(seeds: dict[str, Seed]) -> dict[str, Seed]:
    """Those of failing tests, then those that run what is watched, of each way through in turn."""
    ways: dict[Any, list[tuple[str, Seed]]] = {}
    for text, seed in seeds.items():
        ways.setdefault((not seed.asked, not seed.near, seed.way), []).append((text, seed))
    rows = [ways[key] for key in sorted(ways, key=lambda key: key[:2])]
    turns = [pair for turn in itertools.zip_longest(*rows) for pair in turn if pair is not None]
    return dict(turns[:SEEDS])


def qualified(code: Any) -> str:
    return str(getattr(code, "co_qualname", code.co_name))


class Listening:
    """Stands between the runner and the channel, to know which test runs."""

    def __init__(self, channel: Any, recorder: Recorder) -> None:
        self._channel, self._recorder = channel, recorder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    def start(self, test: str) -> None:
        self._channel.start(test)
        self._recorder.begin(test)
        sys.settrace(self._recorder)

    def done(self, test: str, outcome: str, seconds: float, text: str) -> None:
        sys.settrace(None)
        calls = self._recorder.take()
        if calls:
            self._channel.extra({"test": test, "calls": calls})  # noqa: S610
        self._channel.done(test, outcome, seconds, text)

    def finish(self, status: int) -> None:
        sys.settrace(None)
        for name, calls in next_door(self._recorder):
            self._channel.extra({"next": name, "calls": calls})  # noqa: S610
        self._channel.extra({"reached": sorted(self._recorder.reached)})  # noqa: S610
        seeds = self._recorder.seeds().items()
        chosen = [[*name, text] for name, texts in seeds for text in texts]
        self._channel.extra({"seeds": chosen})  # noqa: S610
        self._channel.finish(status)


class Late(BaseException):
    """A call next door takes too long."""


def late(_number: int, _frame: Any) -> None:
    raise Late


def next_door(recorder: Recorder) -> Any:
    """What the functions answer for what they were called with, and for small mutations of that.

    By function: arguments, their answer, the arguments that they are a mutation of (empty for a call that
    a test made), and whether a failing test made that call.
    """
    signal.signal(signal.SIGALRM, late)
    left, end = ALL_NEIGHBOURS, time.monotonic() + NEXT_DOOR_SECONDS
    functions = recorder.seeds()
    for name in sorted(functions):
        seeds = functions[name]
        own = [(text, text) for text in seeds]
        inputs = own + mutations(seeds, recorder.constants)[: min(left, NEIGHBOURS)]
        left -= len(inputs)
        rows = []
        for each, seed in inputs:
            if time.monotonic() < end:
                said = stepped(recorder, seeds[seed].function, each)
                rows.append([each, said, seed if each != seed else "", seeds[seed].asked])
        yield list(name), rows


def stepped(recorder: Recorder, function: Callable[..., Any], arguments: str) -> str:
    """The answer; its lines are followed as long as something watched was not seen."""
    if not recorder.all_reached():
        sys.settrace(recorder.next_door)
    try:
        return answer(function, arguments)
    finally:
        sys.settrace(None)


def answer(function: Callable[..., Any], arguments: str) -> str:
    signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
    try:
        values = ast.literal_eval(arguments)
        result = function(*values)
        if isinstance(result, types.GeneratorType):
            result = list(itertools.islice(result, ITEMS))
        before = ast.literal_eval(arguments)
        parts = (result, *(v for k, v in enumerate(values) if v != before[k]))
        return "; ".join(shown(each) for each in parts)
    except Late:
        return "does not end"
    except BaseException as error:  # noqa: BLE001
        return "raises " + type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def mutations(seeds: dict[str, Any], constants: list[Any]) -> list[tuple[str, str]]:
    """Each argument of each seed changed a little, the others as they were; with the seed it is from.

    Seeds take turns, so that the first does not use up the room.
    """
    found: dict[str, str] = {}
    rows = [[(each, seed) for each in changed(seed, constants)] for seed in seeds]
    for row in itertools.zip_longest(*rows):
        for pair in row:
            if pair is not None and pair[0] not in seeds:
                found.setdefault(*pair)
    return list(found.items())


def changed(seed: str, constants: list[Any]) -> list[str]:
    """Arguments take turns too."""
    values = ast.literal_eval(seed)
    rows = []
    for index, value in enumerate(values):
        others = [*nearby(value), *(each for each in constants if type(each) is type(value))]
        rows.append([repr((*values[:index], other, *values[index + 1 :])) for other in others])
    return [each for row in itertools.zip_longest(*rows) for each in row if each is not None]


def nearby(value: Any) -> list[Any]:
    if value is None:
        return [0, 1, ""]
    if type(value) is int:
        return [
            value + 1,
            value - 1,
            0,
            -value,
            value * 2,
            value + 0.5,
            value * 10,
            value + 10,
            value + 7,
            None,
        ]
    if type(value) is float:
        return [value + 1.0, 0.0, -value]
    if type(value) is str:
        return nearby_text(value)
    if type(value) in (list, tuple):
        return [value[:0], value[:-1], value + value[-1:], value[::-1]]
    if type(value) is bool:
        return [not value]
    return []


def nearby_text(value: str) -> list[Any]:
    half = len(value) // 2
    return [
        *one_number(value)[:6],
        value.upper(),
        value[:-1],
        value[:half] + value[half + 1 :],
        "",
        *without_a_part(value)[:3],
        value.swapcase(),
        value[::-1],
        *one_number(value)[6:20],
        value + value[-1:],
        *(renumbered(value, *by) for by in BY if any(c.isdigit() for c in value)),
        *one_letter(value)[:6],
        value[:half] + value[half : half + 1] + value[half:],
        value + value,
        None,
        value.replace("_", "__").replace(" ", "  "),
        "_" + value,
        " " + value,
    ]


BY = ((1, 1), (2, 0), (0, 0), (10, 0), (1, 8))


def renumbered(value: str, times: int, plus: int) -> str:
    """Every number in the text changed, with as many digits at least."""
    return re.sub("[0-9]+", lambda m: str(int(m[0]) * times + plus).zfill(len(m[0])), value)


def one_number(value: str) -> list[str]:
    """One number of the text changed, the others as they were; numbers take turns."""
    rows = []
    for found in itertools.islice(re.finditer("[0-9]+", value), 6):
        number, wide = int(found[0]), len(found[0])
        others = [str(n).zfill(wide) for n in (number + 3, number * 10 + 5)]
        others += [found[0] + "123456789"]
        others += [str(n).zfill(wide) for n in (0, number + 1, number + 10)]
        others += ["-" + found[0], found[0] + "0", found[0][:-1], "9" * wide, found[0][::-1]]
        others += [found[0] + "987654321"]
        rows.append([value[: found.start()] + each + value[found.end() :] for each in others])
    return [each for row in itertools.zip_longest(*rows) for each in row if each is not None]


def without_a_part(value: str) -> list[str]:
    """One of its words or of its signs left out."""
    parts = list(itertools.islice(re.finditer(r"\w+|[^\w\s]", value), 12))
    return [value[: each.start()] + value[each.end() :] for each in reversed(parts)]


def one_letter(value: str) -> list[str]:
    """One letter of the text another one."""
    places = list(itertools.islice(re.finditer("[A-Za-z]", value), 12))
    return [
        value[: each.start()]
        + chr(ord(each[0]) ^ 1 if each[0] not in "Zz" else 65)
        + value[each.end() :]
        for each in places
    ]


def recorded(runner: Callable[[Any, Any], int], channel: Any, job: dict[str, Any]) -> int:
    """Run what `runner` runs, and tell what its tests observed."""
    return runner(Listening(channel, Recorder(job)), job)
