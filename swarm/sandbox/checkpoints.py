"""Checkpoints on disk: what sandboxes held at a moment, kept when sandbox, host and supervisor end.

A checkpoint is a stack of *strata*. A stratum is what all overlays of one sandbox collected between
two moments, one directory (a layer) for each; it is sealed, so that checkpoints share it and new
sandboxes run over it. A full copy (the modes without overlays) is a stack of one stratum.

    checkpoints/kept/ID.json      the checkpoint: written under another name, then renamed
    checkpoints/strata/ID/0, 1    a layer of the tree, of the first layer of the specification...
    checkpoints/lock              held by whoever adds (shared) or removes strata (alone)

A stratum lives as long as a checkpoint or a sandbox needs it. Sandboxes say what they need in a file
of their folder (`folders.Needs`), so that whoever removes strata, in whatever process, sees it.

A killed supervisor loses nothing: the kernel has what was written. A machine that loses power may
have kept a checkpoint and not its files; so a checkpoint says in which boot it was taken, and counts
after another one only when everything had been forced to disk (`settle`) before.
"""

import fcntl
import functools
import os
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.sandbox import folders, kernel, tree
from swarm.sandbox.port import CheckpointRef

FRESH_MODE = 0o755
"""Of the directory that an overlay begins to collect in over nothing but its base."""

_KEPT = ".json"
_NAME_BYTES = 8
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Stratum(Frozen):
    id: str
    parts: tuple[int, ...]
    """The numbers of the overlays that it has a layer for: 0 is the tree's."""


Strata = tuple[Stratum, ...]
"""The newest first."""


class Kept(Frozen):
    """A checkpoint as it is stored."""

    format: Literal[1] = 1
    ref: CheckpointRef
    tree: str
    """Hash of the base's tree."""

    places: tuple[str, ...] = ()
    """Where the specification's layers were shown."""

    whole: bool = False
    """A full copy; no base is needed below it."""

    strata: Strata

    boot: str
    settled: bool = False


