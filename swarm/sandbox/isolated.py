"""The modes `namespaces` and `shared-proc`: what a host prepares on disk, and asks its zygote for."""

import os
import shutil
from dataclasses import asdict
from pathlib import Path

from swarm.sandbox import layout, limits, remedies, wire
from swarm.sandbox.box import Place
from swarm.sandbox.modes import guarantees
from swarm.sandbox.port import SandboxMode, SandboxSpec
from swarm.sandbox.zygote import UNPRIVILEGED

_LAYERS = ("root", "layers", "layers/upper", "layers/work")


def prepare(folder: Path, spec: SandboxSpec, mode: SandboxMode) -> Place:
    """Make the directories that the overlay needs, owned by who runs the sandbox."""
    holes = layout.holes(spec)
    for name in _LAYERS:
        (folder / name).mkdir()
    for hole in holes:
        _dig(folder / "layers/holes" / hole, like=spec.mount_point / hole)
    if os.getuid() == 0:
        give_away(folder / "layers")
    return Place(
        id=folder.name,
        mode=mode,
        root=spec.mount_point,
        made=folder / "layers/upper",
        env=layout.environment(layout.HOME),
        hidden=frozenset(map(bytes, holes)),
        guarantees=guarantees(mode),
    )


def request(
    folder: Path, spec: SandboxSpec, base: Path, mode: SandboxMode, *, mapped: bool
) -> wire.Message:
    """`mapped`: the base's files belong to somebody else than who runs the sandbox."""
    return {
        "op": "create",
        "roots": {"tree": str(spec.mount_point), "tmp": "/tmp"},  # noqa: S108
        "limits": limits.isolated(spec.limits),
        "watch": limits.watched(spec.limits),
        "world": {
            "folder": str(folder),
            "base": str(base),
            "mapped": mapped,
            "own_proc": guarantees(mode).own_proc,
            "spared": [os.getpid()],
            "lowers": ["made/holes", "base"] if layout.holes(spec) else ["base"],
            "shown": [str(each) for each in layout.shown(spec)],
            "links": layout.links(),
            "mounts": [asdict(each) for each in layout.mounts(spec)],
            "home": layout.HOME,
            "inside": layout.INSIDE_ID,
            "outside": (os.getuid(), os.getgid()),
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
                path = Path(directory) / each
                os.chown(path, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)
    except OSError as error:
        step = OSError(error.errno, error.strerror, f"{remedies.GIVE_AWAY} {folder.name}")
        raise remedies.explained(step, remedies.this_machine()) from error


def _dig(place: Path, like: Path) -> None:
    """A place to mount on, in a layer of its own, so that it is no part of the tree."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if like.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
