"""One proposed change of one file, and the order in which changes are tried.

The order depends on the sources and on what was observed, and on nothing else: a cursor into it
means the same tomorrow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Edit:
    """Replace text[start:end] of a file; offsets count characters."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Candidate:
    path: str
    line: int
    edits: tuple[Edit, ...]
    """Sorted by start, not overlapping."""

    label: str
    """What kind of change: `comparison`, `off-by-one`..."""

    score: float
    hot: bool
    """Inside a function's body, so that live functions can be patched."""

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.path, tuple((edit.start, edit.end, edit.text) for edit in self.edits))


def scored(suspicion: float, weight: float) -> float:
    """Suspicion of the line counts more than how usual the kind of mistake is."""
    return 1.5 * math.log(max(suspicion, 1e-3)) + math.log(weight)


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first, each text only once."""
    ordered = sorted(candidates, key=lambda each: (-round(each.score, 6), each.key, each.label))
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for each in ordered:
        if each.key not in seen:
            seen.add(each.key)
            kept.append(each)
    return kept


def edited(text: str, edits: Iterable[Edit]) -> str:
    parts, position = [], 0
    for edit in edits:
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*parts, text[position:]])


def joined(first: Candidate, second: Candidate) -> Candidate | None:
    """Both changes at once; None when they touch the same text or different files."""
    edits = tuple(sorted(first.edits + second.edits, key=lambda edit: (edit.start, edit.end)))
    apart = all(edits[k].end < edits[k + 1].start for k in range(len(edits) - 1))
    if first.path != second.path or not apart:
        return None
    label = f"{first.label} and {second.label}"
    hot = first.hot and second.hot
    return Candidate(first.path, first.line, edits, label, first.score + second.score, hot)


def read_candidate(plain: dict[str, Any]) -> Candidate:
    edits = tuple(Edit(**edit) for edit in plain["edits"])
    return Candidate(**{**plain, "edits": edits})


def stored(candidate: Candidate) -> dict[str, Any]:
    return {
        "path": candidate.path,
        "line": candidate.line,
        "edits": [vars(edit) for edit in candidate.edits],
        "label": candidate.label,
    }
