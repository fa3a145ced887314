"""What one sandbox holds on disk, and how that becomes part of a checkpoint.

Over overlays there are two ways. To seal: what was collected since the last time becomes a layer as it
is, and the overlays begin to collect anew; nothing is copied, and nothing may run. To copy: what was
collected is copied while everything stands still, and the overlays go on as they are. A sandbox that
is a full copy knows only the second way; a little is copied sooner than sealed.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.sandbox import copying, folders, isolated, layers, layout, quota, tree, wire
from swarm.sandbox.box import Place
from swarm.sandbox.checkpoints import FRESH_MODE, Kept, Store, Strata, Stratum, boot, layers_of
from swarm.sandbox.port import BaseRef, CheckpointRef, SandboxMode, SandboxSpec

_LITTLE = quota.Usage(4 << 20, 100)


@dataclass(frozen=True, slots=True)
class _Copy:
    """The last hot one of what the overlays collect now."""

    stratum: Stratum
    keys: Mapping[int, Mapping[bytes, copying.Key]]


class Holding:
    """Of one sandbox. All of it may take long: to be called in threads."""

    def __init__(
        self,
        folder: Path,
        spec: SandboxSpec,
        base: BaseRef,
        store: Store,
        whole: Path | None,
        strata: Strata = (),
    ) -> None:
        self.folder = folder
        self.spec = spec
        self.base = base
        self.store = store
        self.strata = strata
        self._whole = whole
        self._generation = 0
        self._modes: tuple[int, ...] = ()
        """Of the directories that were begun to collect in: of what they lie over."""

        self._numbers = count(1)
        self._copy: _Copy | None = None
        self._laid_out: list[wire.Message] = []

    @property
    def whole(self) -> bool:
        return self._whole is not None

    @property
    def made(self) -> tuple[Path, ...]:
        """The directories that are written to: one for each overlay, or the copy."""
        if self._whole is not None:
            return (self._whole,)
        above = isolated.upper(self.folder, self._generation)
        return tuple(above / str(n) for n in range(len(layout.overlays(self.spec))))

    @property
    def gathered(self) -> tuple[Path, ...]:
        """The same, as the zygote has gathered them."""
        return tuple(Path("made") / each.relative_to(self.folder / "layers") for each in self.made)

    @property
    def stacks(self) -> tuple[Path, ...]:
        """All that the tree is made of above its base, the newest first. A copy is all by itself: it was
        filled from what a checkpoint held, and what has been removed of that since is not there.
        """
        if self._whole is not None:
            return self.made
        sealed = (self.store.strata / each.id / "0" for each in self.strata if 0 in each.parts)
        return (self.made[0], *sealed)

    def needs(self) -> None:
        """Say what must not be removed: also the last copy, which the next one is linked to."""
        copied = () if self._copy is None else (self._copy.stratum,)
        folders.say_needs(self.folder, (each.id for each in (*self.strata, *copied)))

    def fill_from_base(self, into: Path) -> None:
        """Make the copy that the sandbox works in."""
        shutil.copytree(self.base.directory, into, symlinks=True)

    def fill(self, into: Path) -> None:
        """Make it from what a checkpoint holds."""
        into.mkdir(FRESH_MODE)
        for each in (self.store.strata / each.id / "0" for each in self.strata if each.parts):
            with _opened((each, into)) as (source, target):
                copying.copy_tree(source, target, now_ns=0)

    def keep(self, label: str, mode: SandboxMode, strata: Strata, *, hot: bool) -> CheckpointRef:
        ref = CheckpointRef(id=self.store.new_id(), label=label, mode=mode, hot=hot)
        places = tuple(str(each) for each in layout.overlays(self.spec)[1:])
        return self.store.keep(
            Kept(
                ref=ref,
                tree=self.base.tree,
                places=places,
                whole=self.whole,
                strata=strata,
                boot=boot(),
            )
        )

    # Cold

    def blank(self) -> bool:
        """Nothing was collected since the last time."""
        return not self._parts()

    def prepare(self, mode: SandboxMode) -> Place:
        """Make the directories that overlays need."""
        parts = range(len(layout.overlays(self.spec)))
        self._modes = tuple(map(self._sealed_mode, parts))
        return isolated.prepare(self.folder, self.spec, mode, self._modes)

    def begin_anew(self) -> wire.Message:
        """After `seal`: make room for what comes next; what the zygote needs to know to mount it."""
        if len(self.strata) > layers.SQUASH_ABOVE:
            self._squash()
        isolated.begin(self.folder, self._generation, self._modes)
        lowers = isolated.sealed(self.strata)
        return {
            "overlays": isolated.overlays(self.folder, self.spec, self._generation, lowers),
            "tops": self._tops(),
        }

    def clear(self) -> None:
        """When that is mounted, remove what the overlays needed before."""
        for part in range(len(self.made)):
            folders.erase(isolated.work(self.folder, self._generation - 1, part))

    def _tops(self) -> list[wire.Message]:
        """As they were laid out when it was made."""
        if not self._laid_out:
            self._laid_out = [
                {"at": at, "mounts": [asdict(each) for each in mounts]}
                for at, mounts in layout.mounts_below(self.spec).items()
            ]
        return self._laid_out

    def seal(self) -> None:
        """What was collected is a stratum from now on. The overlays still write to it: nothing may,
        till they are mounted anew.
        """
        old = isolated.upper(self.folder, self._generation)
        parts, modes = self._parts(), tuple(map(_mode, self.made))
        with self.store.adding():
            stratum = self.store.add_stratum(old, parts)
            self.strata = (stratum, *self.strata)
            self._generation += 1
            self._modes = modes
            self._copy = None
            self.needs()

    def _parts(self) -> tuple[int, ...]:
        return tuple(
            part
            for part, made in enumerate(self.made)
            if _mode(made) != self._modes[part] or any(made.iterdir())
        )

    def _sealed_mode(self, part: int) -> int:
        layers = layers_of(self.strata, part)
        return _mode(self.store.strata / layers[0]) if layers else FRESH_MODE

    def _squash(self) -> None:
        """Put all sealed layers into one. Checkpoints over the many keep them."""
        merged = self.folder / f"merged-{next(self._numbers)}"
        merged.mkdir(FRESH_MODE)
        parts = {part for each in self.strata for part in each.parts}
        for part in parts:
            (merged / str(part)).mkdir(FRESH_MODE)
            stack = (self.store.strata / each.id for each in self.strata if part in each.parts)
            with _opened(each / str(part) for each in stack) as fds, _one(merged, part) as into:
                layers.merge(fds, into)
        with self.store.adding():
            self.strata = (self.store.add_stratum(merged, parts),)
            self.needs()

    def looked(self) -> Mapping[int, copying.Listed] | None:
        """What was collected, if that is little: less work to copy than to mount the overlays anew.
        None also for what cannot be looked through, which sealing does not do.
        """
        found: dict[int, copying.Listed] = {}
        with _opened(self.made) as made:
            for part, fd in enumerate(made):
                try:
                    listed = copying.look(fd, _LITTLE.inodes, _LITTLE.bytes)
                except OSError:
                    return None
                if listed is None:
                    return None
                found[part] = listed
        return found

    # Hot

    def copy(
        self,
        mapped: Iterable[Path] | None,
        looked: Mapping[int, copying.Listed] | None = None,
    ) -> Strata:
        """Copy what was collected, while all stands still. `mapped`: files below the places of the
        overlays that may change without a trace; None: any may. `looked`: what `looked` has seen
        since all stood still. Returns what then was held.
        """
        parts = self._copied_parts()
        if not parts:
            return self.strata
        target = self.folder / f"copy-{next(self._numbers)}"
        target.mkdir(FRESH_MODE)
        try:
            keys = {
                part: self._copy_part(part, target, mapped, (looked or {}).get(part))
                for part in parts
            }
            with self.store.adding():
                stratum = self.store.add_stratum(target, keys)
                self._copy = _Copy(stratum, keys)
                self.needs()
                return (stratum,) if self.whole else (stratum, *self.strata)
        except OSError as error:
            folders.erase(target)
            raise Rejected(f"the sandbox cannot be copied: {error.strerror}") from error

    def _copied_parts(self) -> tuple[int, ...]:
        return (0,) if self.whole else self._parts()

    def _copy_part(
        self,
        part: int,
        target: Path,
        mapped: Iterable[Path] | None,
        listed: copying.Listed | None,
    ) -> Mapping[bytes, copying.Key]:
        (target / str(part)).mkdir(FRESH_MODE)
        with (
            _opened((self.made[part],)) as (source,),
            _one(target, part) as into,
            self._before(part) as before,
        ):
            done = copying.copy_tree(
                source,
                into,
                now_ns=copying.clock_ns(into),
                before=None if mapped is None else before,
                always=frozenset(self._inodes(source, part, mapped or ())),
                listed=listed,
            )
        return done.keys if mapped is not None else {}

    @contextmanager
    def _before(self, part: int) -> Iterator[copying.Before | None]:
        copy = self._copy
        if copy is None or part not in copy.stratum.parts:
            yield None
            return
        place = self.store.strata / copy.stratum.id / str(part)
        if not place.is_dir():  # it was discarded
            yield None
            return
        with _opened((place,)) as (root,):
            yield copying.Before(root, copy.keys[part])

    def _inodes(self, source: int, part: int, mapped: Iterable[Path]) -> Iterator[int]:
        place = self.made[0] if self.whole else layout.overlays(self.spec)[part]
        for each in mapped:
            if not each.is_relative_to(place) or each == place:
                continue
            try:
                names = tree.parts_of(bytes(each.relative_to(place)))
                parent = tree.open_parent(source, names)
            except OSError:  # not here: deleted, or not written to
                continue
            status = tree.status(names[-1], parent)
            os.close(parent)
            if status is not None:
                yield status.st_ino


def check(kept: Kept, spec: SandboxSpec, base: BaseRef, *, whole: bool) -> None:
    """Raises Rejected when the checkpoint was taken over something else."""
    places = tuple(str(each) for each in layout.overlays(spec)[1:])
    if kept.tree != base.tree:
        raise Rejected(f"checkpoint {kept.ref.id} was taken over tree {kept.tree}, not {base.tree}")
    if kept.places != places:
        raise Rejected(f"checkpoint {kept.ref.id} was taken with layers at {list(kept.places)}")
    if kept.whole != whole:
        raise Rejected(
            f"checkpoint {kept.ref.id} of mode {kept.ref.mode} cannot be used here",
            advice="restore it in the mode that it was taken in",
        )


def _mode(directory: Path) -> int:
    return directory.stat().st_mode & 0o7777


@contextmanager
def _one(folder: Path, part: int) -> Iterator[int]:
    with _opened((folder / str(part),)) as (fd,):
        yield fd


@contextmanager
def _opened(directories: Iterable[Path]) -> Iterator[tuple[int, ...]]:
    with ExitStack() as stack:
        fds = []
        for each in directories:
            fds.append(tree.open_root(bytes(each)))
            stack.callback(os.close, fds[-1])
        yield tuple(fds)
