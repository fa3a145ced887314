"""Plain files of a tree: written to a directory, or packed for a host that shares no disk.

The files are the blobs, byte for byte: no line-ending rule, no smudge filter, no `export-subst`. A
symbolic link stays one, whatever it points to, and nothing is ever written through it; whoever
reads below an exported directory must not follow links either. A submodule is an empty directory.
Modes are 644 and 755 as in a fresh checkout, for a sandbox shows them to the code that it runs.

A directory appears under its name only when it is complete.
"""

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.names import TreeHash
from swarm.repository.paths import checked, checked_target, folders, shown
from swarm.repository.program import Git
from swarm.repository.trees import LINK, SUBMODULE, blobs, entries

PART = ".part-"
"""How directories begin that are still being written."""


@dataclass(frozen=True, slots=True)
class Plain:
    """One file, link (`120000`, data is the target) or empty directory (`160000`)."""

    path: bytes
    mode: str
    data: bytes


def export(git: Git, tree: TreeHash, into: Path) -> None:
    """Write a tree's files to `into`; done already when that exists."""
    if not into.exists():
        plant(contents(git, tree), into)


def archive(git: Git, tree: TreeHash) -> bytes:
    """A tree's files as a tar without times and owners: equal trees give equal bytes."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer,
        mode="w:",
        format=tarfile.GNU_FORMAT,
        encoding="utf-8",
        errors="surrogateescape",
    ) as tar:
        for plain in contents(git, tree):
            tar.addfile(_header(plain), io.BytesIO(plain.data))
    return buffer.getvalue()


def unpack_archive(data: bytes, into: Path) -> None:
    """Write an archive's files to `into`; done already when that exists.

    The bytes may come from anybody. Raises Rejected for a damaged archive, for names outside of
    `into` or in a `.git`, for names below a file or a link, and for anything that is not a file,
    a link or a directory.
    """
    if into.exists():
        return
    try:
        with tarfile.open(
            fileobj=io.BytesIO(data), mode="r:", encoding="utf-8", errors="surrogateescape"
        ) as tar:
            plant(_members(tar), into)
    except tarfile.TarError as error:
        raise Rejected(f"the archive cannot be read: {error}") from error


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed process had begun to write in `folder`. Only while nothing writes there."""
    for path in folder.glob(f"{PART}*"):
        shutil.rmtree(path)


def contents(git: Git, tree: TreeHash) -> Iterator[Plain]:
    listed = entries(git, tree)
    data = blobs(git, (entry.blob for entry in listed if entry.mode != SUBMODULE))
    for entry in listed:
        plain = b"" if entry.mode == SUBMODULE else next(data)[1]
        yield Plain(entry.path, entry.mode, plain)
    # Run to its end, where a failure of git shows.
    assert next(data, None) is None


def plant(files: Iterable[Plain], into: Path) -> None:
    """Write files to a directory that appears complete or not at all."""
    with _appearing(into) as folder:
        garden = _Garden(os.fsencode(folder))
        for plain in files:
            garden.plant(plain)


@contextmanager
def _appearing(into: Path) -> Iterator[Path]:
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=into.parent, prefix=PART))
        try:
            yield folder
            folder.chmod(0o755)
            rename(folder, into)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise NeedsHuman(
            f"cannot write the files of a tree to {into}: {error.strerror}",
            advice="make room there, or make it writable",
        ) from error


def rename(folder: Path, into: Path) -> None:
    try:
        folder.rename(into)
    except OSError:
        # Somebody else was faster; by its name it is the same tree.
        if not into.is_dir():
            raise


@dataclass(slots=True)
class _Garden:
    """A directory that only we write, and what stands in it: nothing is written through a link."""

    root: bytes
    leaves: set[bytes] = field(default_factory=set)
    branches: set[bytes] = field(default_factory=set)

    def plant(self, plain: Plain) -> None:
        path = checked(plain.path)
        inner = set(folders(path))
        if path in self.leaves or path in self.branches or inner & self.leaves:
            raise Rejected(f"{shown(path)!r} would be written twice, or through a file or a link")
        for folder in sorted(inner - self.branches):
            _make_folder(self._full(folder))
        self.branches |= inner
        self.leaves.add(path)
        _write(self._full(path), plain)

    def _full(self, path: bytes) -> bytes:
        return self.root + b"/" + path


def _write(full: bytes, plain: Plain) -> None:
    if plain.mode == SUBMODULE:
        _make_folder(full)
    elif plain.mode == LINK:
        os.symlink(checked_target(plain.data, plain.path), full)  # noqa: PTH211 - names are bytes
    else:
        mode = 0o755 if plain.mode == "100755" else 0o644
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with open(os.open(full, flags, mode), "wb") as file:  # noqa: PTH123 - names are bytes
            file.write(plain.data)
            os.fchmod(file.fileno(), mode)


def _make_folder(full: bytes) -> None:
    os.mkdir(full)  # noqa: PTH102 - names are bytes
    os.chmod(full, 0o755)  # noqa: PTH101, S103 - as in a fresh checkout


_PERMISSIONS = {"100644": 0o644, "100755": 0o755, LINK: 0o777, SUBMODULE: 0o755}
_TYPES = {LINK: tarfile.SYMTYPE, SUBMODULE: tarfile.DIRTYPE}


def _header(plain: Plain) -> tarfile.TarInfo:
    header = tarfile.TarInfo(plain.path.decode("utf-8", "surrogateescape"))
    header.type = _TYPES.get(plain.mode, tarfile.REGTYPE)
    header.mode = _PERMISSIONS[plain.mode]
    if plain.mode == LINK:
        header.linkname = plain.data.decode("utf-8", "surrogateescape")
    else:
        header.size = len(plain.data)
    return header


def _members(tar: tarfile.TarFile) -> Iterator[Plain]:
    for member in tar:
        path = member.name.encode("utf-8", "surrogateescape")
        if member.type == tarfile.SYMTYPE:
            yield Plain(path, LINK, member.linkname.encode("utf-8", "surrogateescape"))
        elif member.type == tarfile.DIRTYPE:
            yield Plain(path, SUBMODULE, b"")
        elif member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and not member.issparse():
            file = tar.extractfile(member)
            assert file is not None
            mode = "100755" if member.mode & 0o100 else "100644"
            yield Plain(path, mode, file.read())
        else:
            raise Rejected(f"{shown(path)!r} is neither a file, a link nor a directory")
