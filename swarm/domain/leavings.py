"""What tools leave in a tree beside the work: caches of test runners and checkers, installed packages.

A repository usually ignores these, and not every repository says so. Nobody means them when they say what was
changed, and checks would judge them as part of it. Pure.
"""

from swarm.domain.changes import Change, Changes, Written

NAMES = frozenset(
    {
        b"__pycache__", b".pytest_cache", b".mypy_cache", b".ruff_cache", b".hypothesis", b".tox",
        b".nox", b"node_modules",
    }
)  # fmt: skip
"""Of folders: whatever is new in them is no work. What was there before, because it is tracked, is."""

FILES = frozenset({b".coverage", b".claude/settings.local.json"})

ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": "-p no:cacheprovider"}
"""So that there is less of it to begin with."""


def worked(changes: Changes) -> Changes:
    """The changes without what was left."""
    kept = tuple(item for item in changes.items if not _was_left(item))
    return changes if len(kept) == len(changes.items) else Changes(kept, changes.left_out)


def left(changes: Changes) -> tuple[bytes, ...]:
    """The paths that `worked` takes away."""
    return tuple(item.path for item in changes.items if _was_left(item))


def is_left(path: bytes) -> bool:
    return path in FILES or any(part in NAMES for part in path.split(b"/"))


def folder_of(path: bytes) -> bytes:
    """The name by which people know what was left: its outermost folder of those, or the file's."""
    return next((part for part in path.split(b"/") if part in NAMES), path)


def _was_left(item: Change) -> bool:
    return isinstance(item, Written) and is_left(item.path) and not item.replaces
