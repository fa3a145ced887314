"""Turns a new process into one that sees the sandbox's world and nothing else.

Two stages. `gather` binds what the world is made of into a small file system of its own, because the
user who runs the sandbox may not be able to reach it: an interpreter or a repository below a home of
mode 0700. Started as root, this is the only part with root's rights, and nothing of the sandbox has
run yet. `build` runs inside the new namespaces, mounts everything at its place below a new root, and
makes that the root. Where half of it is done ahead, `frame` mounts what is the same in all sandboxes,
and `finish` the rest. All names of gathered things are short and ours: that is why `mount(2)` with its
one page of options, and no quoting, is enough for an overlay of any directory whatever its name.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from swarm.sandbox import kernel

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
_READ_ONLY_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi")
_HIDDEN_PROC = (
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "kmsg",
    "kpagecgroup",
    "kpagecount",
    "kpageflags",
    "sched_debug",
    "timer_list",
    "timer_stats",
)
_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV
_NEW = Path("new")
"""By relative names only: the directories above may be closed to us."""

_FRAME = ("system", "tmpfs", "hide", "file")
"""Kinds of mounts that are the same in all sandboxes."""

MAP_LAYERS = "map owners in"
"""How the step is called in which what sandboxes wrote is shown as another user's."""

MAP_IDS = "map user ids"
"""How the step is called in which a user namespace gets its users."""


class Maps(NamedTuple):
    """User namespaces through whose maps the owners of files are seen; 0: as they are."""

    bases: tuple[int, ...] = ()
    layers: int = 0
    """Of all that sandboxes wrote."""

    system: int = 0
    """Of what is shown of the host."""


def enter(place: str, uid: int, gid: int) -> None:
    """Go to a directory of its own to gather things in, which nobody else sees."""
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    options = f"size=1m,mode=755,uid={uid},gid={gid}" if os.getuid() == 0 else "size=1m,mode=755"
    kernel.mount("tmpfs", place, "tmpfs", _QUIET, options)
    os.chdir(place)
    for name in ("made", "sealed", "new", "again"):
        _directory(name, uid, gid)


def gather(world: dict[str, Any], uid: int, gid: int, maps: Maps = Maps()) -> None:  # noqa: B008
    """Bind the world's parts in the directory that was entered."""
    _gather_layers(world["layers"], "made", maps.layers)
    _gather_layers(world["sealed"], "sealed", maps.layers)
    for number, base in enumerate(world["bases"]):
        _directory(f"b{number}", uid, gid)
        if maps.bases and maps.bases[number]:
            kernel.bind_mapped(base["path"], f"b{number}", maps.bases[number])
        else:
            kernel.bind(base["path"], f"b{number}")
    for number, path in enumerate(world["shown"]):
        _gather_shown(path, f"s{number}", uid, gid, maps.system)
    if maps.system:
        for path in _system(world):
            _gather_shown(path, _gathered(path), uid, gid, maps.system)


def _gather_layers(path: str, name: str, owners: int) -> None:
    if not owners:
        kernel.bind(path, name)
        return
    try:
        kernel.bind_mapped(path, name, owners)
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{MAP_LAYERS} {path}") from error


def copies(world: dict[str, Any], bases: Sequence[int]) -> list[int]:
    """What `gather` would bind, as descriptors to be passed on to who cannot reach it. `bases`: their
    maps. Raises OSError.
    """
    wanted = [(world["layers"], 0), (world["sealed"], 0)]
    wanted += [(base["path"], owners) for base, owners in zip(world["bases"], bases, strict=True)]
    wanted += [(path, 0) for path in world["shown"]]
    made: list[int] = []
    try:
        for path, owners in wanted:
            made.append(kernel.copy_mounts(path, owners, deep=not owners))
    except OSError:
        close(made)
        raise
    return made


