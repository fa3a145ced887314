"""Answers that a repair lists one by one, over the old way for everything else. Pure.

A table, or a chain of comparisons, whose keys are constants that the file did not compare with before, is
right where the cases are really that few, and wrong where they are those of the tests. Nothing that is
executed here tells the one from the other, so a person is asked.
"""

import ast
from collections.abc import Iterator

from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

LEAST = 2
"""One new case is what many repairs are."""


def listed_cases(path: str, before: str, after: str) -> tuple[Finding, ...]:
    try:
        old, new = tree_of(before), tree_of(after)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    known = {ast.unparse(key) for keys in _lists(old) for key in keys}
    for keys in _lists(new):
        fresh = [key for key in keys if ast.unparse(key) not in known]
        if len(fresh) >= LEAST:
            told = ", ".join(ast.unparse(key) for key in fresh[:5])
            message = f"lists cases one by one ({told}): are there no others?"
            line = fresh[0].lineno
            rule = "unsure.listed-cases"
            return (Finding(rule=rule, message=message, path=path, line=line, blocks=False),)
    return ()


def _lists(tree: ast.Module) -> Iterator[list[ast.expr]]:
    """Constants that something is looked up by, or compared with, by function."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes = [node for each in function.body for node in ast.walk(each)]
            yield [key for node in nodes for key in _keys(node) if _is_constant(key)]


def _keys(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict) and all(map(_is_constant, node.values)):
        yield from (key for key in node.keys if key is not None)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = node.comparators[0]
        if isinstance(node.ops[0], ast.In) and isinstance(right, ast.Tuple | ast.List | ast.Set):
            yield from right.elts
        elif isinstance(node.ops[0], ast.Eq):
            yield right
    elif isinstance(node, ast.MatchValue):
        yield node.value


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    if isinstance(node, ast.Tuple):
        return all(map(_is_constant, node.elts))
    return isinstance(node, ast.Constant) and not isinstance(node.value, bool | None)
