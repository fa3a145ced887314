"""Taking a folder out of a sandbox, as an enemy's.

The sandbox packs the folder into a stream; what the stream says is believed only as far as it is a
plain file or a directory below the folder, and is not too much.
"""

import asyncio
import filecmp
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import Sandbox

MOST_BYTES = 8 << 30
"""Of one service's data: what seeds are has been chosen by hand, and is small."""

_READ = 1 << 20


async def seal(sandbox: Sandbox, folder: Path, to: Path, like: Path | None = None) -> None:
    """Copy the folder to the host as `to`, which is not there yet.

    What is the same in `like`, a sealed directory too, takes no room. Raises Rejected for links and
    other things that are neither file nor directory.
    """
    packed = to.with_name(f"{to.name}.tar")
    try:
        with packed.open("xb") as file:
            await _receive(sandbox, folder, file)
        await asyncio.to_thread(_unpack, packed, to)
        if like is not None:
            await asyncio.to_thread(_share, to, like)
    finally:
        packed.unlink(missing_ok=True)


async def _receive(sandbox: Sandbox, folder: Path, file: BinaryIO) -> None:
    process = await sandbox.spawn(("tar", "-C", str(folder), "-cf", "-", "."))
    while data := await process.read(_READ):
        if file.tell() + len(data) > MOST_BYTES:
            await process.kill()
            raise Rejected(f"the service's data are larger than {MOST_BYTES >> 30} GiB")
        await asyncio.to_thread(file.write, data)
    code = await process.wait()
    if code != 0:
        raise Rejected(f"tar could not read all of the service's data (status {code})")


def _unpack(packed: Path, to: Path) -> None:
    to.mkdir(mode=0o755)
    try:
        with tarfile.open(packed, "r:") as archive:
            for member, path in _members(archive):
                _place(archive, member, to / path)
    except (tarfile.TarError, OSError) as error:
        raise Rejected(f"the service's data did not come out of the sandbox: {error}") from error


def _members(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    for member in archive:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise Rejected(f"the service's data name a path outside: {member.name!r}")
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
            raise Rejected(
                f"the service's data hold {member.name!r}, which is no file and no directory",
                advice="a service that is to be sealed keeps plain files only",
            )
        yield member, path


def _place(archive: tarfile.TarFile, member: tarfile.TarInfo, at: Path) -> None:
    """Parents come first in what we made; where they do not, it is not what we made."""
    if member.type == tarfile.DIRTYPE:
        at.mkdir(mode=0o755, exist_ok=True)
        return
    source = archive.extractfile(member)
    assert source is not None
    fd = os.open(at, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(fd, "wb") as file:
        shutil.copyfileobj(source, file, _READ)


def _share(folder: Path, like: Path) -> None:
    """Neither is ever changed, so one file can be in both."""
    for path in folder.rglob("*"):
        other = like / path.relative_to(folder)
        if path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False):
            path.unlink()
            path.hardlink_to(other)
