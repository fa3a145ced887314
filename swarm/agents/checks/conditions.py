"""Conditions that a change brings in and that no test asks for. Pure.

A patch that mends a mistake only under a condition is overfitted where the tests are as content without
it. So every new condition must be earned: with it taken away, some test that the patch answers to must
fail. That is mutation testing of the patch alone (DeMillo, Lipton, Sayward, 1978). Only what widens the
patch is tried: a whole condition held true or false, one part of an `and` or of a chained comparison left
out, and a comparison whose answer is reckoned with held true or false. Parts of an `or` are left alone:
without one the patch does less, and a repair may well guard more than the tests look at. So is
`x is not None` before `x < 0`: without it there is no question to ask, and the other part has to be earned.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from swarm.domain.syntax import tree_of

MOST = 6
"""So many are tried of one change; each costs a run of the tests that observe it."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ORDERED = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True, slots=True)
class Ablation:
    """A file without one new condition."""

    path: str
    line: int
    condition: str
    text: str


@dataclass(frozen=True, slots=True)
class _Part:
    said: str
    """The condition as it is told; what the base says as well is not new."""

    node: ast.expr
    instead: tuple[str, ...]
    """What `node` may be replaced by, to do without the condition."""


def ablations(path: str, before: str, after: str) -> Iterator[Ablation]:
    """One for each way to do without a new condition; nothing where a side is not Python."""
    try:
        old = Counter(part.said for part in _parts(tree_of(before)))
        parts = list(_parts(tree_of(after)))
    except (SyntaxError, ValueError, RecursionError):
        return
    for part in parts:
        if old[part.said] > 0:
            old[part.said] -= 1
            continue
        for instead in part.instead:
            text = _replaced(after, part.node, instead)
            yield Ablation(path, part.node.lineno, part.said, text)


def distinguishes(before: str, after: str) -> bool:
    """Whether more cases are told apart than before: by conditions, comparisons, or keys of a table."""
    try:
        return _cases(tree_of(after)) > _cases(tree_of(before))
    except (SyntaxError, ValueError, RecursionError):
        return False


def _cases(tree: ast.Module) -> int:
    found = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.IfExp | ast.match_case):
            found += 1
        elif isinstance(node, ast.BoolOp):
            found += len(node.values) - 1
        elif isinstance(node, ast.Compare):
            found += len(node.ops)
        elif isinstance(node, ast.Dict):
            found += len(node.keys)
    return found


def _parts(tree: ast.Module) -> Iterator[_Part]:
    for function in ast.walk(tree):
        if isinstance(function, _FUNCTIONS):
            for statement in function.body:
                yield from _conditions(statement)


def _conditions(node: ast.AST) -> Iterator[_Part]:
    """In the order of the text; inner functions are reached by themselves."""
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
        return
    if isinstance(node, ast.If | ast.IfExp) and not isinstance(node.test, ast.Constant):
        yield _Part(ast.unparse(node.test), node.test, ("(True)", "(False)"))
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        yield from _joined(node)
    if isinstance(node, ast.Compare):
        yield from _links(node)
    if isinstance(node, ast.BinOp | ast.Subscript | ast.keyword | ast.Call):
        yield from (_Part(ast.unparse(each), each, ("(True)", "(False)")) for each in _values(node))
    for child in ast.iter_child_nodes(node):
        yield from _conditions(child)


def _joined(node: ast.BoolOp) -> Iterator[_Part]:
    """Parts of an `and`. One that lets those behind it be asked at all is left to them to earn."""
    for number, each in enumerate(node.values):
        guards = any(_needs(behind, each) for behind in node.values[number + 1 :])
        yield _Part(ast.unparse(each), each, () if guards else ("(True)",))


def _needs(behind: ast.expr, guard: ast.expr) -> bool:
    """Whether `guard` says that something is there, and what is behind it compares or looks into it."""
    thing = _there(guard)
    return thing is not None and any(
        ast.unparse(used) == thing for node in ast.walk(behind) for used in _used(node)
    )


def _there(guard: ast.expr) -> str | None:
    """What `x is not None` and `hasattr(x, ...)` are about."""
    match guard:
        case ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return ast.unparse(guard.left)
        case ast.Call(func=ast.Name(id="hasattr"), args=[about, _]):
            return ast.unparse(about)
    return None


def _used(node: ast.AST) -> Iterator[ast.expr]:
    """What cannot be nothing: sides of an order or of arithmetic, and whose parts are asked for."""
    if isinstance(node, ast.Compare) and any(isinstance(op, _ORDERED) for op in node.ops):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.Attribute | ast.Subscript):
        yield node.value


def _values(node: ast.BinOp | ast.Subscript | ast.keyword | ast.Call) -> Iterator[ast.Compare]:
    """Comparisons with a constant whose answer is reckoned with: a condition in other clothes."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Compare) and len(child.ops) == 1:
            operands = (child.left, *child.comparators)
            yield from [child] if any(isinstance(e, ast.Constant) for e in operands) else ()


def _links(node: ast.Compare) -> Iterator[_Part]:
    """`a < b < c` without its first or its last part; a plain comparison says what the base knows."""
    operands = [node.left, *node.comparators]
    if len(node.ops) == 1:
        yield _Part(ast.unparse(node), node, ())
        return
    for link, rest in ((slice(0, 1), slice(1, None)), (slice(-1, None), slice(0, -1))):
        ends = operands[:2] if link.start == 0 else operands[-2:]
        said = ast.unparse(ast.Compare(ends[0], node.ops[link], ends[1:]))
        kept = operands[1:] if link.start == 0 else operands[:-1]
        instead = ast.unparse(ast.Compare(kept[0], node.ops[rest], kept[1:]))
        yield _Part(said, node, (f"({instead})",))


def _replaced(text: str, node: ast.expr, instead: str) -> str:
    """Offsets of a syntax tree count bytes."""
    lines = text.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    data = b"".join(lines)
    return (data[:begin] + instead.encode() + data[end:]).decode()
