"""Sealed directories: made once, named by what they were made from, never changed.

One process makes one at a time; who waits for it finds it made. What was begun and not finished lies
under another name, and is removed by the next who makes the same.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.names import Digest

_BEGUN = ".begun"
_LOCK = ".lock"
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Store:
    folder: Path

    async def sealed(self, key: Digest, make: Callable[[Path], Awaitable[None]]) -> Path:
        """The directory of that key; `make` is called with where to make it if there is none."""
        done = self.folder / key
        if done.is_dir():
            return done
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with _only_one(done.with_name(key + _LOCK)):
            if not done.is_dir():
                begun = done.with_name(key + _BEGUN)
                await asyncio.to_thread(_remove, begun)
                begun.mkdir(mode=0o700)
                try:
                    await make(begun / "data")
                    (begun / "data").rename(done)
                finally:
                    await asyncio.to_thread(_remove, begun)
        return done


@asynccontextmanager
async def _only_one(path: Path) -> AsyncIterator[None]:
    """The file stays: who removed it could take it from under somebody who waits for it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(fd):  # noqa: ASYNC110 - another process holds it
            await asyncio.sleep(_PAUSE)
        yield
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
