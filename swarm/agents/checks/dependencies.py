"""New dependencies of a change: who brings one in decides what runs on everybody's machine.

A name that a model made up may be one that somebody has registered for exactly that (slopsquatting), and a
name that is nearly another's is a trap of old. No agent brings in either by itself: a new package, another place
that packages come from, and a new command that installing runs need a person - by naming them in the goal, or
by a grant for the file. What is asked for is named all the same, so that nobody overlooks it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from swarm.agents.checks.diffs import File
from swarm.agents.checks.manifests import Named, Unreadable, named_in, normal, reader_of
from swarm.domain.grants import Grant, is_granted
from swarm.domain.tasks import DEPENDENCY, Finding

MOST_TOLD = 160

Known = Mapping[tuple[str, str], Named]


def new_dependencies(
    files: Iterable[File], base: Iterable[tuple[str, str]], asked: str, grants: tuple[Grant, ...]
) -> Iterator[Finding]:
    """`base`: texts of the base's manifests; `asked`: the goal, in the words of the person who stated it."""
    changed = [file for file in files if reader_of(file.path) and file.after is not None]
    if not changed:
        return
    known: dict[tuple[str, str], Named] = {}
    for path, text in base:
        known |= _read(path, text)
    for file in changed:
        yield from _in_file(file, known, asked, is_granted(file.path, grants))


def _read(path: str, text: str) -> Known:
    try:
        return named_in(path, text)
    except Unreadable:
        return {}


def _in_file(file: File, known: Known, asked: str, granted: bool) -> Iterator[Finding]:
    texts = file.texts
    if texts is None:
        return
    before, after = texts
    try:
        now = named_in(file.path, after)
    except Unreadable as error:
        yield _finding(
            f"it cannot be read, so nobody knows whom it brings in: {error}", file.path, granted
        )
        return
    own = _read(file.path, before)
    for key, each in now.items():
        was = own.get(key) or known.get(key)
        if was is None or was.source != each.source or (each.kind == "script" and was != each):
            passes = granted or _is_named(each, was, asked)
            why = "" if not passes else "; granted" if granted else "; the goal names it"
            told = f"{_told(each, was)}{_near(each, known)}{why}"
            yield _finding(told, file.path, passes, _line(after, each))


def _told(each: Named, was: Named | None) -> str:
    if each.kind == "script":
        return f"`{each.name}` is run by whoever installs: {each.version[:MOST_TOLD]}"
    if each.kind == "index":
        return f"packages come from {each.name[:MOST_TOLD]} now"
    where = f" from {each.source[:MOST_TOLD]}" if each.source else " from the registry"
    version = f" {each.version[:40]}" if each.version else ""
    kind = "new dependency" if was is None else "other source for dependency"
    return f"{kind} {each.name[:MOST_TOLD]}{version}{where}"


def _near(each: Named, known: Known) -> str:
    """The name of a package that is there already, where this one is nearly called so."""
    if each.kind != "package" or each.key in known:
        return ""
    for (kind, name), other in known.items():
        if kind == "package" and is_near(each.key[1], name):
            return f" - nearly called like {other.name[:MOST_TOLD]}, which is there already"
    return ""


def is_near(name: str, other: str) -> bool:
    """One letter more, less, other, or two that changed places; or the same but for separators."""
    if name == other or min(len(name), len(other)) < 4:
        return False
    if name.replace("-", "") == other.replace("-", ""):
        return True
    if abs(len(name) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), -1)
    if at < 0:
        return True
    left, right = name[at:], other[at:]
    swapped = left[1::-1] + left[2:] == right
    return left[1:] == right or left == right[1:] or left[1:] == right[1:] or swapped


def _is_named(each: Named, was: Named | None, asked: str) -> bool:
    """The person's words hold its name, and the place that it comes from where that is not the usual one."""
    if each.kind == "script":
        return each.version in asked
    if each.source and each.source.split()[-1] not in asked:
        return False
    if each.kind == "index" or was is not None:
        return bool(each.source)
    words = {normal(word.strip(".-_")) for word in re.findall(r"[\w@.:/-]+", asked)}
    return each.key[1] in words


def _line(text: str, each: Named) -> int:
    """Where it stands, as far as its name can be found; 0 where not."""
    rows = text.splitlines()
    return next((number for number, row in enumerate(rows, 1) if each.name in row), 0)


def _finding(told: str, path: str, passes: bool, line: int = 0) -> Finding:
    if not passes:
        told += "; only a person may bring it in: name it in the goal, or --grant this file"
    return Finding(rule=DEPENDENCY, message=told, path=path, line=line, blocks=not passes)
