"""The mode `unsafe-worktree`: a plain copy of the base, and no wall around it.

Lost against namespaces, all of it: the user's files, keys and other processes are within reach; the
network is open; ports, /tmp and databases are shared; the tree is not at the path of the user's
repository, so that virtual environments and editable installs that name this path import the user's
own files; read-only paths are links, and not read-only; started as root, commands run as root; the
number of processes is not bounded, and one that forks faster than it is looked for can outlive its
command. It exists for machines that can do no better, for trusted code, by choice.
"""

import shutil
from pathlib import Path

from swarm.sandbox import layout, limits, wire
from swarm.sandbox.box import Place
from swarm.sandbox.modes import guarantees
from swarm.sandbox.port import SandboxSpec


def prepare(folder: Path, spec: SandboxSpec, base: Path) -> Place:
    """Copy the files; read-only paths below the mount point become links to the host's."""
    copy, home = folder / "tree", folder / "home"
    shutil.copytree(base, copy, symlinks=True)
    home.mkdir()
    inner = link_holes(copy, spec)
    return Place(
        id=folder.name,
        mode="unsafe-worktree",
        root=copy,
        made=copy,
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
    inner = layout.holes(spec)
    for each in inner:
        _link(copy / each, spec.mount_point / each)
    return inner


def _link(place: Path, source: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(source)
