"""Shows other layers in a sandbox that goes on.

What was mounted is let go of and mounted anew over more layers, where nothing runs that could notice.
The server inside has no right to do it, and what it would have to mount is out of its reach. So a
child of the zygote goes in through doors that the supervisor has kept: it is the user to whom the
sandbox's user namespace belongs, and by that has every right in there.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import os
from typing import Any, NamedTuple

from swarm.sandbox import kernel, tree, view


class Doors(NamedTuple):
    """Open descriptors. The namespaces are of mounts."""

    gathered: int
    """Where the parts of the sandbox's world were gathered, and still are."""

    here: int
    """The directory there that they are in."""

    shown: int
    """What the sandbox sees."""


def renew(order: dict[str, Any], doors: Doors) -> None:
    """Mount the tops and all that lies on them again. Raises OSError; the sandbox is then broken."""
    os.umask(0o022)
    kernel.join(kernel.owner_of(doors.gathered), kernel.CLONE_NEWUSER)
    if order["inside"]:  # who is root outside is nobody there, and could own nothing
        kernel.become(order["inside"])
    kernel.join(doors.shown, kernel.CLONE_NEWNS)
    tops = [(_open_parent(top["at"]), top) for top in order["tops"]]
    for parent, top in tops:
        os.fchdir(parent)
        kernel.detach(_name(top["at"]))
    kernel.join(doors.gathered, kernel.CLONE_NEWNS)
    os.fchdir(doors.here)
    mounted = [view.rebuild(top["at"], top["mounts"], order["overlays"]) for _, top in tops]
    kernel.join(doors.shown, kernel.CLONE_NEWNS)
    for (parent, top), mounts in zip(tops, mounted, strict=True):
        kernel.attach(mounts, os.fsencode(_name(top["at"])), parent)


def _open_parent(at: str) -> int:
    """The directory that it is in. What runs inside may have put links on the way there."""
    return tree.open_parent(tree.open_root("/"), tree.parts_of(os.fsencode(at.lstrip("/"))))


def _name(at: str) -> str:
    return at.rpartition("/")[2]
