"""One slip made twice: the same change at every place of a statement where it can be made.

Multi-hunk repairs are often alike (Saha, Saha, Prasad, "Harnessing Evolution for Multi-Hunk Program
Repair", ICSE 2019); the class "copy/paste" of Sobreira et al., "Dissection of a Bug Dataset", 2018.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from swarm.engines.repair.worker.candidates import Candidate, Edit
from swarm.engines.repair.worker.drafts import Drafts

_LABELS = frozenset(
    {"comparison", "and for or", "arithmetic operator", "constant", "wrong variable",
     "wrong attribute", "wrong method", "wrong function", "off by one", "sign"}
)  # fmt: skip
_SHARE = -1.2
"""Logarithm of how usual it is against the same slip made once."""


def siblings(drafts: Drafts) -> list[Candidate]:
    alike: dict[tuple[ast.stmt, str, str, str], list[Candidate]] = {}
    for each in drafts.found:
        if each.label in _LABELS and len(each.edits) == 1:
            (edit,) = each.edits
            old = drafts.source.text[edit.start : edit.end]
            key = (drafts.innermost(edit.start), each.label, old, edit.text)
            alike.setdefault(key, []).append(each)
    return [candidate for group in alike.values() for candidate in _joined(group)]


def _joined(group: list[Candidate]) -> Iterator[Candidate]:
    edits: list[Edit] = []
    for each in sorted(group, key=lambda one: one.edits[0].start):
        if not edits or edits[-1].end < each.edits[0].start:
            edits.append(each.edits[0])
    if len(edits) > 1:
        first = max(group, key=lambda one: one.score)
        label = f"{first.label} (everywhere in the statement)"
        yield Candidate(
            first.path, first.line, tuple(edits), label, first.score + _SHARE, first.hot
        )
