"""Templates for slips inside f-strings: another variable, a format that is missing, needless or wrong.

Before Python 3.12 the parts of an f-string have no positions of their own, so its fields are looked for in
the text, between braces; an f-string with anything unusual in it is left alone.
"""

from __future__ import annotations

import ast
import re

from swarm.engines.repair.worker.candidates import Edit
from swarm.engines.repair.worker.drafts import Drafts

_FIELD = re.compile(r"\{([A-Za-z_][\w.]*)(?:(![rsa]))?(?::([^{}]*))?\}")
_SPECS = ("02d", "03d", ".2f", ".1f", ",", "02")
_MOST_SPECS = 12
_NUMBER = re.compile(r"\d+")


def fields(drafts: Drafts, node: ast.JoinedStr) -> None:
    start, end = drafts.source.span(node)
    text = drafts.source.text[start:end]
    if "\n" in text or "{{" in text or not text[:1].isalpha():
        return
    found = list(_FIELD.finditer(text))
    if len(found) != sum(isinstance(each, ast.FormattedValue) for each in node.values):
        return
    specs = _specs(drafts)
    for each in found:
        _names(drafts, node, start, each)
        _formats(drafts, node, start, each, specs)


def _specs(drafts: Drafts) -> list[str]:
    """Formats that the file uses, and usual ones."""
    used = [each.group(3) for each in _FIELD.finditer(drafts.source.text) if each.group(3)]
    return list(dict.fromkeys([*used, *_SPECS]))[:_MOST_SPECS]


def _names(drafts: Drafts, node: ast.JoinedStr, start: int, field: re.Match[str]) -> None:
    begin, end = field.span(1)
    first = field.group(1).split(".")[0]
    for other, _ in drafts.variables(node):
        if other != first:
            edit = Edit(start + begin, start + begin + len(first), other)
            drafts.draw(node, (edit,), 0.5, "wrong variable")
    if "." not in field.group(1):
        new = f"abs({field.group(1)})"
        drafts.draw(node, (Edit(start + begin, start + end, new),), 0.2, "sign")


def _formats(
    drafts: Drafts, node: ast.JoinedStr, start: int, field: re.Match[str], specs: list[str]
) -> None:
    old = field.group(3) or ""
    end = start + field.end() - 1
    begin = end - len(old) - (1 if field.group(3) is not None else 0)
    near = [
        old[: each.start()] + str(int(each.group()) + step) + old[each.end() :]
        for each in _NUMBER.finditer(old)
        for step in (1, -1)
        if int(each.group()) + step >= 0
    ]
    for spec, weight in [*((each, 0.4) for each in near), *((each, 0.3) for each in specs)]:
        if spec != old:
            drafts.draw(node, (Edit(begin, end, f":{spec}"),), weight, "format")
    if old:
        drafts.draw(node, (Edit(begin, end, ""),), 0.3, "format")
