"""Places that only a person may change, and what a person has granted for one goal.

Some files decide who may do what, or are run by others by themselves: workflows, owners of code, licences,
lock files, swarm's own settings. No goal changes them, unless a person named the place for this goal. A
grant is part of the goal and of the policy that its votes are counted by, so it is in the goal's hash and in
the certificate: what was granted later, or for another goal, counts for nothing.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from pydantic import Field, field_validator

from swarm.domain.frozen import Frozen

MOST_GRANTS = 20
LONGEST_PATH = 200

GRANTED = "granted"
"""The rule of a finding that says: this place is protected, and a person has let it be changed."""

_PLACE = re.compile(r"[A-Za-z0-9._@-][^\s\\`]*")


class Grant(Frozen):
    path: str = Field(max_length=LONGEST_PATH)
    """A path, a folder or a glob, from the top of the repository."""

    by: str = Field(max_length=100)
    """Who said so."""

    @field_validator("path")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        if not is_place(value):
            raise ValueError("a path from the top of the repository is expected")
        return value


def is_place(text: str) -> bool:
    """Whether it may be granted: it begins with a name, so never everything, and leads nowhere else."""
    plain = _PLACE.fullmatch(text) is not None and len(text) <= LONGEST_PATH
    return plain and text.isprintable() and ".." not in text.split("/")


def lies_in(path: str, pattern: str) -> bool:
    """A path matches itself, a glob, and any folder above it."""
    return fnmatchcase(path, pattern) or path.startswith(pattern.rstrip("/") + "/")


def is_granted(path: str, grants: Iterable[Grant]) -> bool:
    return any(lies_in(path, grant.path) for grant in grants)


def held_back(
    paths: Iterable[str], protected: tuple[str, ...], grants: tuple[Grant, ...]
) -> tuple[str, ...]:
    """Those that are protected and that nobody has granted."""
    return tuple(
        path
        for path in paths
        if any(lies_in(path, pattern) for pattern in protected) and not is_granted(path, grants)
    )
