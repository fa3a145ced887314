"""Templates for slips in what things are sorted by: the direction, a missing or needless criterion."""

from __future__ import annotations

import ast
from collections import Counter

from swarm.engines.repair.worker.drafts import NUMBERS, Drafts
from swarm.engines.repair.worker.snippets import Snippet, minus, name

_SORTING = frozenset({"sorted", "sort", "min", "max", "nsmallest", "nlargest", "groupby"})


def sort_keys(drafts: Drafts, node: ast.Lambda) -> None:
    parent = drafts.source.places[node].parent
    if not (isinstance(parent, ast.keyword) and parent.arg == "key"):
        return
    criteria = node.body.elts if isinstance(node.body, ast.Tuple) else [node.body]
    for each in criteria:
        kinds = drafts.types(each)
        if not isinstance(each, ast.UnaryOp) and (not kinds or kinds & NUMBERS):
            drafts.replace(each, minus(drafts.pen.of(each)), 0.9, "sort order")
    _criteria(drafts, node, [drafts.pen.of(each).text for each in criteria])


def _criteria(drafts: Drafts, node: ast.Lambda, known: list[str]) -> None:
    """One criterion more, as the last or the first, or one less."""
    for rank, new in enumerate(_others(drafts, node, known)):
        for texts, weight in (([*known, new], 0.5), ([new, *known], 0.3)):
            share = weight / (1 + rank / 20)
            drafts.replace(node.body, _tuple(texts), share, "sort criterion")
    for k in range(len(known)) if len(known) > 1 else ():
        rest = known[:k] + known[k + 1 :]
        text = _tuple(rest) if len(rest) > 1 else Snippet(rest[0], 0)
        drafts.replace(node.body, text, 0.3, "sort criterion")


def _tuple(texts: list[str]) -> Snippet:
    return Snippet(f"({', '.join(texts)})")


def _others(drafts: Drafts, node: ast.Lambda, known: list[str]) -> list[str]:
    """What else could be sorted by: the thing itself, its attributes, its items."""
    (first, *more) = [*(each.arg for each in node.args.args), ""]
    if not first or more != [""]:
        return []
    read = Counter(
        each.attr
        for each in ast.walk(drafts.source.tree)
        if isinstance(each, ast.Attribute) and drafts.source.places[each].field != "func"
    )
    used = [each for each in ast.walk(node.body) if isinstance(each, ast.Name) and each.id == first]
    kinds = frozenset(kind for each in used for kind in drafts.types(each))
    held = [attribute for attribute, _ in drafts.attributes(kinds)]
    attributes = held or (sorted(read) if any(_is_read(drafts, each) for each in used) else [])
    attributes.sort(key=lambda attribute: -read[attribute])  # what the file speaks of most
    items = ["[0]", "[1]"] if kinds & {"tuple", "list"} else []
    others = [*(f"{first}.{each}" for each in attributes), name(first).text]
    return [each for each in [*others, *(first + part for part in items)] if each not in known]


def _is_read(drafts: Drafts, node: ast.Name) -> bool:
    return isinstance(drafts.source.places[node].parent, ast.Attribute)
