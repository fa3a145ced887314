"""Key files: one for each name, in a folder that only its owner may open.

An agent keeps its key through restarts, because the policy of a vote names it. A file that others
could have read is no longer only ours, so it is refused rather than mended.
"""

import os
import re
import stat
import tempfile
from pathlib import Path

from swarm.domain.errors import Lacking, Rejected
from swarm.identity.signing import Signer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST_FILE = 1_000


class KeyRing:
    """The keys of one state folder. The folder is created when the first key is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signer(self, name: str) -> Signer:
        """Load the name's key, or make one. Raises Rejected, and Lacking where we may not write."""
        if _NAME.fullmatch(name) is None:
            raise Rejected(f"{name!r} is not a name for a key: letters, digits, dot, dash are")
        path = self._folder / f"{name}.key"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_open_doors(self._folder, self._folder.stat())
            if not path.exists():
                _place(path, _new_secret())
            return _load(path)
        except OSError as error:
            raise Lacking(
                f"the key {path} can neither be read nor made: {error}",
                advice="give this user the folder, or set SWARM_HOME to another one",
            ) from error


def _new_secret() -> str:
    from swarm.identity import nostr

    return nostr.new_secret()


def _load(path: Path) -> Signer:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        _refuse_open_doors(path, os.fstat(descriptor))
        text = file.read(_LARGEST_FILE).decode("ascii", "replace")
    try:
        return Signer(text.removesuffix("\n"))
    except Rejected as error:
        raise Rejected(
            f"{path} does not hold a key: {error}",
            advice="restore it from a copy; if you remove it, the agent gets a new identity",
        ) from None


def _refuse_open_doors(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & _OTHERS:
        raise Rejected(
            f"{path} is open to others (mode {mode:04o}), so its keys may not be ours alone",
            advice=f"if nobody has read it: chmod go= {path}",
        )


def _place(path: Path, secret: str) -> None:
    """Write the file completely, then give it its name, unless another process was quicker."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{secret}\n")
            file.flush()
            os.fsync(file.fileno())
        _name_it(name, path)
    finally:
        Path(name).unlink()


def _name_it(name: str, path: Path) -> None:
    try:
        os.link(name, path)
    except FileExistsError:
        return  # theirs counts; ours has signed nothing yet
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
