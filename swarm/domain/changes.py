"""What differs between two trees: the form in which agents' work leaves a sandbox.

Paths are bytes, because file names are: a name with a newline, a leading dash or a stray 0xFF is
legal, and this is where such names arrive.
"""

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["100644", "100755", "120000"]
"""The modes that git records for what we carry: file, program, symbolic link."""


@dataclass(frozen=True, slots=True)
class Written:
    path: bytes
    mode: Mode
    data: bytes
    """The file's bytes; for a symbolic link, its target."""

    replaces: bool = field(default=False, compare=False)
    """The tree has something at that path. Equal bytes are equal work, whether it has or not."""


@dataclass(frozen=True, slots=True)
class Removed:
    path: bytes


Change = Written | Removed


@dataclass(frozen=True, slots=True)
class Changes:
    """Sorted by path; each path occurs once."""

    items: tuple[Change, ...] = ()
    left_out: tuple[str, ...] = ()
    """What the sandbox's world holds that no commit can: sockets, devices, files over the limit."""

    @property
    def paths(self) -> tuple[bytes, ...]:
        return tuple(item.path for item in self.items)

    def __bool__(self) -> bool:
        return bool(self.items)
