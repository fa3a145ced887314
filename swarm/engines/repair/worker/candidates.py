"""One proposed change of one file, and the order in which changes are tried.

The order depends on the sources and on what was observed, and on nothing else: a cursor into it
means the same tomorrow.
"""

from __future__ import annotations

import ast
import base64
import difflib
import json
import math
import re
import zlib
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
    ordered = sorted(
        (-round(each.score, 6), each.key, each.label, k, each) for k, each in enumerate(candidates)
    )
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for _, key, _, _, each in ordered:
        if key not in seen:
            seen.add(key)
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


def packed(candidates: Iterable[Candidate]) -> str:
    """A list of candidates as one short word: they are much alike."""
    plain = [[c.path, c.line, _plain(c), c.label, round(c.score, 6), c.hot] for c in candidates]
    return base64.b64encode(zlib.compress(json.dumps(plain).encode())).decode()


def unpacked(word: str) -> list[Candidate]:
    plain = json.loads(zlib.decompress(base64.b64decode(word)))
    return [
        Candidate(path, line, tuple(Edit(*edit) for edit in edits), label, score, hot)
        for path, line, edits, label, score, hot in plain
    ]


def _plain(candidate: Candidate) -> list[list[Any]]:
    return [[edit.start, edit.end, edit.text] for edit in candidate.edits]


def words_of(text: str) -> list[str]:
    """Names, numbers, operators and strings, roughly: to measure and compare, not to parse."""
    return _WORD.findall(text)


_WORD = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|\d[\w.]*|\w+|[^\w\s]+")
_LITERAL = re.compile(r"['\"\d]")
_HOLDING = frozenset("()[]{},.:;")


def _counts(word: str) -> bool:
    return word in ("[]", "{}") or not set(word) <= _HOLDING


_EVERYDAY = frozenset({"0", "1", "2", "10", "''", '""'})
_NEUTRAL = frozenset({"0", "1", "''", '""'})
"""What there is in every program. Any other literal that a file does not have yet is a special case a bit."""


def stored(candidate: Candidate, text: str, tests: str) -> dict[str, Any]:
    """The candidate as an answer tells it; `text` is its file's, `tests` that of the tests."""
    known, asked = set(words_of(text)), set(words_of(tests))
    new = [word for edit in candidate.edits for word in words_of(edit.text)]
    old = [word for edit in candidate.edits for word in words_of(text[edit.start : edit.end])]
    literals = {word for word in new if _LITERAL.match(word)} - known - _EVERYDAY
    return {
        "path": candidate.path,
        "line": candidate.line,
        "edits": [vars(edit) for edit in candidate.edits],
        "label": candidate.label,
        "size": _distance(old, new) + 3 * len(literals) + _oddity(candidate, text, known),
        "special": bool(literals & asked),
    }


def _oddity(candidate: Candidate, text: str, known: set[str]) -> int:
    """In words: for everyday numbers that the file does not have, and for names that are left without use."""
    new = {word for edit in candidate.edits for word in words_of(edit.text)}
    rare = (new & _EVERYDAY) - _NEUTRAL - known
    idle = unused(edited(text, candidate.edits)) - unused(text)
    return 2 * len(rare) + 5 * len(idle)


def unused(text: str) -> set[tuple[str, str]]:
    """Functions' variables that are given a value and never read, as linters find them."""
    found: set[tuple[str, str]] = set()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            names = [each for each in ast.walk(function) if isinstance(each, ast.Name)]
            stored_ = {each.id for each in names if isinstance(each.ctx, ast.Store)}
            read = {each.id for each in names if not isinstance(each.ctx, ast.Store)}
            kept = {
                name
                for each in ast.walk(function)
                if isinstance(each, (ast.Global, ast.Nonlocal))
                for name in each.names
            }
            idle = stored_ - read - kept
            found |= {(function.name, name) for name in idle if not name.startswith("_")}
    return found


def _distance(old: list[str], new: list[str]) -> int:
    """How many words go or come; brackets, dots and commas only hold the others together."""
    before, after = ([word for word in words if _counts(word)] for words in (old, new))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return max(len(before) + len(after) - 2 * same, 1)
