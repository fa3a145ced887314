"""Which tasks may be worked on at the same time: those whose touch sets cannot meet.

A touch set is a set of paths, folders and globs. An empty one means "anything", as contracts say, so it
meets every other one. Where two globs might meet, they do: running one after the other costs time,
running both costs a conflict.
"""

from fnmatch import fnmatchcase

_WILD = frozenset("*?[")


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
