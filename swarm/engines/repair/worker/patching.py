"""Candidates as code objects put into functions that are alive.

Only the statement of the module's body in which the edits lie is compiled again. Its code objects
are matched with the old ones by their path of names, and every living function made from an old one
- whoever holds it: a class, a decorator's closure, another module's `from` import - gets the new.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import os
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType

from swarm.engines.repair.worker.candidates import Edit, edited
from swarm.engines.repair.worker.sources import Source, first_line

_FUTURE = 0x1FF0000
"""Compiler flags of `from __future__` imports, as a code object carries them in `co_flags`."""

Path = tuple[tuple[str, int], ...]


def code_paths(code: CodeType, here: Path = ()) -> Iterator[tuple[Path, CodeType]]:
    """Every code object below, by its names from outside in; each with its turn among equals."""
    turns: dict[str, int] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            name = constant.co_name
            turns[name] = turns.get(name, -1) + 1
            path = (*here, (name, turns[name]))
            yield path, constant
            yield from code_paths(constant, path)


def fingerprint(code: CodeType) -> str:
    """Equal for code that does the same steps; positions in the source do not count."""
    return hashlib.sha256(repr(_essence(code)).encode()).hexdigest()[:12]


def _essence(code: CodeType) -> tuple[object, ...]:
    constants = [
        _essence(each) if isinstance(each, CodeType) else (type(each).__name__, repr(each))
        for each in code.co_consts
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, names, code.co_flags, code.co_argcount)


class Unpatchable(Exception):
    """The change cannot be shown by patching live functions."""


class LiveModule:
    """The living functions of one file, ready to be given other code."""

    def __init__(self, source: Source, functions: list[FunctionType]) -> None:
        self._source = source
        self._future = 0
        self._by_place: dict[tuple[object, ...], list[FunctionType]] = {}
        for function in functions:
            self._by_place.setdefault(_place(function.__code__), []).append(function)
            self._future |= function.__code__.co_flags & _FUTURE
        self._codes: dict[int, CodeType] = {}
        self._old: dict[int, dict[Path, CodeType]] = {}

    def compiled(self, statement: ast.stmt, edits: tuple[Edit, ...]) -> CodeType:
        """The module's statement with the edits, as the code of a module of its own.

        Raises SyntaxError, or ValueError for a null byte and the like.
        """
        start = self._source.starts[first_line(statement) - 1]
        end = self._source.starts[statement.end_lineno or statement.lineno]
        moved = [Edit(e.start - start, e.end - start, e.text) for e in edits]
        text = edited(self._source.text[start:end], moved)
        blank = "\n" * (first_line(statement) - 1)
        flags = self._future
        code: CodeType = compile(blank + text, self._source.path, "exec", flags, dont_inherit=True)
        return code

    def compile_tree(self, tree: ast.Module, path: str) -> CodeType:
        """The code of a changed tree, under the file's own `__future__` imports."""
        code: CodeType = compile(tree, path, "exec", self._future, dont_inherit=True)
        return code

    def original(self, statement: ast.stmt) -> CodeType:
        if statement.lineno not in self._codes:
            self._codes[statement.lineno] = self.compiled(statement, ())
        return self._codes[statement.lineno]

    def unchanged(self, statement: ast.stmt) -> dict[Path, CodeType]:
        if statement.lineno not in self._old:
            self._old[statement.lineno] = dict(code_paths(self.original(statement)))
        return self._old[statement.lineno]

    def put(self, statement: ast.stmt, code: CodeType) -> int:
        """Give the code to the living functions; how many took it. Raises Unpatchable."""
        old = self.unchanged(statement)
        taken = 0
        for path, new in code_paths(code):
            for function in self._by_place.get(_place(old[path]), []) if path in old else ():
                if len(function.__code__.co_freevars) != len(new.co_freevars):
                    raise Unpatchable(path[-1][0])
                function.__code__ = new
                taken += 1
        return taken


Patch = tuple[tuple[ast.stmt, CodeType, CodeType], ...]
"""The changed statements of a module's body: each with its code before and after."""


def patch_of(module: LiveModule, source: Source, edits: Iterable[Edit]) -> Patch | None:
    """None when it does not compile."""
    changed: dict[ast.stmt, list[Edit]] = {}
    for edit in edits:
        changed.setdefault(source.statement_at(edit.start), []).append(edit)
    try:
        return tuple(
            (statement, module.original(statement), module.compiled(statement, tuple(those)))
            for statement, those in changed.items()
        )
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _place(code: CodeType) -> tuple[object, ...]:
    """What tells a function of a file from its others.

    Not its code: a statement compiled alone can come out otherwise than in its module (calls of
    imported names do, in Python 3.11).
    """
    return code.co_name, code.co_firstlineno, code.co_argcount, code.co_varnames


def living_functions() -> dict[str, list[FunctionType]]:
    """Every function of this process by the real path of its file."""
    found: dict[str, list[FunctionType]] = {}
    real: dict[str, str] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            name = thing.__code__.co_filename
            if name not in real:
                real[name] = os.path.realpath(name)
            found.setdefault(real[name], []).append(thing)
    return found