def gather_copies(world: dict[str, Any], copies: Sequence[int]) -> None:
    """Put them where `gather` would."""
    bases = (f"b{number}" for number in range(len(world["bases"])))
    shown = (f"s{number}" for number in range(len(world["shown"])))
    for name, mounts in zip(("made", "sealed", *bases, *shown), copies, strict=True):
        if not stat.S_ISDIR(os.fstat(mounts).st_mode):
            Path(name).touch()
        elif name not in ("made", "sealed"):
            Path(name).mkdir()
        kernel.attach(mounts, os.fsencode(name))
    close(copies)


def close(fds: Sequence[int]) -> None:
    for each in fds:
        os.close(each)


def _system(world: dict[str, Any]) -> list[str]:
    return [each["at"] for each in world["mounts"] if each["kind"] == "system"]


def _gathered(path: str) -> str:
    return "h" + path.replace("/", "_")


def _directory(name: str, uid: int, gid: int) -> None:
    Path(name).mkdir(0o755)
    if os.getuid() == 0:
        os.chown(name, uid, gid)


def _gather_shown(path: str, name: str, uid: int, gid: int, owners: int) -> None:
    if Path(path).is_dir():
        _directory(name, uid, gid)
    else:
        Path(name).touch()
    if owners:
        # Who owns it is for the eye: what cannot be mapped is shown as nobody's, as without a map.
        with suppress(OSError):
            kernel.bind_mapped(path, name, owners, deep=True)
            return
    kernel.bind(path, name)


def build(world: dict[str, Any]) -> None:
    """Mount everything, and make it the root directory."""
    _begin(world)
    for each in world["mounts"]:
        _mount(each, _place(_NEW, each["at"]), world["overlays"])
    _end(world)
    _become_root()


def frame_of(world: dict[str, Any]) -> dict[str, Any] | None:
    """What is the same in other sandboxes. None when it cannot be mounted before the rest."""
    mounts = [each for each in world["mounts"] if each["kind"] in _FRAME]
    others = [Path(each["at"]) for each in world["mounts"] if each["kind"] not in _FRAME]
    if any(Path(each["at"]).is_relative_to(other) for each in mounts for other in others):
        return None
    return {each: world[each] for each in ("links", "home", "own_proc")} | {"mounts": mounts}


def frame(world: dict[str, Any]) -> int:
    """Mount that. Returns a descriptor of the mounts, which are nowhere yet."""
    _begin(world)
    for each in world["mounts"]:
        _mount(each, _place(_NEW, each["at"]), ())
    _end(world)
    try:
        return kernel.copy_mounts("new")
    finally:
        kernel.detach("new")


def finish(world: dict[str, Any], frame: int) -> None:
    """Mount the rest of a world of the same frame on that, and make it the root directory."""
    os.umask(0o022)
    kernel.attach(frame, b"new")
    os.close(frame)
    own = Path().stat().st_dev
    for each in world["mounts"]:
        if each["kind"] not in _FRAME or _is_bare(each, own):
            _mount(each, _place(_NEW, each["at"]), world["overlays"])
    _become_root()


def _is_bare(each: dict[str, Any], own: int) -> bool:
    """Whether what hid something of the host's does so no more: it has been replaced since."""
    if each["kind"] not in ("hide", "file"):
        return False
    return _inside(_NEW, each["at"]).lstat().st_dev != own


def _begin(world: dict[str, Any]) -> None:
    os.umask(0o022)
    kernel.mount("tmpfs", "new", "tmpfs", _QUIET, "size=1m,mode=755")
    Path("nothing").touch(0)
    Path("nowhere").mkdir(0)
    for name in ("proc", "sys", "dev", "var"):
        (_NEW / name).mkdir()
    for at, target in world["links"].items():
        _inside(_NEW, at).symlink_to(target)
    _devices(_NEW / "dev")


def _end(world: dict[str, Any]) -> None:
    _inside(_NEW, world["home"]).mkdir(0o700)
    if world["own_proc"]:
        _proc(_NEW / "proc")
    else:
        _bind("/proc", _NEW / "proc")
    _hide_in(_NEW / "proc")


