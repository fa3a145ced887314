"""Which file names may go into a tree. Names are bytes and come from agents.

Refused is what some git on some file system would take for its own directory: `.git` in any case,
with the endings that NTFS drops or the characters that HFS+ ignores, or under the short name that
NTFS gives it. Newlines, leading dashes and bytes that are not UTF-8 are legal names.
"""

import re
from collections.abc import Iterator

from swarm.domain.errors import Rejected

LONGEST_NAME = 255
LONGEST_PATH = 4095

# Code points without a glyph that HFS+ leaves out when it compares names (Apple TN1150).
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GIT_ON_NTFS = re.compile(r"(\.git|git~1)[ .]*(:.*)?", re.DOTALL | re.IGNORECASE)


def checked(path: bytes) -> bytes:
    """The same path. Raises Rejected unless it names a file below the root, outside of `.git`."""
    if not path or path.startswith(b"/") or b"\0" in path or len(path) > LONGEST_PATH:
        raise Rejected(f"{shown(path)!r} is not a path below the root")
    for name in path.split(b"/"):
        _check_name(name, path)
    return path


def checked_target(target: bytes, path: bytes) -> bytes:
    """What a symbolic link may say. It may point anywhere, for nobody here follows it."""
    if not target or b"\0" in target or len(target) > LONGEST_PATH:
        raise Rejected(f"the link {shown(path)!r} has no possible target")
    return target


def shown(path: bytes) -> str:
    r"""A path as text that can be stored and printed: other bytes than UTF-8 as `\xff`."""
    return path.decode("utf-8", "backslashreplace")


def folders(path: bytes) -> Iterator[bytes]:
    """The directories that a path lies in: `a/b/c` lies in `a` and `a/b`."""
    cut = path.find(b"/")
    while cut != -1:
        yield path[:cut]
        cut = path.find(b"/", cut + 1)


def _check_name(name: bytes, path: bytes) -> None:
    if name in {b"", b".", b".."} or len(name) > LONGEST_NAME:
        raise Rejected(f"{shown(path)!r} is not a path below the root")
    if is_git_directory(name):
        raise Rejected(
            f"{shown(path)!r} lies in a git directory", advice="leave every `.git` alone"
        )


def is_git_directory(name: bytes) -> bool:
    """Whether some file system would take the name for `.git`."""
    text = name.decode("utf-8", "surrogateescape")
    visible = _IGNORED_BY_HFS.sub("", text)
    # To NTFS a backslash separates names as well.
    return visible.lower() == ".git" or any(
        _GIT_ON_NTFS.fullmatch(part) is not None for part in text.split("\\")
    )
