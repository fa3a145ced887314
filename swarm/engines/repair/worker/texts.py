"""Templates for texts that came out otherwise than a test asked for.

Where a comparison of two texts fails, the part in which they differ says what to change: a text in the code
that holds the wrong part is given the right one. The two sides are read from what the failing test said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from swarm.engines.repair.worker.drafts import Drafts
from swarm.engines.repair.worker.snippets import literal

_SIDES = re.compile(
    r"assert (?P<a>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\") == (?P<b>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
)
_UNITTEST = re.compile(r"AssertionError: (?P<a>'(?:[^'\\]|\\.)*') != (?P<b>'(?:[^'\\]|\\.)*')")
_MOST = 60
_WEIGHT = 1.4


def differing(drafts: Drafts, node: ast.Constant) -> None:
    """Give a text in the code the part that the test asked for."""
    parent = drafts.source.places[node].parent
    if not isinstance(node.value, str) or isinstance(parent, (ast.Expr, ast.JoinedStr)):
        return
    seen: set[str] = set()
    for wrong, right in differences(drafts.error):
        for new in _mended(node.value, wrong, right):
            if new != node.value and new not in seen:
                seen.add(new)
                drafts.replace(node, literal(new), _WEIGHT, "text that a test asks for")


def differences(error: str) -> list[tuple[str, str]]:
    """What is in one side and what stands there in the other, both ways round: a message does not say which
    of them the code made.
    """
    found = _SIDES.search(error) or _UNITTEST.search(error)
    if found is None:
        return []
    try:
        a, b = (ast.literal_eval(found[side]) for side in ("a", "b"))
    except (SyntaxError, ValueError):
        return []
    parts = _parts(a, b)
    return [pair for pair in (parts, parts[::-1]) if len(pair[0]) + len(pair[1]) <= _MOST]


def _parts(a: str, b: str) -> tuple[str, str]:
    """The two texts without what they begin and end with alike."""
    start = next((k for k, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))  # noqa: B905 - 3.9
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]


def _mended(text: str, wrong: str, right: str) -> Iterator[str]:
    if wrong and wrong in text:
        yield text.replace(wrong, right, 1)
        yield right.join(text.rsplit(wrong, 1))
    if not wrong and right:
        yield text + right
        yield right + text
