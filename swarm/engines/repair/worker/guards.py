"""Templates for a case that was forgotten: leave early when there is nothing to do.

What is left with is what the function leaves with elsewhere: a function that answers yes or no is
more often meant to say `False` than nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from swarm.engines.repair.worker.drafts import NUMBERS, Drafts
from swarm.engines.repair.worker.sources import DEFINITIONS

_USUAL = ("return", "return None", "return 0", "return []", "return False", "return True")
_JUMPS = ("continue", "break")
_MOST_EXITS = 7
_SHORT = 30


def guards(drafts: Drafts, node: ast.stmt) -> None:
    """Leave early when a value that the statement uses is nothing."""
    if isinstance(node, DEFINITIONS) or drafts.source.function(node) is None:
        return
    exits = _exits(drafts, node)
    header = drafts.header_names(node)
    for variable, kinds in drafts.variables(node):
        if variable in header:
            for test, weight in _tests(drafts, variable, kinds):
                for rank, leave in enumerate(exits):
                    text = f"if {test}:\n{drafts.unit}{leave}"
                    drafts.insert_before(node, text, weight / (1 + rank / 2), "missing guard")


def _exits(drafts: Drafts, node: ast.stmt) -> list[str]:
    """How to leave, the likeliest first."""
    function = drafts.source.function(node)
    assert function is not None
    values = list(_returned(drafts, function))
    known = [f"return {value}" for value in dict.fromkeys(values)]
    if any(value in ("True", "False") for value in values):
        known += ["return False", "return True"]
    usual = [each for each in _USUAL if not values or each != "return"]
    loop = any(isinstance(outer, (ast.For, ast.While)) for outer in drafts.source.ancestors(node))
    jumps = _JUMPS if loop else ()
    last = ["return"] if values else []
    return list(dict.fromkeys([*known, *usual, *jumps]))[:_MOST_EXITS] + last


def _returned(drafts: Drafts, function: ast.AST) -> Iterator[str]:
    """Constants, and short expressions of arguments, that the function returns elsewhere."""
    for each in ast.walk(function):
        if isinstance(each, ast.Return) and each.value is not None:
            if drafts.source.function(each) is not function:
                continue
            text = drafts.pen.of(each.value).text
            simple = isinstance(each.value, (ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict))
            if simple and len(text) <= _SHORT and "\n" not in text:
                yield text
            yield from (_NOTHING[kind] for kind in sorted(drafts.types(each.value) & set(_NOTHING)))


_NOTHING = {"int": "0", "float": "0", "list": "[]", "str": "''", "bool": "False", "dict": "{}"}
"""What a function of such results returns when there is nothing to tell."""


def _tests(drafts: Drafts, variable: str, kinds: frozenset[str]) -> list[tuple[str, float]]:
    tests = [(f"not {variable}", 0.25)]
    if not kinds or "NoneType" in kinds:
        tests.append((f"{variable} is None", 0.4))
    if kinds & NUMBERS:
        tests += [(f"{variable} < 0", 0.1), (f"{variable} <= 0", 0.1)]
    for attribute, held in drafts.attributes(kinds):
        if "bool" in held:
            tests += [(f"not {variable}.{attribute}", 0.5), (f"{variable}.{attribute}", 0.3)]
        if "NoneType" in held:
            tests.append((f"{variable}.{attribute} is None", 0.2))
    return tests
