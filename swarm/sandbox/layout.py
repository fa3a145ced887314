"""What a sandbox with namespaces shows where: a list of mounts, made before anything is mounted.

The host's system directories, the wanted read-only paths and nothing else of the host; the tree as an
overlay at its own place; fresh and private /tmp, /run, /dev and /proc. Mounts are made from the top
down, so that whatever lies below something else shows on it: a virtual environment on the tree, the
tree on /tmp or below a read-only directory.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from swarm.domain.errors import Rejected
from swarm.sandbox.port import SandboxSpec

INSIDE_ID = 1000
"""User and group inside, whoever started it, so that what is executed sees the same everywhere."""

HOME = "/tmp/home"  # noqa: S108

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/opt")
_TAKEN = ("/proc", "/dev", "/sys", "/run", "/etc", "/usr/bin", "/usr/lib")
_WHOLE = {*_SYSTEM, "/tmp", "/var", "/var/tmp", HOME}  # noqa: S108
_RUN_BYTES = 16 << 20

_SECRETS = (
    "/etc/NetworkManager/system-connections",
    "/etc/docker",
    "/etc/environment",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/ipsec.secrets",
    "/etc/ipsec.d",
    "/etc/krb5.keytab",
    "/etc/kubernetes",
    "/etc/letsencrypt",
    "/etc/machine-id",
    "/etc/mysql/debian.cnf",
    "/etc/openvpn",
    "/etc/pki/tls/private",
    "/etc/ppp",
    "/etc/rancher",
    "/etc/security/opasswd",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sssd",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/wireguard",
    "/etc/wpa_supplicant",
)
"""Most are not readable for the user who runs a sandbox; some may be, by a group."""

_OWN_FILES = {
    "/etc/passwd": f"root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
    f"swarm:x:{INSIDE_ID}:{INSIDE_ID}:swarm:{HOME}:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": f"root:x:0:\nswarm:x:{INSIDE_ID}:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
}

Kind = Literal["system", "shown", "tmpfs", "tree", "hide", "file", "link"]


@dataclass(frozen=True, slots=True)
class Mount:
    at: str
    kind: Kind
    text: str = ""
    """Of a file: its text. Of a link: where it leads. Of a tmpfs: its options."""

    source: int = 0
    """Of a shown path: its number among the gathered ones."""


def mounts(spec: SandboxSpec) -> tuple[Mount, ...]:
    """All of them, in the order in which they are made."""
    room = f"size={spec.limits.tmp_bytes},nr_inodes={spec.limits.inodes},mode=1777"
    wanted = [
        *(Mount(each, "system") for each in _SYSTEM if _is_directory(each)),
        Mount("/tmp", "tmpfs", room),  # noqa: S108
        Mount("/var/tmp", "tmpfs", room),  # noqa: S108
        Mount("/run", "tmpfs", f"size={_RUN_BYTES},mode=755"),
        Mount("/dev/shm", "tmpfs", room),  # noqa: S108
        Mount(str(spec.mount_point), "tree"),
        *(Mount(each, "hide") for each in _SECRETS if _may_hide(each)),
        *(Mount(each, "file", text) for each, text in _OWN_FILES.items() if _is_file(each)),
        *(_shown(each, n, spec) for n, each in enumerate(shown(spec))),
    ]
    return tuple(sorted(wanted, key=lambda each: each.at.count("/")))


def _shown(path: Path, number: int, spec: SandboxSpec) -> Mount:
    # A link to a file stays a link: an interpreter finds its library from where that leads to.
    if path.is_symlink() and path.is_file() and not path.is_relative_to(spec.mount_point):
        return Mount(str(path), "link", str(path.readlink()))
    return Mount(str(path), "shown", source=number)


def links() -> dict[str, str]:
    """System directories that are links on the host (`/bin` to `usr/bin`)."""
    return {each: os.path.relpath(Path(each).resolve(), "/") for each in _SYSTEM if _is_link(each)}


def shown(spec: SandboxSpec) -> tuple[Path, ...]:
    """The read-only paths, without those that others show already."""
    wanted = sorted({_plain(each) for each in spec.readonly})
    return tuple(each for each in wanted if not _is_covered(each, wanted, spec.mount_point))


def holes(spec: SandboxSpec) -> tuple[Path, ...]:
    """Those that lie below the mount point, relative to it."""
    inner = (each for each in shown(spec) if each.is_relative_to(spec.mount_point))
    return tuple(each.relative_to(spec.mount_point) for each in inner)


def check(spec: SandboxSpec) -> None:
    """Raises Rejected for a specification that cannot be laid out."""
    place = spec.mount_point
    if not place.is_absolute() or place == Path("/") or ".." in place.parts:
        raise Rejected(f"{place} cannot be a mount point", advice="an absolute path below / can")
    if any(place.is_relative_to(each) for each in _TAKEN) or str(place) in _WHOLE:
        raise Rejected(f"the tree cannot be shown at {place}: that place is taken inside")
    for each in spec.readonly:
        if not each.is_absolute() or not each.exists():
            raise Rejected(f"{each} cannot be shown: there is no such absolute path")
        if place == each or each == Path("/"):
            raise Rejected(f"{each} cannot be shown read-only: the tree is there")


def environment(home: str) -> dict[str, str]:
    """All variables that a command gets unless its caller adds to them."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "LANG": "C.UTF-8",
    }


def _plain(path: Path) -> Path:
    return Path(os.path.normpath(path))


def _is_covered(path: Path, wanted: list[Path], mount_point: Path) -> bool:
    above = [*(Path(each) for each in _SYSTEM if _is_directory(each)), *wanted]
    return any(
        path != each
        and path.is_relative_to(each)
        and not (path.is_relative_to(mount_point) and mount_point.is_relative_to(each))
        for each in above
    ) or any(path.is_relative_to(each) for each in _SYSTEM if _is_link(each))


def _is_directory(path: str) -> bool:
    return not _is_link(path) and Path(path).is_dir()


def _is_link(path: str) -> bool:
    return Path(path).is_symlink()


def _is_file(path: str) -> bool:
    return not _is_link(path) and Path(path).is_file()


def _may_hide(path: str) -> bool:
    try:
        return _is_file(path) or _is_directory(path)
    except PermissionError:  # below a directory that nobody else can enter either
        return False
