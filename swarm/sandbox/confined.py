"""The mode `landlock`: a plain copy of the base, and a wall of rules around it.

For machines that refuse user namespaces to ordinary users: a distribution's AppArmor, a container
engine's default. Lost against namespaces: the tree is a copy at a path of its own, so that virtual
environments and editable installs that name the user's path find nothing there (and never the user's
files, which no rule shows); there is no network at all, not even within the sandbox, so no database;
no shared memory with a name; the machine's processes are listed, though nothing of them can be read.
"""

import os
from collections.abc import Callable
from pathlib import Path

from swarm.sandbox import layout, limits, wire, worktree
from swarm.sandbox.box import Place
from swarm.sandbox.inside import UNPRIVILEGED
from swarm.sandbox.isolated import give_away
from swarm.sandbox.landlock import LOGGING_ABI
from swarm.sandbox.modes import guarantees
from swarm.sandbox.port import SandboxSpec

_READ = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt", "/proc")
_USED = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def prepare(folder: Path, spec: SandboxSpec, fill: Callable[[Path], None]) -> Place:
    """Have the files copied, and make the folders that temporary files go to."""
    copy, home, tmp = (folder / each for each in (worktree.TREE, "home", "tmp"))
    fill(copy)
    inner = worktree.link_holes(copy, spec)
    for each in (home, tmp):
        each.mkdir(0o700)
    if os.getuid() == 0:
        for each in (copy, home, tmp):
            give_away(each)
        for each in (folder.parent, folder):
            # Another user works in it, and need not list it; nobody else may reach what it makes.
            os.chown(each, 0, UNPRIVILEGED)
            each.chmod(0o710)
    env = {**layout.environment(str(home)), "TMPDIR": str(tmp)}
    return Place(
        id=folder.name,
        mode="landlock",
        root=copy,
        env=env,
        hidden=frozenset(map(bytes, inner)),
        guarantees=guarantees("landlock"),
    )


def request(place: Place, spec: SandboxSpec, abi: int = LOGGING_ABI) -> wire.Message:
    """`abi`: no more of Landlock than this is used."""
    own = [str(place.root), place.env["HOME"], place.env["TMPDIR"]]
    shown = sorted({each for path in spec.readonly for each in _ways_to(path)})
    return {
        "op": "create",
        "roots": {"tree": own[0], "tmp": own[2]},
        "limits": limits.worktree(spec.limits),
        "watch": limits.watched(spec.limits),
        "confined": {
            "abi": abi,
            "needed": [*own, *shown],
            "written": own,
            "grants": [
                *((each, "change") for each in own),
                *((each, "read") for each in (*_READ, *shown)),
                *((each, "use") for each in _USED),
            ],
            "spared": [os.getpid()],
        },
    }


def _ways_to(path: Path) -> tuple[str, str]:
    """A rule holds for what a link leads to; one at the link would show the same."""
    return os.path.normpath(path), str(path.resolve())
