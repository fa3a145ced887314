"""The mode `unsafe-worktree`: a plain copy of the base, and no wall around it.

Lost against namespaces, all of it: the user's files, keys and other processes are within reach; the
network is open; ports, /tmp and databases are shared; the tree is not at the path of the user's
repository, so that virtual environments and editable installs that name this path import the user's
own files; the number of processes is not bounded, and one that forks faster than it is looked for
can outlive its command. It exists for machines that can do no better, for trusted code, by choice.
"""

import shutil
from pathlib import Path

from swarm.sandbox.port import SandboxSpec


def copy_tree(base: Path, to: Path, spec: SandboxSpec) -> frozenset[bytes]:
    """Copy the files; read-only paths below the mount point become links to the host's.

    The places of those links, relative to the copy, are returned: they are not the tree's.
    """
    shutil.copytree(base, to, symlinks=True)
    return frozenset(_link(to, each, spec.mount_point) for each in inner_paths(spec))


def inner_paths(spec: SandboxSpec) -> tuple[Path, ...]:
    return tuple(each for each in spec.readonly if each.is_relative_to(spec.mount_point))


def _link(copy: Path, source: Path, mount_point: Path) -> bytes:
    relative = source.relative_to(mount_point)
    place = copy / relative
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.exists():
        place.symlink_to(source)
    return bytes(relative)
