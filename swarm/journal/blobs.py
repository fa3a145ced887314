"""Blobs: bytes in files named by their SHA-256, fanned out by its first two digits.

A name says what must be inside, so every read is verified, a damaged file is replaced by the next
put of the same bytes, and two processes that put the same bytes cannot disagree.
"""

import os
import re
import tempfile
from pathlib import Path

from swarm.domain.canonical import digest as digest_of
from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.journal.files import make_folder, sync_folder
from swarm.journal.trouble import translating

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileBlobs:
    """Blobs below one folder, which is created by the first put. Safe to share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> Digest:
        digest = digest_of(data)
        path = self._path(digest)
        found = self._found(digest)
        with translating(self._folder, len(data)):
            if found != data:
                make_folder(path.parent)
                _place(path, data)
            # Also when it was there: whoever placed it may have died before this.
            sync_folder(path.parent)
        return digest

    def get(self, digest: Digest) -> bytes:
        data = self._found(digest)
        if data is None:
            raise Rejected(f"there is no blob {digest} in {self._folder}")
        if digest_of(data) != digest:
            raise Rejected(
                f"blob {digest} in {self._folder} is damaged",
                advice="restore it from a copy of the state folder",
            )
        return data

    def has(self, digest: Digest) -> bool:
        return self._path(digest).is_file()

    def _path(self, digest: Digest) -> Path:
        if _DIGEST.fullmatch(digest) is None:
            raise Rejected(f"{digest!r} is not the name of a blob: 64 hexadecimal digits are")
        return self._folder / digest[:2] / digest

    def _found(self, digest: Digest) -> bytes | None:
        path = self._path(digest)
        with translating(self._folder):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None


def _place(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
