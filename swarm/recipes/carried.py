"""Ignored files that the tests need all the same.

Generated files are seldom committed: a `_version.py`, compiled catalogues and extensions, protocol
buffers. Without them the commit alone cannot be imported. They are known by their names, or by saying
in their first lines that they are generated. Ignored is also where secrets are kept: whatever may be
one is never taken, not even when somebody names it.
"""

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.canonical import digest
from swarm.domain.goals import Carried

MOST_FILES = 300
MOST_BYTES = 128 << 20
"""Of one file, and of all together."""

_MOST_SEEN = 20_000
_MOST_LEFT = 50
_NEVER_ENTERED = re.compile(
    r"\.git|\.?venv.*|env|virtualenv|node_modules|__pycache__|\.[a-z_]+_cache|\.cache|\.tox|\.nox|"
    r"\.eggs|build|dist|htmlcov|site|\.idea|\.vscode|\.hypothesis|target|\.ssh|\.aws|\.gnupg|"
    r"\.terraform|_build|\.ipynb_checkpoints|\.direnv|\.pixi"
)
_SECRET = re.compile(
    r"(?:^|/)(?:\.env|\.netrc|\.pypirc|\.npmrc|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|"
    r"(?:local|private)[_-]?(?:settings|config)\.py|(?:settings|config)[_-]?(?:local|private)\.py)"
    r"|secret|credential|passw|token|api[_-]?key|\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ovpn)$",
    re.IGNORECASE,
)
_GENERATED = re.compile(
    r"(?:^|/)(?:_?_?version(?:_?info)?_?_?\.pyi?|_scm_version\.py|[^/]+_pb2(?:_grpc)?\.pyi?|"
    r"(?:ui_[^/]+|[^/]+_(?:ui|rc))\.py|(?:pars|lex)etab\.py|[^/]+\.(?:mo|so|pyd|dylib|qm))$"
    r"|(?:^|/)[^/]+\.egg-info/"
)
_SAYS_SO = re.compile(rb"(?i)generated (?:by|from|with|file)|auto-?generated|do not edit")
_HEAD = 1_000


@dataclass(frozen=True, slots=True)
class Left:
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    carried: tuple[Carried, ...]
    left: tuple[Left, ...]
    """The first of those that were looked at and not taken."""


def choose_carried(
    top: Path, ignored: Iterable[str], carry: Sequence[str] = (), leave: Sequence[str] = ()
) -> Choice:
    """Which of the ignored paths go along, with their content's digest. Globs of the recipe decide
    over names, never over what may be a secret.
    """
    taken: list[Carried] = []
    left: list[Left] = []
    room = MOST_BYTES
    for path in _files(top, ignored):
        why = _why_left(top, path, carry, leave)
        data = None if why else _content(top / path, room)
        if data is None or len(taken) >= MOST_FILES:
            left.append(Left(path, why or "it is too large, or no regular file"))
            continue
        room -= len(data)
        taken.append(Carried(path=path, digest=digest(data)))
    return Choice(tuple(taken), tuple(left[:_MOST_LEFT]))


def _why_left(top: Path, path: str, carry: Sequence[str], leave: Sequence[str]) -> str:
    if _SECRET.search(path):
        return "it may hold a secret"
    if _matches(path, leave):
        return "swarm.toml leaves it"
    if _matches(path, carry) or _GENERATED.search(path) or _says_so(top / path):
        return ""
    return "nothing shows that it is generated"


def _matches(path: str, globs: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, each) for each in globs)


def _says_so(path: Path) -> bool:
    if path.suffix not in {".py", ".pyi"}:
        return False
    return bool(_SAYS_SO.search((_content(path, MOST_BYTES) or b"")[:_HEAD]))


def _content(path: Path, most: int) -> bytes | None:
    """None for what is larger, no regular file, or not ours to read. Links are not followed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return None
        return file.read()


def _files(top: Path, ignored: Iterable[str]) -> Iterator[str]:
    seen = 0
    for path in ignored:
        if any(_NEVER_ENTERED.fullmatch(part) for part in Path(path).parts[:-1]):
            continue
        found = _below(top, path.removesuffix("/")) if path.endswith("/") else iter((path,))
        for each in found:
            seen += 1
            if seen > _MOST_SEEN:
                return
            yield each


def _below(top: Path, folder: str) -> Iterator[str]:
    if _NEVER_ENTERED.fullmatch(Path(folder).name):
        return
    for current, folders, names in os.walk(top / folder):
        folders[:] = sorted(
            name
            for name in folders
            if not _NEVER_ENTERED.fullmatch(name) and not Path(current, name, "pyvenv.cfg").exists()
        )
        for name in sorted(names):
            yield Path(current, name).relative_to(top).as_posix()
