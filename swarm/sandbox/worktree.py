"""The mode `unsafe-worktree`: a plain copy of the base, and no wall around it.

Lost against namespaces, all of it: the user's files, keys and other processes are within reach; the
network is open; ports, /tmp and databases are shared; the tree is not at the path of the user's
repository, so that virtual environments and editable installs that name this path import the user's
own files; read-only paths are links, and not read-only; started as root, commands run as root; the
number of processes is not bounded, and one that forks faster than it is looked for can outlive its
command. It exists for machines that can do no better, for trusted code, by choice.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.sandbox import layout, limits, wire
from swarm.sandbox.box import Place
from swarm.sandbox.modes import guarantees
from swarm.sandbox.port import SandboxSpec

TREE = "tree"


def prepare(folder: Path, spec: SandboxSpec, fill: Callable[[Path], None]) -> Place:
    """Have a directory filled with the files; read-only paths below the mount point become links to
    the host's, and layers are copied in. Raises Lacking for a layer elsewhere.
    """
    copy, home = folder / TREE, folder / "home"
    fill(copy)
    home.mkdir()
    inner = link_holes(copy, spec)
    return Place(
        id=folder.name,
        mode="unsafe-worktree",
        root=copy,
        env=layout.environment(str(home)),
        hidden=frozenset(map(bytes, inner)),
        guarantees=guarantees("unsafe-worktree"),
    )


def request(place: Place, spec: SandboxSpec) -> wire.Message:
    return {
        "op": "create",
        "roots": {"tree": str(place.root), "tmp": "/tmp"},  # noqa: S108
        "limits": limits.worktree(spec.limits),
        "watch": limits.watched(spec.limits),
    }


def link_holes(copy: Path, spec: SandboxSpec) -> tuple[Path, ...]:
    """Read-only paths below the mount point, as links in the copy; relative to either."""
    layers = {layer.at: layer.directory for layer in spec.layers}
    if any(not at.is_relative_to(spec.mount_point) for at in layers):
        raise Lacking(
            "without namespaces, layers can be shown below the tree only",
            advice="choose a mode with namespaces",
        )
    inner = layout.inner(spec)
    for each in inner:
        if spec.mount_point / each in layers:
            _copy_layer(layers[spec.mount_point / each], copy / each)
        else:
            _link(copy / each, spec.mount_point / each)
    return inner


def _copy_layer(layer: Path, place: Path) -> None:
    if not place.exists():  # else a checkpoint had it already
        shutil.copytree(layer, place, symlinks=True)


def _link(place: Path, source: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(source)
