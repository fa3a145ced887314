"""Which places a model may name. Pure; the sandbox checks once more, without following links."""

from pathlib import Path, PurePosixPath

LONGEST = 1_000
_NEVER_WRITTEN = frozenset({".git", ".hg", ".svn"})


class Refused(Exception):
    """A call that will not be done, in words that help to make a better one."""


def place(root: Path, named: str) -> Path:
    """The absolute path inside the sandbox. Raises Refused."""
    if not named or "\0" in named or len(named) > LONGEST:
        raise Refused("that is no path; name one relative to the repository, like src/app.py")
    path = PurePosixPath(named)
    if path.is_absolute():
        if not path.is_relative_to(root):
            raise Refused(f"{named} is outside of the repository; paths are relative to it")
        path = path.relative_to(root)
    if ".." in path.parts or path.parts[:1] == ("~",):
        raise Refused(f"{named} leads out of the repository; paths are relative to it")
    return root / path


def writable(root: Path, named: str) -> Path:
    """Raises Refused for what no change may hold."""
    path = place(root, named)
    inner = path.relative_to(root)
    if not inner.parts:
        raise Refused("that is the repository itself; name a file in it")
    if any(part.lower() in _NEVER_WRITTEN for part in inner.parts):
        raise Refused(f"{named} belongs to version control and is not written")
    return path
