"""Inputs next to an input: one argument a little other than it was.

Deterministic: what a value's neighbours are depends on the value and the given constants alone, so that
two programs can be asked the same, today and tomorrow. A constant of the program is a step as good as
one: where it counts in twenties, what is twenty further tells more than what is one further (constants
of the code as seeds of inputs: Fraser, Arcuri, "The Seed is Strong", 2012).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

_MOST_ATTRIBUTES = 8
_DEPTH = 4
_NUMBER = "[0-9]{1,18}"
_MOST_AHEAD = 200
_ITERATORS: tuple[type, ...] = (type(iter([])), type(iter(())), type(iter(range(0))))

Seeds = tuple["int | str", ...]
"""Constants of the program, the most telling first."""


def neighbours(arguments: dict[str, Any], seeds: Seeds = ()) -> Iterator[dict[str, Any]]:
    """The same arguments with one of them changed, arguments in turns."""
    waiting = [(name, near(value, seeds)) for name, value in arguments.items()]
    while waiting:
        for name, others in list(waiting):
            for other in others:
                yield {**arguments, name: other}
                break
            else:
                waiting.remove((name, others))


def near(value: Any, seeds: Seeds = (), depth: int = _DEPTH) -> Iterator[Any]:
    """Values of the same type that are a step away; none for what we know nothing of."""
    if depth == 0:  # what holds itself ends here
        return
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        steps = (value + each for each in seeds if isinstance(each, int))
        nexts = (value + 1, value - 1, *steps, -value, value * 0, 2 * value + 1, value + 10)
        yield from _distinct(nexts, value)
    elif isinstance(value, str):
        more = (value + each for each in seeds if isinstance(each, str))
        yield from _distinct((*_numbers(value, seeds), *_texts(value), *more), value)
    elif isinstance(value, bytes):
        yield from _distinct(_texts(value), value)
    elif isinstance(value, (list, tuple)):
        yield from _sequences(value, seeds, depth)
    elif isinstance(value, dict):
        yield from _mappings(value, seeds, depth)
    elif isinstance(value, (set, frozenset)):
        yield from (value - {each} for each in sorted(value, key=repr)[:3])
    elif isinstance(value, _ITERATORS):
        yield from map(iter, near(ahead(value), seeds, depth))
    else:
        yield from _objects(value, seeds, depth)


def ahead(value: Any) -> list[Any] | None:
    """What an iterator over a sequence will give, without taking it; None for everything else, which may do
    anything when it is asked.
    """
    return list(islice(copy.copy(value), _MOST_AHEAD)) if type(value) in _ITERATORS else None


def _numbers(value: str, seeds: Seeds) -> tuple[str, ...]:
    """The text with every number in it one more, a constant more, and ten more: what reads it may count
    in tens.
    """
    steps = dict.fromkeys((1, *(each for each in seeds if isinstance(each, int)), 10))
    return tuple(_further(value, step) for step in steps)


def _further(value: str, step: int) -> str:
    return re.sub(_NUMBER, lambda m: str(int(m[0]) + step), value)


def _texts(value: Any) -> tuple[Any, ...]:
    cut = (value[:-1], value[1:], value + value[:1], value[:0])
    return (*cut, value[::-1], value.swapcase())


def _distinct(values: tuple[Any, ...], value: Any) -> Iterator[Any]:
    seen = [value]
    for each in values:
        if each not in seen:
            seen.append(each)
            yield each


def _sequences(value: Any, seeds: Seeds, depth: int) -> Iterator[Any]:
    """Shorter, longer, in other orders, and with one item changed."""
    kind = type(value)
    if kind not in (list, tuple) or not value:
        return
    yield from (value[:-1], value[1:], value + value[:1], value[::-1])
    for k in range(min(len(value), 4)):
        for other in near(value[k], seeds, depth - 1):
            yield kind([*value[:k], other, *value[k + 1 :]])
            break
    if len(value) > 2:
        yield kind([*value[:1], value[2], value[1], *value[3:]])
    yield value[:0]


def _mappings(value: dict[Any, Any], seeds: Seeds, depth: int) -> Iterator[dict[Any, Any]]:
    for key in list(value)[:3]:
        yield {k: v for k, v in value.items() if k != key}
        for other in near(value[key], seeds, depth - 1):
            yield {**value, key: other}
            break


def _objects(value: Any, seeds: Seeds, depth: int) -> Iterator[Any]:
    """A copy with one attribute changed; `__setattr__` of frozen classes is passed by."""
    held = attributes(value)
    for name in sorted(held)[:_MOST_ATTRIBUTES]:
        following = next(near(held[name], seeds, depth - 1), None)
        if following is not None or attributes(held[name]):
            changed = copy.copy(value)
            object.__setattr__(changed, name, following)
            yield changed


def attributes(value: Any) -> dict[str, Any]:
    """What the object itself holds, by name; nothing of it is computed."""
    if isinstance(value, type) or callable(value) or type(value).__module__ == "builtins":
        return {}
    held = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        names = kind.__dict__.get("__slots__", ())
        for name in [names] if isinstance(names, str) else names:
            if hasattr(value, name) and not name.startswith("__"):
                held[name] = getattr(value, name)
    return held
