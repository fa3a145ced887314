"""Changed code that knows its tests by heart. Pure.

A special case is code that compares with what a failing test gives in, or looks it up. What is asked is
how much of the tests' own literals a change brings into conditions and tables: constants that were not
in the file, that stand in the tests, and that are too long to be there by chance. One short word or
one small number is no sign of anything: modes and units are named in code and tests alike.
"""

import ast
import re
from collections.abc import Collection, Iterator

from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

LONG = 3
"""Letters or digits of a constant that says something by itself."""

NO_MODE = 10
"""Letters of a word that is hardly the name of a mode or a unit; so is one with a digit in it."""

MUCH = 5
"""Letters and digits in all, of numbers: `13` alone is below, `13, 113` is not."""

LIMIT = 4
"""Digits of a bound that is a test's own number."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_EQUALITY = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_Spelt = tuple[str, bool, int]
"""Letters and digits of a constant, whether it is a number, and its line."""


def special_cases(
    path: str, before: str, after: str, tests: Collection[str]
) -> tuple[Finding, ...]:
    """`tests` are the texts of the files that hold the failing tests."""
    known = _literals(tests)
    try:
        old, new = tree_of(before), tree_of(after)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    there = {each[:2] for each in _spelt(ast.walk(old))}
    chosen = [each for each in _choosing(new) if each[:2] not in there and _stands(each[0], known)]
    bounds = [each for each in _bounds(new) if each[:2] not in there and each[0] in known]
    return _found(path, [*_limits(bounds), *_numbers(chosen), *_words(chosen, old, new)])


def _limits(bounds: list[_Spelt]) -> list[_Spelt]:
    return [each for each in bounds if len(each[0]) >= LIMIT]


def _numbers(chosen: list[_Spelt]) -> list[_Spelt]:
    numbers = [each for each in chosen if each[1] and len(each[0]) > 1]
    return numbers if sum(len(each[0]) for each in numbers) >= MUCH else []


def _words(chosen: list[_Spelt], old: ast.Module, new: ast.Module) -> list[_Spelt]:
    """Several that no mode is called by, or one whose branch gives an answer by heart."""
    words = [each for each in chosen if not each[1] and len(each[0]) > 1]
    telling = [each for each in words if len(each[0]) >= NO_MODE or any(map(str.isdigit, each[0]))]
    if len(telling) > 1:
        return telling
    return [each for each in words if len(each[0]) >= LONG and _answers(new, old, each[2])]


def _found(path: str, told: list[_Spelt]) -> tuple[Finding, ...]:
    if not told:
        return ()
    shown = ", ".join(dict.fromkeys(spelt for spelt, _, _ in told))
    message = f"it asks for what the failing tests give in ({shown[:80]}): a special case of them"
    return (Finding(rule="special-case", message=message, path=path, line=told[0][2]),)


def _literals(tests: Collection[str]) -> frozenset[str]:
    found: set[str] = set()
    for text in tests:
        try:
            found |= {spelt for spelt, _, _ in _spelt(ast.walk(tree_of(text)))}
        except (SyntaxError, ValueError, RecursionError):
            continue
    return frozenset(found)


def _stands(spelt: str, known: Collection[str]) -> bool:
    return spelt in known or (len(spelt) > 1 and any(spelt in each for each in known))


def _spelt(nodes: Iterator[ast.AST]) -> Iterator[_Spelt]:
    """Every constant, and every tuple of constants as one: `(1, 0, 0)` spells "1.0.0"."""
    for node in nodes:
        if isinstance(node, ast.Tuple) and all(isinstance(e, ast.Constant) for e in node.elts):
            texts = [_bare(each) for each in node.elts]
            yield "".join(texts), True, node.lineno
        elif isinstance(node, ast.Constant) and not isinstance(node.value, bool | None):
            yield _bare(node), not isinstance(node.value, str | bytes), node.lineno


def _bare(node: ast.expr) -> str:
    value = node.value if isinstance(node, ast.Constant) else ""
    text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return re.sub(r"[\W_]+", "", text)


def _choosing(tree: ast.Module) -> Iterator[_Spelt]:
    """Constants that inputs are compared with, or looked up by, inside of functions."""
    for node in _inside(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, _EQUALITY) for op in node.ops):
            for operand in (node.left, *node.comparators):
                yield from _operands(operand)
        elif isinstance(node, ast.MatchValue):
            yield from _operands(node.value)
        elif isinstance(node, ast.Dict):
            for key in node.keys:
                if key is not None:
                    yield from _operands(key)


def _operands(node: ast.expr) -> Iterator[_Spelt]:
    """Of a collection its members, of which a tuple of constants counts as one."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        members: list[ast.expr] = list(node.elts)
        yield from _spelt(iter(members))
        if isinstance(node, ast.Tuple):
            yield from _spelt(iter([node]))
    elif isinstance(node, ast.UnaryOp):
        yield from _operands(node.operand)
    else:
        yield from _spelt(iter([node]))


def _bounds(tree: ast.Module) -> Iterator[_Spelt]:
    """Numbers that something is to be above or below."""
    for node in _inside(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, _ORDER) for op in node.ops):
            operands = (node.left, *node.comparators)
            yield from (each for each in _spelt(iter(operands)) if each[1])


def _inside(tree: ast.Module) -> Iterator[ast.AST]:
    for function in ast.walk(tree):
        if isinstance(function, _FUNCTIONS):
            yield from (node for each in function.body for node in ast.walk(each))


def _answers(new: ast.Module, old: ast.Module, line: int) -> bool:
    """Whether the branch that begins in the line gives a constant that the file did not have."""
    there = {each[:2] for each in _spelt(ast.walk(old))}
    for node in ast.walk(new):
        if isinstance(node, ast.If) and node.test.lineno == line:
            values = [
                child.value
                for each in node.body
                for child in ast.walk(each)
                if isinstance(child, ast.Return | ast.Assign) and child.value is not None
            ]
            found = [each[:2] for value in values for each in _spelt(iter([value]))]
            return any(each[0] and each not in there for each in found)
    return False
