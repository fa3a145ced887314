"""Candidates by template: the small slips that people make, undone in place.

Weights say how usual a slip is relative to others; they order the search and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from swarm.engines.repair.worker import (
    calls,
    drift,
    expressions,
    filling,
    formats,
    guards,
    holes,
    nothing,
    ordering,
    statements,
    texts,
)
from swarm.engines.repair.worker.candidates import Candidate
from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.siblings import siblings

Rule = Callable[[Drafts, Any], None]

RULES: tuple[tuple[Any, tuple[Rule, ...]], ...] = (
    (ast.Compare, (expressions.comparisons,)),
    (ast.BinOp, (expressions.arithmetic, calls.chosen_operand)),
    (ast.Lambda, (ordering.sort_keys,)),
    (ast.BoolOp, (expressions.conjunctions, nothing.instead)),
    (ast.UnaryOp, (expressions.unary,)),
    (ast.IfExp, (expressions.choices,)),
    (ast.Constant, (expressions.constants, expressions.signs, texts.differing)),
    (ast.Name, (expressions.variables, expressions.callees)),
    (ast.Attribute, (expressions.attributes, drift.gone)),
    (ast.Call, (expressions.calls, expressions.keywords, calls.prefixes, drift.keywords)),
    (ast.Subscript, (expressions.subscripts,)),
    ((ast.Tuple, ast.List), (expressions.displays,)),
    (ast.comprehension, (expressions.comprehensions,)),
    (ast.expr, (expressions.conditions, expressions.off_by_one, expressions.wraps, calls.wrapped)),
    (ast.expr, (nothing.asked,)),
    ((ast.BinOp, ast.Call), (calls.instead,)),
    ((ast.Assign, ast.AugAssign), (statements.assignments,)),
    (ast.Expr, (statements.discarded, nothing.thrown_away)),
    ((ast.Break, ast.Continue), (statements.jumps,)),
    ((ast.If, ast.While), (statements.branches,)),
    (ast.ExceptHandler, (statements.handlers,)),
    (ast.stmt, (guards.guards, filling.fillings, statements.endings, holes.holes)),
    (ast.ImportFrom, (drift.imports,)),
    (ast.JoinedStr, (formats.fields,)),
    ((ast.FunctionDef, ast.AsyncFunctionDef), (statements.mutable_defaults,)),
)


def templates(drafts: Drafts) -> list[Candidate]:
    for node in drafts.suspicious():
        for kind, rules in RULES:
            if isinstance(node, kind):
                for rule in rules:
                    rule(drafts, node)
    return [*drafts.found, *siblings(drafts)]
