"""One file for one checkpoint: how it travels to another machine.

A tar (POSIX.1-2001, so that any name and attribute fits) of one stratum, into which the checkpoint's
are merged, between a first member that says what it is and a last one with the number of all members
and a hash over all that they hold. A whiteout is a character device 0:0.

What another machine wrote is not believed. Only plain names, files, directories, symbolic links,
FIFOs and whiteouts are taken; no owner, no right to become somebody else, no extended attribute but the
overlay's "opaque"; and nothing is kept of a file that is cut short, altered or too large.
"""

import errno
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.sandbox import copying, folders, layers, tree
from swarm.sandbox.checkpoints import FRESH_MODE, Kept, Store, boot
from swarm.sandbox.inside import UNPRIVILEGED
from swarm.sandbox.port import CheckpointRef

_FIRST, _LAST = "checkpoint.json", "end.json"
_XATTR = "SCHILY.xattr."
_PIECE = 1 << 20
_MOST_MEMBERS = 5_000_000
_MOST_BYTES = 64 << 30
_MODES = 0o777
_TIMES = (0, 1 << 40)
_DAMAGED = (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError)
"""What reading one raises. Numbers in it may be infinite, and headers of headers without end."""


class _End(Frozen):
    members: int
    sha256: str


@dataclass(slots=True)
class _Sum:
    """Over all that the members between the first and the last hold."""

    members: int = 0
    bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, member: tarfile.TarInfo) -> None:
        self.members += 1
        what = (member.name, member.type, member.mode, member.linkname, member.size)
        attributes = sorted(_attributes(member).items())
        self.digest.update(repr((what, attributes)).encode("utf-8", "surrogateescape"))

    def end(self) -> _End:
        return _End(members=self.members, sha256=self.digest.hexdigest())


# Out


def export(store: Store, at: CheckpointRef, file: Path) -> None:
    """Raises Rejected when there is no such checkpoint, or the file is there already."""
    try:
        with store.adding(), _appearing(store, file) as out:  # no stratum goes away meanwhile
            _write(store, store.read(at), out)
    except FileExistsError as error:
        raise Rejected(f"{file} is there already", advice="name a new file") from error
    except OSError as error:
        raise Rejected(f"cannot export to {file}: {error.strerror}") from error