class Store:
    """The checkpoints below one scratch directory."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch.absolute()
        self.folder = self._scratch / "checkpoints"
        self.strata = self.folder / "strata"
        self._kept = self.folder / "kept"
        self._lock = self.folder / "lock"

    def make(self) -> None:
        """Raises OSError."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # somebody removes it just now; `_locked` tries again
            self._make()

    def _make(self) -> None:
        self.folder.mkdir(0o700, exist_ok=True)
        self._kept.mkdir(0o700, exist_ok=True)
        # Whoever runs sandboxes may be another user, who reaches this through a mount only.
        self.strata.mkdir(0o755, exist_ok=True)

    def new_id(self) -> str:
        return secrets.token_hex(_NAME_BYTES)

    @contextmanager
    def adding(self) -> Iterator[None]:
        """No stratum is removed meanwhile."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def add_stratum(self, made: Path, parts: Iterable[int]) -> Stratum:
        """Move a sealed directory of layers here. Those that are not named are empty."""
        stratum = Stratum(id=self.new_id(), parts=tuple(sorted(parts)))
        for each in made.iterdir():
            if int(each.name) not in stratum.parts:
                each.rmdir()
        made.rename(self.strata / stratum.id)
        return stratum

    def keep(self, kept: Kept) -> CheckpointRef:
        with self.adding():
            self._write(kept)
        return kept.ref

    def read(self, ref: CheckpointRef) -> Kept:
        """Raises Rejected when there is none, or when it may not be whole."""
        kept = self._read(self._file(ref.id))
        if kept is None:
            raise Rejected(f"there is no checkpoint {ref.id} ({ref.label}) in {self.folder}")
        if not kept.settled and kept.boot != boot():
            raise Rejected(
                f"checkpoint {ref.id} was taken just before the machine went down; its files may "
                "not have reached the disk",
                advice="use the one before",
            )
        return kept

    def all(self) -> tuple[Kept, ...]:
        if not self._kept.is_dir():
            return ()
        found = (self._read(each) for each in sorted(self._kept.glob(f"*{_KEPT}")))
        return tuple(each for each in found if each is not None)

    def require(self, strata: Strata) -> None:
        """Raises Rejected unless all are there. To be asked after they were said to be needed."""
        if not all((self.strata / each.id).is_dir() for each in strata):
            raise Rejected("the checkpoint has just been discarded")

    def discard(self, ref: CheckpointRef) -> None:
        if self.folder.is_dir():
            with self._locked(fcntl.LOCK_EX):
                self._file(ref.id).unlink(missing_ok=True)
            self.sweep()

    def settle(self) -> None:
        """Force everything to disk. Takes as long as the disk needs, for all that is written."""
        waiting = [each for each in self.all() if not each.settled and each.boot == boot()]
        if not waiting:
            return
        fd = tree.open_root(bytes(self.folder))
        try:
            kernel.sync_file_system(fd)
            with self.adding():
                for each in waiting:
                    if self._file(each.ref.id).exists():
                        self._write(each.model_copy(update={"settled": True}))
            kernel.sync_file_system(fd)
        finally:
            os.close(fd)

    def unneeded(self) -> tuple[Path, ...]:
        """Strata that no checkpoint and no sandbox needs."""
        if not self.strata.is_dir():
            return ()
        needed = {stratum.id for kept in self.all() for stratum in kept.strata}
        needed |= folders.needs(self._scratch)
        return tuple(each for each in sorted(self.strata.iterdir()) if each.name not in needed)

    def sweep(self) -> tuple[folders.Leftover, ...]:
        """Remove those."""
        if not self.strata.is_dir():
            return ()
        with self._locked(fcntl.LOCK_EX):
            removed = tuple(map(folders.measured, self.unneeded()))
            for each in removed:
                folders.erase(each.folder)
            for file in self._kept.iterdir():
                if file.suffix != _KEPT:
                    file.unlink()
        return removed

    def _file(self, name: str) -> Path:
        if not name.isalnum():
            raise Rejected(f"{name!r} names no checkpoint")
        return self._kept / f"{name}{_KEPT}"

    def _write(self, kept: Kept) -> None:
        file = self._file(kept.ref.id)
        other = file.with_suffix(f".{self.new_id()}")
        other.write_text(kept.model_dump_json())
        other.rename(file)

    def _read(self, file: Path) -> Kept | None:
        """None for what a crash of the machine left of one."""
        try:
            return Kept.model_validate_json(file.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def vanish(self) -> None:
        """Remove the folder when there is nothing in it and nobody who might put something there."""
        if not self.folder.is_dir() or folders.has_hosts(self._scratch):
            return
        with self._locked(fcntl.LOCK_EX):
            if folders.has_hosts(self._scratch) or any(self._kept.iterdir()):
                return
            for each in self.strata.iterdir():
                folders.erase(each)
            self.strata.rmdir()
            self._kept.rmdir()
            self._lock.unlink()
            self.folder.rmdir()

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        fd = -1
        while not self._is_lock(fd):
            if fd >= 0:
                os.close(fd)
            fd = -1
            with suppress(FileNotFoundError):
                fd = self._opened_lock()
                fcntl.flock(fd, how)
        try:
            yield
        finally:
            os.close(fd)

    def _opened_lock(self) -> int:
        """It is there only when all else is."""
        flags = os.O_RDWR | os.O_CLOEXEC
        with suppress(FileNotFoundError):
            return os.open(self._lock, flags)
        self.make()
        return os.open(self._lock, flags | os.O_CREAT, 0o600)

    def _is_lock(self, fd: int) -> bool:
        """Not one that was just removed."""
        if fd < 0:
            return False
        try:
            return self._lock.stat().st_ino == os.fstat(fd).st_ino
        except FileNotFoundError:
            return False


def leftovers(scratch: Path) -> tuple[folders.Leftover, ...]:
    """Folders of hosts that are dead, and strata that nothing needs."""
    return (*folders.leftovers(scratch), *map(folders.measured, Store(scratch).unneeded()))


def remove_leftovers(scratch: Path) -> tuple[folders.Leftover, ...]:
    """Remove them, and return what they were. Checkpoints stay."""
    store = Store(scratch)
    removed = (*folders.remove_leftovers(scratch), *store.sweep())
    store.vanish()
    return removed


def keep_only(scratch: Path, wanted: Collection[str]) -> tuple[str, ...]:
    """Discard all checkpoints but those; the ids of what is left."""
    store = Store(scratch)
    for kept in store.all():
        if kept.ref.id not in wanted:
            store.discard(kept.ref)
    return tuple(kept.ref.id for kept in store.all())


@functools.cache
def boot() -> str:
    """Names the time since the machine was started."""
    return _BOOT.read_text().strip()


def layers_of(strata: Iterable[Stratum], part: int) -> tuple[str, ...]:
    """Paths below `strata` of that overlay's layers, the newest first."""
    return tuple(f"{each.id}/{part}" for each in strata if part in each.parts)
