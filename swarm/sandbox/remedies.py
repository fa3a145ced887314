"""Why a sandbox cannot be made on this machine, and what would help: from the step that the kernel
refused, and what is known of the machine.

It is never worked round silently: weaker isolation than was asked for is no answer.
"""

import errno
import os
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Lacking, Rejected, SwarmError
from swarm.sandbox import confinement, view

LOWEST_KERNEL = (5, 14)
"""Overlays without root (5.11), mapped mounts (5.12), processes counted per namespace (5.14)."""

GIVE_AWAY = "give away"
"""How the step is called in which root hands files to the user that its sandboxes run as."""

_DENIED = (errno.EPERM, errno.EACCES)
_WRONG_REQUEST = (errno.ELOOP, errno.EROFS, errno.ENOENT, errno.ENOTDIR)

_PROFILE = "/etc/apparmor.d/swarm"
CLONE_SYSCTL = "as root: sysctl -w kernel.unprivileged_userns_clone=1"
MAX_SYSCTL = "as root: sysctl -w user.max_user_namespaces=15000"
CONTAINER = (
    "start the container with: docker run --security-opt seccomp=unconfined --security-opt"
    " apparmor=unconfined --security-opt systempaths=unconfined --cap-add SYS_ADMIN; in Kubernetes:"
    " hostUsers: false, capabilities.add: [SYS_ADMIN], procMount: Unmasked"
)
MASKED_PROC = (
    "parts of /proc are covered, as container engines do: start the container with --security-opt"
    " systempaths=unconfined (Kubernetes: procMount: Unmasked, hostUsers: false)"
)
SCRATCH = (
    "put the state folder (SWARM_HOME) on ext4, xfs, btrfs or tmpfs: in a container, on a volume"
)
ONE_ID = (
    "this user namespace has a single user id, and root's sandboxes need a second one: start swarm"
    " as the user that you were outside of it, or in a namespace with more ids (podman unshare)"
)
FEW_IDS = (
    "this user namespace has not the user ids that each sandbox gets one of: start swarm outside of"
    " it, or go on with mode namespaces"
)
UNMAPPED = (
    "Linux 5.19 or newer, and the state folder (SWARM_HOME) on a file system that can show files as"
    " another user's: ext4, xfs, btrfs, or tmpfs from Linux 6.3 on"
)
NO_LANDLOCK = (
    "Linux 5.13 or newer, with landlock among its security modules (lsm=landlock,... at boot)"
)
CLOSED = "chmod o+x {folder} (and what is closed below it), or use a folder that others may enter"
OLD_KERNEL = f"Linux {'.'.join(map(str, LOWEST_KERNEL))} or newer is needed"


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides whether namespaces can be had."""

    kernel: tuple[int, int]
    root: bool
    container: bool
    apparmor_restricts: bool
    clone_allowed: bool
    namespaces: int
    """User namespaces allowed at the same time."""

    python: str = ""
    """The program that makes sandboxes, without links: that is what AppArmor's rules name."""


def this_machine() -> Machine:
    return Machine(
        kernel=_version(platform.release()),
        root=os.getuid() == 0,
        container=any(Path(each).exists() for each in ("/.dockerenv", "/run/.containerenv"))
        or "KUBERNETES_SERVICE_HOST" in os.environ,
        apparmor_restricts=_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0)
        == 1,
        clone_allowed=_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 1,
        namespaces=_number("/proc/sys/user/max_user_namespaces", 1),
        python=os.path.realpath(sys.executable),
    )


def apparmor(python: str) -> str:
    """Ubuntu's way since 23.10: a program without a rule of its own gets a user namespace in which it has
    no rights (ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces).
    """
    rule = f'abi <abi/4.0>,\\nprofile swarm "{python}" flags=(unconfined) {{ userns, }}\\n'
    return (
        f"as root, once: printf '{rule}' > {_PROFILE} && apparmor_parser -r {_PROFILE}"
        " (for this interpreter); or for all programs until the next boot:"
        " sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    )


def explained(error: OSError, machine: Machine) -> SwarmError:
    """What to raise for a step of creation that failed. The step is the error's `filename`."""
    step = str(error.filename or "starting the sandbox's server")
    what = f"cannot make a sandbox: {step}: {error.strerror}"
    if error.errno in _WRONG_REQUEST and machine.kernel >= LOWEST_KERNEL:
        return Rejected(what)
    return Lacking(what, advice=_advice(error.errno or 0, step, machine))


def _advice(number: int, step: str, machine: Machine) -> str:
    if step.startswith(confinement.REACH):
        return CLOSED.format(folder=step.removeprefix(confinement.REACH).strip())
    if step.startswith((view.MAP_IDS, view.MAP_LAYERS)):
        return FEW_IDS if step.startswith(view.MAP_IDS) else UNMAPPED
    if step.startswith("landlock"):
        return NO_LANDLOCK
    if machine.kernel < LOWEST_KERNEL:
        return OLD_KERNEL
    if step.startswith(GIVE_AWAY):
        return ONE_ID
    if machine.namespaces == 0 or number == errno.ENOSPC:
        return MAX_SYSCTL
    if number in _DENIED:
        return _advice_when_denied(step, machine)
    if step.startswith("mount overlay"):
        return SCRATCH
    if number == errno.ENOSYS:
        return CONTAINER if machine.container else OLD_KERNEL
    return "swarm doctor tells more"


def _advice_when_denied(step: str, machine: Machine) -> str:
    if not machine.clone_allowed:
        return CLONE_SYSCTL
    if machine.apparmor_restricts and not machine.root:
        return apparmor(machine.python)
    if step.startswith("mount proc"):
        return MASKED_PROC
    if step.startswith("mount overlay") and not machine.container:
        return SCRATCH
    return CONTAINER


def _version(release: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _number(path: str, default: int) -> int:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):  # a kernel without it, or one that does not show it
        return default
