"""Which functions a change touches, read from syntax trees.

A function is changed when its syntax is; comments and layout are not syntax. A change outside of any
function (a constant, a class's body) may reach every function of the file, so it counts for all.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from swarm.agents.checks.lint import Source
from swarm.domain.syntax import tree_of

MOST_CONSTANTS, LONGEST = 12, 60
"""Of a change; and the letters of one of them, since documents are no input."""

Place = tuple[str, int]
"""A path, and the line where the function's code begins, decorators included."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What is changed, as each side numbers its lines."""

    before: tuple[Place, ...]
    after: tuple[Place, ...]
    whole: tuple[str, ...]
    """Files of which everything counts as changed."""

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.whole)


@dataclass(frozen=True, slots=True)
class _File:
    functions: dict[str, tuple[int, str]]
    """By qualified name and number: first line, and the syntax as text."""

    rest: str


def touched(sources: Sequence[Source]) -> Touched:
    before: list[Place] = []
    after: list[Place] = []
    whole = []
    for source in sources:
        old, new = _read(source.before), _read(source.after)
        if old is None or new is None or old.rest != new.rest:
            whole.append(source.path)
            continue
        before += [(source.path, line) for line in _differing(old, new)]
        after += [(source.path, line) for line in _differing(new, old)]
    return Touched(tuple(before), tuple(after), tuple(whole))


def new_constants(sources: Sequence[Source]) -> tuple[str, ...]:
    """Numbers and texts, as literals, that the second sides hold and the first do not."""
    found: dict[str, None] = {}
    for source in sources:
        try:
            before, after = _constants(source.before), _constants(source.after)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        found |= dict.fromkeys(each for each in after if each not in before)
    return tuple(found)[:MOST_CONSTANTS]


def _constants(data: bytes) -> dict[str, None]:
    """In the order of the text; of a number its neighbours too, where a bound may change sides."""
    found: dict[str, None] = {}
    for node in ast.walk(tree_of(data)):
        value = node.value if isinstance(node, ast.Constant) else None
        if type(value) is int:
            found |= dict.fromkeys(repr(each) for each in (value, value - 1, value + 1, -value))
        elif isinstance(value, str) and len(value) <= LONGEST:
            found[repr(value)] = None
    return found


def _differing(one: _File, other: _File) -> Iterator[int]:
    for name, (line, text) in one.functions.items():
        if name not in other.functions or other.functions[name][1] != text:
            yield line


def _read(data: bytes) -> _File | None:
    try:
        tree = tree_of(data)
        reader = _Functions()
        rest = ast.dump(reader.visit(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _File(reader.found, rest)


class _Functions(ast.NodeTransformer):
    """Takes the functions out of the tree and keeps them by name."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, str]] = {}
        self._names: list[str] = []

    def _inside(self, node: ast.AST, name: str) -> None:
        self._names.append(name)
        self.generic_visit(node)
        self._names.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._inside(node, node.name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._take(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._take(node)

    def _take(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        text = ast.dump(node)
        line = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        name = ".".join([*self._names, node.name])
        while name in self.found:
            name += "'"
        self.found[name] = (line, text)
        self._inside(node, node.name)
