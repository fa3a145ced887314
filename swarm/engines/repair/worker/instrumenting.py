"""Functions that tell what their expressions were, for as long as a child lives.

Expressions are wrapped in calls of a note-taker that hands their value on; the wrapped code is put
into the living functions as a candidate would be.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable
from typing import Any

from swarm.engines.repair.worker.patching import LiveModule, Unpatchable
from swarm.engines.repair.worker.sources import Source, first_line

NOTE = "__swarm_note__"
BEFORE = "__swarm_before__"
Wanted = Callable[[ast.expr], bool]
_UNWRAPPED = (
    ast.Starred,
    ast.Slice,
    ast.Yield,
    ast.YieldFrom,
    ast.Await,
    ast.Lambda,
    ast.NamedExpr,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Constant,
)
_OUTSIDE = ("annotation", "returns", "decorator_list", "bases", "args", "pattern", "type_params")
_FRAMES = frozenset({"super", "locals", "globals", "vars", "eval", "exec", "dir"})
"""Functions that look at the frame that calls them."""


def place_of(node: Any) -> str:
    return f"{node.lineno}:{node.col_offset}-{node.end_lineno}:{node.end_col_offset}"


class _Wrapping(ast.NodeTransformer):
    def __init__(self, wanted: Wanted, *, before: bool) -> None:
        self._wanted = wanted
        self._before = before

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.JoinedStr, ast.pattern if hasattr(ast, "pattern") else ())):
            return node
        for name, value in ast.iter_fields(node):
            if name in _OUTSIDE and not isinstance(node, ast.Call):
                continue
            if isinstance(value, list):
                value[:] = [self._visited(node, name, each) for each in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self._visited(node, name, value))
        return node

    def _visited(self, parent: ast.AST, field: str, node: Any) -> Any:
        if not isinstance(node, ast.AST):
            return node
        wraps = isinstance(node, ast.expr) and _is_value(parent, field, node) and self._wanted(node)
        place = place_of(node) if wraps else ""
        inner = self.visit(node)
        return _call(place, inner, before=self._before) if wraps else inner


def _is_value(parent: ast.AST, field: str, node: ast.expr) -> bool:
    if isinstance(node, _UNWRAPPED) or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    if isinstance(parent, ast.Call) and field == "func":
        return False
    function = node.func if isinstance(node, ast.Call) else None
    return not (isinstance(function, ast.Name) and function.id in _FRAMES)


def _call(place: str, value: ast.expr, *, before: bool) -> ast.expr:
    arguments: list[ast.expr] = [ast.Constant(place), value]
    if before:
        arguments.insert(1, ast.Call(ast.Name(BEFORE, ast.Load()), [ast.Constant(place)], []))
    return ast.copy_location(ast.Call(ast.Name(NOTE, ast.Load()), arguments, []), value)


def instrument(
    module: LiveModule,
    source: Source,
    statement: ast.stmt,
    wanted: Wanted,
    *,
    before: bool = False,
) -> None:
    """Wrap what is wanted in the statement's living functions, in this process.

    With `before`, the place is called out just before the expression is evaluated, and what that
    call returns is given to the note-taker between the place and the value.
    """
    wrapped = _Wrapping(wanted, before=before).visit(copy.deepcopy(statement))
    tree = ast.fix_missing_locations(ast.Module([wrapped], []))
    code = module.compile_tree(tree, source.path)
    try:
        module.put(statement, code)
    except Unpatchable:
        return


def take_notes(note: Callable[..., Any]) -> None:
    """Let `note` be what wrapped expressions call; this process only."""
    setattr(builtins, NOTE, note)


def statements_at(source: Source, lines: set[int]) -> list[ast.stmt]:
    """The statements of the module's body that contain one of the lines."""
    found = []
    for statement in source.tree.body:
        last = statement.end_lineno or statement.lineno
        if any(first_line(statement) <= line <= last for line in lines):
            found.append(statement)
    return found