def _become_root() -> None:
    kernel.pivot("new")
    kernel.mount("none", "/", "", kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | _QUIET)


def _inside(new: Path, at: str) -> Path:
    return new / at.removeprefix("/")


def _place(new: Path, at: str) -> Path:
    """Where that path of the sandbox's is while its root is not yet our root."""
    place = new
    for name in at.strip("/").split("/"):
        place /= name
        if place.is_symlink():
            raise OSError(errno.ELOOP, "a symbolic link leads away from it", at)
    return place


def rebuild(at: str, mounts: Sequence[dict[str, Any]], overlays: Sequence[dict[str, Any]]) -> int:
    """Mount again what is at that path and below it, in the directory with what was gathered.
    Returns a descriptor of the mounts, which are nowhere yet.
    """
    again = Path("again")
    for each in mounts:
        below = each["at"].removeprefix(at)
        _mount(each, _place(again, below) if below else again, overlays)
    try:
        return kernel.copy_mounts("again")
    finally:
        kernel.detach("again")


def _mount(each: dict[str, Any], at: Path, overlays: Sequence[dict[str, Any]]) -> None:
    match each["kind"]:
        case "system":
            gathered = _gathered(each["at"])
            _bind(gathered if Path(gathered).exists() else each["at"], at)
        case "shown":
            _bind(f"s{each['source']}", at)
        case "tmpfs":
            at.mkdir(parents=True, exist_ok=True)
            kernel.mount("tmpfs", str(at), "tmpfs", _QUIET, each["text"])
        case "overlay":
            at.mkdir(parents=True, exist_ok=True)
            _overlay(at, overlays[each["source"]])
        case "link":
            at.parent.mkdir(parents=True, exist_ok=True)
            at.symlink_to(each["text"])
        case "hide":
            _bind("nowhere" if at.is_dir() else "nothing", at)
        case "file":
            name = "f" + each["at"].replace("/", "_")
            Path(name).write_text(each["text"])
            _bind(name, at)


def _bind(source: str, at: Path) -> None:
    """Read-only, with all that is mounted below it."""
    if Path(source).is_dir():
        at.mkdir(parents=True, exist_ok=True)
    elif not at.exists():
        at.parent.mkdir(parents=True, exist_ok=True)
        at.touch()
    kernel.bind(source, str(at))
    kernel.protect(str(at), kernel.ATTR_RDONLY | kernel.ATTR_NOSUID)


def _overlay(at: Path, overlay: dict[str, Any]) -> None:
    """Volatile: nothing waits for the disk, neither what runs inside nor the end of the mount, which
    would force all that anybody has written there. What has to last is kept by checkpoints.
    """
    options = (
        f"lowerdir={':'.join(overlay['lowers'])},upperdir={overlay['upper']},"
        f"workdir={overlay['work']},userxattr,volatile,index=off"
    )
    kernel.mount("overlay", str(at), "overlay", _QUIET, options)


def _devices(dev: Path) -> None:
    for name in _DEVICES:
        (dev / name).touch()
        kernel.bind(f"/dev/{name}", str(dev / name))
    for name, target in _DEVICE_LINKS.items():
        (dev / name).symlink_to(target)
    (dev / "pts").mkdir()
    options = "newinstance,ptmxmode=0666,mode=620"
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", str(dev / "pts"), "devpts", flags, options)


def _proc(proc: Path) -> None:
    kernel.mount("proc", str(proc), "proc", _QUIET | kernel.MS_NOEXEC)
    for name in _READ_ONLY_PROC:
        if (proc / name).exists():
            kernel.bind(str(proc / name), str(proc / name))
            kernel.protect(str(proc / name), kernel.ATTR_RDONLY | kernel.ATTR_NOSUID)


def _hide_in(proc: Path) -> None:
    for name in _HIDDEN_PROC:
        if (proc / name).exists():
            kernel.bind("/dev/null", str(proc / name))
