"""Turns a new process into one that can do nothing outside of its sandbox's folders, where no
namespace can be had: by Landlock, the filter of system calls, and another user if it was root.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import errno
import os
from typing import Any

from swarm.sandbox import kernel, landlock, seccomp

REACH = "reach"
"""How the step is called in which the user that commands run as looks for what it needs."""

_ACCESS = {"change": landlock.CHANGE, "read": landlock.READ, "use": landlock.USE}


def enter(confined: dict[str, Any], user: int) -> None:
    """Give up all but the grants. Raises OSError with the step that failed as `filename`.

    `user`: who to become if we are root.
    """
    known = min(landlock.abi(), confined["abi"])
    if known == 0:
        raise OSError(errno.EOPNOTSUPP, "this kernel has none, or it is switched off", "landlock")
    if os.getuid() == 0:
        kernel.drop_bounds()
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    kernel.drop_rights()
    for path in confined["needed"]:
        _demand(path)
    grants = [(path, _ACCESS[access]) for path, access in confined["grants"]]
    landlock.restrict(grants, known)
    spared = (os.getpid(), os.getppid(), *confined["spared"])
    kernel.install_filter(seccomp.program(shared=True, spared=spared))


def scope() -> None:
    """Let signals end at the sandbox where the kernel can, besides whom the filter spares."""
    if landlock.abi() >= landlock.SCOPE_ABI:
        landlock.scope()


def _demand(path: str) -> None:
    """Raises OSError(EACCES) that names the first folder on the way that is closed."""
    names = path.strip("/").split("/")
    for depth in range(1, len(names)):
        folder = "/" + "/".join(names[:depth])
        if not os.access(folder, os.X_OK):
            raise OSError(
                errno.EACCES, "closed to the user that commands run as", f"{REACH} {folder}"
            )
