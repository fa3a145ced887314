"""Which tasks may be worked on at the same time: those whose touch sets cannot meet.

A touch set is a set of paths, folders and globs. An empty one means "anything", as contracts say, so it
meets every other one. Where two globs might meet, they do: running one after the other costs time,
running both costs a conflict.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


def overlapping(sets: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """All pairs of names, each sorted, whose sets may meet: by looking paths up, where there is no glob."""
    plain = {name: patterns for name, patterns in sets.items() if _is_plain(patterns)}
    for one, other in _sharing(plain):
        yield one, other
    names = sorted(sets)
    for one in names:
        if one not in plain:
            for other in names:
                if (other in plain or one < other) and overlap(sets[one], sets[other]):
                    yield min(one, other), max(one, other)


def _is_plain(patterns: tuple[str, ...]) -> bool:
    return bool(patterns) and not any(_is_glob(each) for each in patterns)


def _sharing(sets: Mapping[str, tuple[str, ...]]) -> set[tuple[str, str]]:
    """Names that have a path in common, or a path of one lies below one of the other."""
    holders: dict[str, set[str]] = {}
    for name, patterns in sets.items():
        for pattern in patterns:
            holders.setdefault(_plain(pattern), set()).add(name)
    found = set()
    for name, patterns in sets.items():
        for path in {above for each in patterns for above in _line(_plain(each))}:
            others = holders.get(path, ())
            found |= {(min(name, other), max(name, other)) for other in others if other != name}
    return found


def _line(path: str) -> Iterator[str]:
    """The path and every folder above it."""
    yield path
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether some path may belong to both sets."""
    if not one or not other:
        return True
    return any(_meet(_plain(a), _plain(b)) for a in one for b in other)


def _plain(pattern: str) -> str:
    return pattern.removeprefix("./").rstrip("/")


def _meet(one: str, other: str) -> bool:
    if _is_glob(one) and _is_glob(other):
        start, begin = _literal(one), _literal(other)
        return start.startswith(begin) or begin.startswith(start)
    if _is_glob(one):
        return _holds(one, other)
    if _is_glob(other):
        return _holds(other, one)
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _holds(glob: str, path: str) -> bool:
    """Whether the glob matches the path, something below it, or a folder above it."""
    if path in {"", "."} or fnmatchcase(path, glob):
        return True
    segments = zip(glob.split("/"), path.split("/"), strict=False)
    for pattern, name in segments:
        if "**" in pattern:
            return True
        if not fnmatchcase(name, pattern):
            return False
    return True


def _is_glob(pattern: str) -> bool:
    return any(sign in _WILD for sign in pattern)


def _literal(glob: str) -> str:
    """What stands before the first wildcard."""
    return next((glob[:at] for at, sign in enumerate(glob) if sign in _WILD), glob)
