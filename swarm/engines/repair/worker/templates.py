"""Candidates by template: the small slips that people make, undone in place.

Weights say how usual a slip is relative to others; they order the search and nothing else.
"""

from __future__ import annotations

import ast

from swarm.engines.repair.worker.candidates import Candidate
from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.snippets import COMPARISONS, compare

_NEAR = {
    "<": ("<=", ">", ">=", "!="),
    "<=": ("<", ">=", ">", "=="),
    ">": (">=", "<", "<=", "!="),
    ">=": (">", "<=", "<", "=="),
    "==": ("!=", "<=", ">=", "is"),
    "!=": ("==", "<", ">", "is not"),
    "is": ("is not", "=="),
    "is not": ("is", "!="),
    "in": ("not in", "=="),
    "not in": ("in", "!="),
}


def templates(drafts: Drafts) -> list[Candidate]:
    for node in drafts.suspicious():
        if isinstance(node, ast.Compare):
            comparisons(drafts, node)
    return drafts.found


def comparisons(drafts: Drafts, node: ast.Compare) -> None:
    if len(node.ops) != 1:
        return
    pen = drafts.pen
    left, right = pen.of(node.left), pen.of(node.comparators[0])
    for rank, other in enumerate(_NEAR[COMPARISONS[type(node.ops[0])]]):
        drafts.replace(node, compare(left, other, right), 1.6 / (1 + rank / 2), "comparison")
