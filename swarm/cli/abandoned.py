"""Temporary folders that Ray, its hosts and killed commands left behind, beside the state folder.

A folder counts as ours when it has one of our names, belongs to this user and to nobody else, is no
link and holds what we put there; as abandoned when no living process names it or has a file of it
open, and nothing was made in it just now: whoever starts makes the folder before it can be seen to
use it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE, S_ISDIR

JUST_NOW_SECONDS = 60
_BESIDE_SESSIONS = {"ray", "ray.token"}
_PRIVATE = 0o700
_PASSED = 0o711
_SHOWN = 0o755
_COMMANDS = {
    **dict.fromkeys(("bench", "check", "demo", "doctor", "estimate", "lint"), _PRIVATE),
    **dict.fromkeys(("patch", "tree", "verify", "attacked"), _PRIVATE),
    **dict.fromkeys(("attack", "shell", "walls"), _PASSED),
    "recipe": _SHOWN,
}
"""What works in a temporary folder named after it: anything may be in there. And the folder's mode:
sandboxes that run as another user have to get through some, or to see what is in them."""


def abandoned(temporary: Path, now: float) -> tuple[Path, ...]:
    """`now` is in seconds since 1970."""
    ours = [path for path in _named(temporary) if _is_ours(path, now)]
    uses = _uses() if ours else frozenset()
    return tuple(path for path in ours if not any(_names(use, path) for use in uses))


def _named(temporary: Path) -> list[Path]:
    patterns = (
        f"swarm-ray-{os.getuid()}",
        f"swarm-ray-own-{os.getuid()}",
        "sr-????????",
        f"swarm-host-{os.getuid()}-*",
        *(f"swarm-{command}-????????" for command in _COMMANDS),
    )
    return sorted(path for pattern in patterns for path in temporary.glob(pattern))


def _is_ours(path: Path, now: float) -> bool:
    try:
        status = path.lstat()
        if not S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return False
        inside = {child.name for child in path.iterdir()}
    except OSError:  # it went away while we looked, or it is not for us
        return False
    if path.name.startswith("swarm-host-"):
        known = inside <= {"keys", "work"}
    elif path.name.startswith(("swarm-ray-", "sr-")):
        known = all(name.startswith("session_") for name in inside - _BESIDE_SESSIONS)
    else:
        known = S_IMODE(status.st_mode) in {_PRIVATE, _COMMANDS[path.name.split("-")[1]]}
    return known and now - status.st_mtime > JUST_NOW_SECONDS


def _uses() -> frozenset[bytes]:
    """What living processes were told, and what they have open."""
    return frozenset(use for entry in Path("/proc").glob("[0-9]*") for use in _of_process(entry))


def _of_process(entry: Path) -> Iterator[bytes]:
    try:
        yield from (entry / "cmdline").read_bytes().split(b"\0")
        yield from (entry / "environ").read_bytes().split(b"\0")
        yield bytes((entry / "cwd").readlink())
        for descriptor in (entry / "fd").iterdir():
            yield bytes(descriptor.readlink())
    except OSError:  # it has ended, or it is somebody else's
        return


def _names(use: bytes, path: Path) -> bool:
    _, found, rest = use.partition(bytes(path))
    return bool(found) and rest[:1] in (b"", b"/", b":", b",", b'"', b" ")
