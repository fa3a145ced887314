"""What a sandbox with namespaces shows where: a list of mounts, made before anything is mounted.

The host's system directories, the wanted read-only paths and nothing else of the host; the tree as an
overlay at its own place; fresh and private /tmp, /run, /dev and /proc. Mounts are made from the top
down, so that whatever lies below something else shows on it: a virtual environment on the tree, the
tree on /tmp or below a read-only directory.
"""

import os
import stat
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

Kind = Literal["system", "shown", "tmpfs", "overlay", "hide", "file", "link"]


@dataclass(frozen=True, slots=True)
class Mount:
    at: str
    kind: Kind
    text: str = ""
    """Of a file: its text. Of a link: where it leads. Of a tmpfs: its options."""

    source: int = 0
    """Of a shown path or an overlay: its number among those."""


def mounts(spec: SandboxSpec) -> tuple[Mount, ...]:
    """All of them, in the order in which they are made."""
    room = f"size={spec.limits.tmp_bytes},nr_inodes={spec.limits.inodes},mode=1777"
    wanted = [
        *(Mount(each, "system") for each in _SYSTEM if _is_directory(each)),
        Mount("/tmp", "tmpfs", room),  # noqa: S108
        Mount("/var/tmp", "tmpfs", room),  # noqa: S108
        Mount("/run", "tmpfs", f"size={_RUN_BYTES},mode=755"),
        Mount("/dev/shm", "tmpfs", room),  # noqa: S108
        *(Mount(str(each), "overlay", source=n) for n, each in enumerate(overlays(spec))),
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


def overlays(spec: SandboxSpec) -> tuple[Path, ...]:
    """Where an overlay is: the tree's, then the layers'."""
    return (spec.mount_point, *(_plain(each.at) for each in spec.layers))


def mounts_below(spec: SandboxSpec) -> dict[str, tuple[Mount, ...]]:
    """Each overlay that lies in no other, and all that is mounted on it, itself first."""
    tops: dict[str, list[Mount]] = {}
    for each in mounts(spec):
        above = [top for top in tops if Path(each.at).is_relative_to(top)]
        if above:
            tops[above[0]].append(each)
        elif each.kind == "overlay":
            tops[each.at] = [each]
    return {top: tuple(found) for top, found in tops.items()}


def holes(spec: SandboxSpec, number: int = 0) -> tuple[Path, ...]:
    """What is mounted on that overlay, relative to it."""
    every = overlays(spec)
    place = every[number]
    return tuple(
        each.relative_to(place)
        for each in (*shown(spec), *every)
        if each != place and each.is_relative_to(place) and _innermost(each, every) == place
    )


def inner(spec: SandboxSpec) -> tuple[Path, ...]:
    """All that is shown below the mount point and is not the tree's, relative to it."""
    every = (*shown(spec), *overlays(spec)[1:])
    below = (each for each in every if each.is_relative_to(spec.mount_point))
    return tuple(sorted(each.relative_to(spec.mount_point) for each in below))


def _innermost(path: Path, overlays: tuple[Path, ...]) -> Path:
    """The overlay that the mount at that path is on."""
    around = (each for each in overlays if each != path and path.is_relative_to(each))
    return max(around, key=lambda each: len(each.parts))


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
    _check_layers(spec)


def _check_layers(spec: SandboxSpec) -> None:
    places = overlays(spec)
    taken = {*places, *map(_plain, spec.readonly)}
    if len(taken) != len(places) + len({_plain(each) for each in spec.readonly}):
        raise Rejected("two things cannot be shown at one place")
    for layer in spec.layers:
        at = _plain(layer.at)
        if not layer.at.is_absolute() or str(at) in {"/", *_WHOLE} or _is_taken(at):
            raise Rejected(f"no layer can be shown at {layer.at}: that place is taken inside")
        if not layer.directory.is_dir():
            raise Rejected(f"{layer.directory} cannot be a layer: it is no directory")


def _is_taken(place: Path) -> bool:
    """Below a read-only directory of the host's there is no place but what it has."""
    above = any(place.is_relative_to(each) for each in _TAKEN)
    return above or (any(place.is_relative_to(each) for each in _SYSTEM) and not place.is_dir())


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
    return stat.S_ISDIR(_mode(path))


def _is_link(path: str) -> bool:
    return stat.S_ISLNK(_mode(path))


def _is_file(path: str) -> bool:
    return stat.S_ISREG(_mode(path))


def _may_hide(path: str) -> bool:
    try:
        mode = _mode(path)
    except PermissionError:  # below a directory that nobody else can enter either
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def _mode(path: str) -> int:
    """Of the path itself, not of what it may lead to; 0 when there is none."""
    try:
        return os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