@contextmanager
def _appearing(store: Store, file: Path) -> Iterator[BinaryIO]:
    """A file that has no name before all of it is on disk, so that nothing is left of us if we are
    killed; where the file system knows no such thing, one of another name.
    """
    try:
        fd = os.open(file.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        with _renamed(file, file.with_name(f".{file.name}.{store.new_id()}")) as out:
            yield out
        return
    with os.fdopen(fd, "w+b") as out:
        yield out
        _force(out)
        # Only with a directory this is the call that follows the link, which is no real one.
        os.link(f"/proc/self/fd/{fd}", file, src_dir_fd=fd, follow_symlinks=True)


@contextmanager
def _renamed(file: Path, part: Path) -> Iterator[BinaryIO]:
    try:
        with part.open("xb") as out:
            yield out
            _force(out)
        os.link(part, file)
    finally:
        part.unlink(missing_ok=True)


def _force(out: BinaryIO) -> None:
    out.flush()
    os.fsync(out.fileno())


def _write(store: Store, kept: Kept, out: BinaryIO) -> None:
    total = _Sum()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add_text(archive, _FIRST, kept.model_dump_json())
        for part in sorted({part for each in kept.strata for part in each.parts}):
            with _merged(store, kept, part) as fd:
                _write_directory(archive, total, fd, (str(part).encode(),))
        _add_text(archive, _LAST, total.end().model_dump_json())


@contextmanager
def _merged(store: Store, kept: Kept, part: int) -> Iterator[int]:
    """What that overlay collected, in one directory."""
    places = [store.strata / each.id / str(part) for each in kept.strata if part in each.parts]
    with ExitStack() as opened:
        if len(places) > 1:
            merged = store.strata / f"export-{store.new_id()}"
            merged.mkdir(FRESH_MODE)
            opened.callback(folders.erase, merged)
            into = _open(opened, merged)
            layers.merge([_open(opened, each) for each in places], into)
            yield into
        else:
            yield _open(opened, places[0])


def _open(opened: ExitStack, directory: Path) -> int:
    fd = tree.open_root(bytes(directory))
    opened.callback(os.close, fd)
    return fd


def _write_directory(
    archive: tarfile.TarFile, total: _Sum, directory: int, path: tuple[bytes, ...]
) -> None:
    copying.check_depth(len(path))
    member = _member(path, os.fstat(directory), tarfile.DIRTYPE)
    if layers.is_opaque(directory):
        member.pax_headers = {_XATTR + layers.OPAQUE: "y"}
    _add(archive, total, member)
    for name in tree.names(directory):
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            with copying.entered(name, directory) as below:
                _write_directory(archive, total, below, (*path, name))
        else:
            _write_file(archive, total, directory, (*path, name), status)


def _write_file(
    archive: tarfile.TarFile,
    total: _Sum,
    directory: int,
    path: tuple[bytes, ...],
    status: os.stat_result,
) -> None:
    if stat.S_ISREG(status.st_mode):
        with copying.readable(path[-1], directory, status) as fd:
            _add(archive, total, _member(path, status, tarfile.REGTYPE), fd)
    elif stat.S_ISLNK(status.st_mode):
        member = _member(path, status, tarfile.SYMTYPE)
        member.linkname = os.fsdecode(os.readlink(path[-1], dir_fd=directory))
        _add(archive, total, member)
    elif stat.S_ISFIFO(status.st_mode):
        _add(archive, total, _member(path, status, tarfile.FIFOTYPE))
    elif layers.is_whiteout(status):
        _add(archive, total, _member(path, status, tarfile.CHRTYPE))


def _member(path: tuple[bytes, ...], status: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(os.fsdecode(b"/".join(path)))
    member.type = kind
    member.mode = stat.S_IMODE(status.st_mode) & _MODES
    member.mtime = int(status.st_mtime)
    member.size = status.st_size if kind == tarfile.REGTYPE else 0
    return member


def _add(archive: tarfile.TarFile, total: _Sum, member: tarfile.TarInfo, fd: int = -1) -> None:
    total.add(member)
    if fd < 0:
        archive.addfile(member)
        return
    with os.fdopen(os.dup(fd), "rb") as source:
        archive.addfile(member, _Hashing(source, total))


class _Hashing(io.RawIOBase):
    """Passes on what it reads, and counts it in."""

    def __init__(self, source: BinaryIO, total: _Sum) -> None:
        self._source = source
        self._total = total

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._total.digest.update(data)
        return data


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(text.encode())
    archive.addfile(member, io.BytesIO(text.encode()))


# In


def load(store: Store, file: Path) -> CheckpointRef:
    """Raises Rejected for anything but what `export` writes."""
    made = store.strata / f"load-{store.new_id()}"
    with store.adding():
        try:
            kept = _read_file(file, made)
            stratum = store.add_stratum(made, (int(each.name) for each in made.iterdir()))
        except _DAMAGED as error:
            raise Rejected(f"{file} is no checkpoint, or a damaged one: {error}") from error
        except OSError as error:
            raise Rejected(f"{file} cannot be loaded: {error.strerror}") from error
        finally:
            folders.erase(made)
        ref = kept.ref.model_copy(update={"id": store.new_id()})
        now = {"ref": ref, "strata": (stratum,), "boot": boot(), "settled": False}
        return store.keep(kept.model_copy(update=now))


def _read_file(file: Path, made: Path) -> Kept:
    made.mkdir(FRESH_MODE)
    with (
        file.open("rb") as source,
        tarfile.open(fileobj=BoundedFile(source), mode="r:", errorlevel=2) as archive,
        ExitStack() as opened,
    ):
        kept = Kept.model_validate_json(_text(archive, archive.next(), _FIRST))
        names = {str(part).encode() for each in kept.strata for part in each.parts}
        into, total = _open(opened, made), _Sum()
        while (member := archive.next()) is not None and member.name != _LAST:
            archive.members = []  # type: ignore[attr-defined]  # it would remember them all
            _take(archive, member, total, into, names)
        if _End.model_validate_json(_text(archive, member, _LAST)) != total.end():
            raise Rejected(f"{file} was altered since it was exported")
        return kept


class BoundedFile(io.RawIOBase):
    """For reading an archive of an enemy's: a header that says it is huge is not read into memory.
    Raises Rejected.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _PIECE:
            raise Rejected("the file has a header that is far too large")
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo | None, name: str) -> bytes:
    if member is None or member.name != name or not member.isreg() or member.size > _PIECE:
        raise Rejected(f"the file has no {name} where it has to be")
    text = archive.extractfile(member)
    return b"" if text is None else text.read(_PIECE)


def _take(
    archive: tarfile.TarFile, member: tarfile.TarInfo, total: _Sum, into: int, names: set[bytes]
) -> None:
    total.add(member)
    total.bytes += member.size
    if total.members > _MOST_MEMBERS or total.bytes > _MOST_BYTES:
        raise Rejected("the file holds more than any checkpoint does")
    path = tree.parts_of(os.fsencode(member.name))
    copying.check_depth(len(path))
    if path[0] not in names or (len(path) == 1 and not member.isdir()):
        raise Rejected(f"the file holds {member.name!r}, which belongs to nothing")
    parent = tree.open_parent(into, path)
    try:
        _make(archive, member, total, parent, path[-1])
    finally:
        os.close(parent)


def _make(
    archive: tarfile.TarFile, member: tarfile.TarInfo, total: _Sum, parent: int, name: bytes
) -> None:
    mode = member.mode & _MODES
    match member.type:
        case tarfile.DIRTYPE:
            # Its owner needs to enter it: the mode that it had is set, but never less than this.
            os.mkdir(name, mode | stat.S_IRWXU, dir_fd=parent)
            _mark(member, parent, name)
        case tarfile.REGTYPE | tarfile.AREGTYPE if not member.issparse():
            _make_file(archive, member, total, parent, name)
        case tarfile.SYMTYPE:
            os.symlink(os.fsencode(member.linkname), name, dir_fd=parent)
        case tarfile.FIFOTYPE:
            os.mkfifo(name, mode, dir_fd=parent)
        case tarfile.CHRTYPE if (member.devmajor, member.devminor) == (0, 0):
            os.mknod(name, stat.S_IFCHR, 0, dir_fd=parent)
        case _:
            raise Rejected(f"the file holds {member.name!r}, which no sandbox can have")
    if os.getuid() == 0:
        os.chown(name, UNPRIVILEGED, UNPRIVILEGED, dir_fd=parent, follow_symlinks=False)
    if member.type in (tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.AREGTYPE):
        least = stat.S_IRWXU if member.isdir() else 0
        os.chmod(name, mode | least, dir_fd=parent)
    when = min(max(int(member.mtime), _TIMES[0]), _TIMES[1])
    os.utime(name, (when, when), dir_fd=parent, follow_symlinks=False)


def _mark(member: tarfile.TarInfo, parent: int, name: bytes) -> None:
    attributes = _attributes(member)
    if attributes.get(layers.OPAQUE) == "y":
        fd = tree.open_directory(name, parent)
        try:
            os.setxattr(fd, layers.OPAQUE, b"y")
        finally:
            os.close(fd)


def _attributes(member: tarfile.TarInfo) -> dict[str, str]:
    named = member.pax_headers.items()
    return {key.removeprefix(_XATTR): value for key, value in named if key.startswith(_XATTR)}


def _make_file(
    archive: tarfile.TarFile, member: tarfile.TarInfo, total: _Sum, parent: int, name: bytes
) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    source = archive.extractfile(member)
    with os.fdopen(os.open(name, flags, 0o600, dir_fd=parent), "wb") as out:
        left = member.size
        while source is not None and left:
            data = source.read(min(left, _PIECE))
            if not data:
                raise Rejected("the file is cut short")
            total.digest.update(data)
            out.write(data)
            left -= len(data)
