"""What modules, classes and functions of the installed packages have to offer.

Modules that are loaded are asked; of others the source is read, for to import them may do anything.
"""

from __future__ import annotations

import ast
import functools
import gc
import os
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from types import FunctionType


@functools.cache
def members(module: str) -> frozenset[str] | None:
    """The public names of a module; None when there is no such module."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        return frozenset(each for each in dir(loaded) if not each.startswith("_"))
    path = _path_of(module)
    return None if path is None else frozenset(_top_names(path))


@functools.cache
def submodules(module: str) -> frozenset[str]:
    """Public modules that lie in a package."""
    places = getattr(sys.modules.get(module), "__path__", None)
    path = _path_of(module)
    if places is None and path is not None and os.path.basename(path) == "__init__.py":  # noqa: PTH119 - Python 3.9
        places = [os.path.dirname(path)]  # noqa: PTH120 - the same
    return frozenset(
        each.partition(".")[0]
        for place in places or ()
        for each in _listed(place)
        if not each.startswith("_") and (each.endswith(".py") or "." not in each)
    )


def classes(name: str) -> frozenset[str]:
    """Public attributes of the living classes of this name."""
    found: set[str] = set()
    waiting: list[type] = [object]
    seen = set(waiting)
    while waiting:
        one = waiting.pop()
        if one.__name__ == name:
            found |= {each for each in dir(one) if not each.startswith("_")}
        each: type
        for each in type.__subclasses__(one):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return frozenset(found)


def parameters(name: str, told: str) -> frozenset[str]:
    """Arguments of the living functions of this name; of a class's `__init__` where that was called."""
    wanted = f"{name}.{told}" if told.startswith("__") else name
    found: set[str] = set()
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and (
            thing.__qualname__ == wanted or thing.__qualname__.endswith("." + wanted)
        ):
            code = thing.__code__
            found |= set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return frozenset(found - {"self", "cls"})


def _path_of(module: str) -> str | None:
    """The source of a module that is not loaded, found without running its package."""
    top, *rest = module.split(".")
    spec = PathFinder.find_spec(top)
    path = spec.origin if spec is not None else None
    for each in rest:
        if path is None or os.path.basename(path) != "__init__.py":  # noqa: PTH119 - Python 3.9
            return None
        below = os.path.join(os.path.dirname(path), each)  # noqa: PTH118, PTH120 - the same
        found = (name for name in (below + ".py", os.path.join(below, "__init__.py")))  # noqa: PTH118
        path = next((name for name in found if os.path.isfile(name)), None)  # noqa: PTH113
    return path if path is not None and path.endswith(".py") else None


def _top_names(path: str) -> Iterator[str]:
    """What the module's own statements define or import."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the same
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _listed(place: str) -> list[str]:
    try:
        return sorted(os.listdir(place))  # noqa: PTH208 - the same
    except OSError:
        return []
