"""The modes `idmapped`, `namespaces` and `shared-proc`: what a host prepares on disk, and asks its
zygote for.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from swarm.sandbox import layout, limits, remedies, users, wire
from swarm.sandbox.box import Place
from swarm.sandbox.checkpoints import FRESH_MODE, Stratum, layers_of
from swarm.sandbox.inside import UNPRIVILEGED
from swarm.sandbox.modes import guarantees
from swarm.sandbox.port import SandboxMode, SandboxSpec


def prepare(folder: Path, spec: SandboxSpec, mode: SandboxMode, modes: Sequence[int]) -> Place:
    """Make the directories that the overlays need, owned by who runs the sandbox."""
    (folder / "layers").mkdir()
    for number, place in enumerate(layout.overlays(spec)):
        for hole in layout.holes(spec, number):
            at = place / hole
            directory = at.is_dir() or at in layout.overlays(spec)
            _dig(folder / f"layers/holes/{number}" / hole, directory=directory)
    if os.getuid() == 0:
        give_away(folder / "layers")
    begin(folder, 0, modes)
    return Place(
        id=folder.name,
        mode=mode,
        root=spec.mount_point,
        env=layout.environment(layout.HOME),
        hidden=frozenset(map(bytes, layout.holes(spec))),
        guarantees=guarantees(mode),
    )


def begin(folder: Path, generation: int, modes: Sequence[int]) -> None:
    """Make empty directories for what the overlays will collect from now on. Each shows its mode as
    that of the whole.
    """
    above = upper(folder, generation)
    _fresh(above)
    for number, mode in enumerate(modes):
        _fresh(above / str(number), mode)
        _fresh(work(folder, generation, number))


def _fresh(directory: Path, mode: int = FRESH_MODE) -> None:
    directory.mkdir()
    directory.chmod(mode)
    if os.getuid() == 0:
        _give(directory)


def upper(folder: Path, generation: int) -> Path:
    """Below it one directory for each overlay. Few in all: each is an inode, which costs a disk more
    than all else that is done to make a sandbox.
    """
    return folder / f"layers/upper-{generation}"


def work(folder: Path, generation: int, number: int) -> Path:
    """What the kernel needs for that overlay."""
    return folder / f"layers/work-{generation}-{number}"


def overlays(
    folder: Path, spec: SandboxSpec, generation: int, lowers: Callable[[int], Sequence[str]]
) -> list[wire.Message]:
    """As the zygote mounts them, in the names that it gathers things under. `lowers` names the
    sealed layers of each, the newest first.
    """
    return [
        {
            "lowers": [
                *([f"made/holes/{n}"] if (folder / f"layers/holes/{n}").is_dir() else []),
                *lowers(n),
                f"b{n}",
            ],
            "upper": f"made/{upper(folder, generation).name}/{n}",
            "work": f"made/{work(folder, generation, n).name}",
        }
        for n in range(len(layout.overlays(spec)))
    ]


@dataclass(frozen=True, slots=True)
class Below:
    """What a sandbox is made over."""

    bases: tuple[tuple[Path, bool], ...]
    """For each overlay the directory, and whether it belongs to somebody else than who runs the
    sandbox, so that its owners have to be mapped.
    """

    sealed: Path
    """Where the strata are."""

    strata: tuple[Stratum, ...] = ()


def sealed(strata: Sequence[Stratum]) -> Callable[[int], Sequence[str]]:
    return lambda part: [f"sealed/{each}" for each in layers_of(strata, part)]


def request(
    folder: Path, place: Path, spec: SandboxSpec, mode: SandboxMode, below: Below
) -> wire.Message:
    """`place`: a directory to mount on, which all may share: each sees its own mount only."""
    user = users.draw() if mode == "idmapped" else UNPRIVILEGED
    return {
        "op": "create",
        "roots": {"tree": str(spec.mount_point), "tmp": "/tmp"},  # noqa: S108
        "limits": limits.isolated(spec.limits),
        "watch": limits.watched(spec.limits),
        "world": {
            "place": str(place),
            "layers": str(folder / "layers"),
            "bases": [{"path": str(path), "mapped": mapped} for path, mapped in below.bases],
            "sealed": str(below.sealed),
            "own_proc": guarantees(mode).own_proc,
            "spared": [os.getpid()],
            "overlays": overlays(folder, spec, 0, sealed(below.strata)),
            "shown": [str(each) for each in layout.shown(spec)],
            "links": layout.links(),
            "mounts": [asdict(each) for each in layout.mounts(spec)],
            "home": layout.HOME,
            "inside": layout.INSIDE_ID,
            "outside": (user, user) if os.getuid() == 0 else (os.getuid(), os.getgid()),
            "ids": users.mapped(layout.INSIDE_ID, user) if mode == "idmapped" else "",
            "system": users.SYSTEM_MAP,
        },
    }


def copy_base(base: Path, to: Path) -> None:
    """For file systems that cannot show files as somebody else's."""
    shutil.copytree(base, to, symlinks=True)
    give_away(to)


def give_away(folder: Path) -> None:
    """Raises Lacking where root is not root: a user namespace may know no other user."""
    try:
        for directory, names, files in os.walk(folder):
            for each in (".", *names, *files):
                _give(Path(directory) / each)
    except OSError as error:
        step = OSError(error.errno, error.strerror, f"{remedies.GIVE_AWAY} {folder.name}")
        raise remedies.explained(step, remedies.this_machine()) from error


def _give(path: Path) -> None:
    os.chown(path, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)


def _dig(place: Path, *, directory: bool) -> None:
    """A place to mount on, in a layer of its own, so that it is no part of the tree."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if directory:
        place.mkdir(exist_ok=True)
    else:
        place.touch()
