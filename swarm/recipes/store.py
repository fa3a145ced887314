"""Built environments on disk, each a folder named by its key, which appears complete or not at all.

The bytes come out of a sandbox in which anybody's programs ran: they are written here as data, as plain
files, folders and links below one new folder, and never through a link. Nobody on the host executes
them, or follows what they say.
"""

import fcntl
import os
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from swarm.domain.canonical import Json, canonical, digest
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.frozen import Frozen
from swarm.recipes.interpreters import Installed
from swarm.recipes.recipe import Recipe
from swarm.sandbox.public_api import BoundedFile

PART = ".part-"
_RECORD = "built.json"
_INNER = "environment"
_MOST_FILES = 400_000
_MOST_BYTES = 16 << 30
_LATEST = (1 << 31) - 1
_MOST_SCRIPT = 1 << 20
_NOT_BUILT_FROM = frozenset(
    {"test", "services", "carry", "leave", "needs", "note", "reasons", "hosts"}
)


class Built(Frozen):
    key: str
    python: str
    """Of the environment, for sandboxes. On the host it must never be run."""

    python_version: str
    pytest: str
    """Its version; empty when there is none."""

    shown: tuple[str, ...]
    """Host paths that a sandbox must show."""


def key_of(recipe: Recipe, python: Installed, tree: Path) -> str:
    """What decides what is built: recipe, files that it reads, machine, interpreter; and where the
    tree is, for an editable install names that place.
    """
    said = recipe.model_dump(mode="json", exclude=set(_NOT_BUILT_FROM))
    machine = [platform.system(), platform.machine(), *platform.libc_ver()]
    version = ".".join(map(str, python.version))
    where = str(tree) if recipe.install == "editable" or recipe.steps else ""
    plain: Json = {
        "recipe": said,
        "machine": machine,
        "python": [str(python.path), version],
        "at": where,
    }
    return digest(canonical(plain))[:24]


def place_of(folder: Path, key: str) -> Path:
    """Where the environment of this key lies, or will lie."""
    return folder / key / _INNER


def find_built(folder: Path, key: str) -> Built | None:
    path = folder / key / _RECORD
    return Built.model_validate_json(path.read_bytes()) if path.is_file() else None


@contextmanager
def one_builder(folder: Path, key: str) -> Iterator[None]:
    """Others who want to build the same wait; what they wait for is there then."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f".{key}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def seal(folder: Path, built: Built, archive: IO[bytes], made_at: Path) -> None:
    """Write an archive's files to their place. `made_at`: what scripts in it call that place.

    Only inside of `one_builder`. Raises Rejected for names outside, names below a link or a file, and anything that is no file,
    folder or link; NeedsHuman when there is no room.
    """
    try:
        for dead in folder.glob(f"{PART}{built.key}-*"):  # there is one builder of a key
            shutil.rmtree(dead)
        part = Path(tempfile.mkdtemp(dir=folder, prefix=f"{PART}{built.key}-"))
        try:
            inner = part / _INNER
            inner.mkdir()
            _unpack(archive, inner, (bytes(made_at), bytes(place_of(folder, built.key))))
            (part / _RECORD).write_bytes(built.model_dump_json().encode())
            part.chmod(0o755)
            _replace(part, folder / built.key)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as error:
        raise Rejected(f"the built environment arrived damaged: {error}") from error
    except OSError as error:
        raise NeedsHuman(
            f"the built environment cannot be kept in {folder}: {error.strerror}",
            advice="make room there, or make it writable",
        ) from error


def _replace(part: Path, into: Path) -> None:
    if into.exists():
        shutil.rmtree(into)
    part.rename(into)


def _unpack(archive: IO[bytes], into: Path, moved: tuple[bytes, bytes]) -> None:
    folders, leaves, size = {""}, set[str](), 0
    bounded = BoundedFile(cast("BinaryIO", archive))
    with tarfile.open(
        fileobj=bounded, mode="r:", encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for number, member in enumerate(tar):
            size += member.size
            if number > _MOST_FILES or size > _MOST_BYTES:
                raise Rejected("the built environment is too large to be kept")
            name = _checked(member.name)
            if not name:
                continue
            if name in leaves or name in folders or name.rpartition("/")[0] not in folders:
                raise Rejected(f"{name!r} would be written twice, or through a file or a link")
            (folders if member.isdir() else leaves).add(name)
            _write(tar, member, into / name, moved)


def _time(member: tarfile.TarInfo) -> int:
    """Whole seconds, whatever it says."""
    return min(max(int(member.mtime), 0), _LATEST)


def _checked(name: str) -> str:
    parts = [part for part in name.split("/") if part != "."]
    if name.startswith("/") or any(part in {"", ".."} for part in parts) or "\0" in name:
        raise Rejected(f"{name!r} is not a plain relative path")
    return "/".join(parts)


def _write(
    tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, moved: tuple[bytes, bytes]
) -> None:
    if member.isdir():
        path.mkdir(mode=0o755)
    elif member.issym():
        path.symlink_to(member.linkname)
    elif member.isreg() and not member.issparse():
        mode = 0o755 if member.mode & 0o100 else 0o644
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with os.fdopen(fd, "wb") as file:
            source = tar.extractfile(member)
            assert source is not None
            if path.parent.name == "bin" and member.size < _MOST_SCRIPT:
                # Scripts name the interpreter by its absolute path.
                file.write(source.read().replace(*moved))
            else:
                shutil.copyfileobj(source, file)
            file.flush()
            # pytest believes what it has compiled as long as the source's time is the same.
            os.utime(fd, (_time(member), _time(member)))
    else:
        raise Rejected(f"{member.name!r} is neither a file, a link nor a folder")
