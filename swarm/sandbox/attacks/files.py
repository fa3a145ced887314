"""Attacks on files of the host: written, read, opened past their names, made as devices."""

from swarm.sandbox.attacks import on_files
from swarm.sandbox.attacks.bundle import Program
from swarm.sandbox.attacks.definition import Attack, Control, Expectations, Expected, NoControl, Way
from swarm.sandbox.attacks.walls import NO_WALL

_REAL = NoControl("it would read this machine's real secrets")
_ROOT = NoControl("only this machine's root can do it")

_OWN = "{tree}/a"

_DIRECTORIES = ("/", "/etc", "/usr", "/usr/lib", "/opt", "/dev", "/proc", "/sys", "/run/lock")

_BY_NAME = (
    ("by its absolute path", on_files.append),
    ("by going up from the tree", on_files.append_from_above),
    ("by /proc/self/cwd", on_files.append_by_proc),
    ("by /proc/self/root", on_files.append_by_root),
    ("by a hard link", on_files.append_by_link),
    ("by a symbolic link", on_files.append_by_symbolic_link),
)

_HOME_SECRETS = (
    ".ssh",
    ".netrc",
    ".aws",
    ".bash_history",
    ".config/gh",
    ".gnupg",
    ".kube",
    ".docker",
    ".claude",
)
_FOR_ALL = ("/etc/ssh", "/etc/machine-id")
"""Nothing for others to know, and yet readable for every user of the machine."""

_SHOWN_ETC: Expectations = {
    "landlock": Expected("allowed", "of /etc, what every user of the machine may read")
}
_SYSTEM_SECRETS = (
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    *_FOR_ALL,
    "/etc/ssl/private",
    "/etc/krb5.keytab",
    "/var/lib",
    "/var/log",
    "/mnt",
    "/media",
    "/srv",
)


def _append(path: str) -> Way:
    control = Control("inside", arguments=(_OWN,))
    return Way(f"open {path} for writing", on_files.append, (path,), control, needs=path)


def _create(directory: str) -> Way:
    control = Control("inside", arguments=("{tree}",))
    return Way(f"make a file in {directory}", on_files.create, (directory,), control, directory)


def _planted(name: str, path: str, program: Program = on_files.append) -> Way:
    return Way(name, program, (path,), Control("outside"))


def _secret(path: str) -> Way:
    expected = _SHOWN_ETC if path in _FOR_ALL else {}
    return Way(f"read {path}", on_files.read, (path,), _REAL, path, expected)


WRITING = Attack(
    1,
    "write files of the system",
    "A program on the host is replaced, and the next who starts it runs the attacker's.",
    (
        *map(_append, ("/etc/passwd", "/etc/hosts", "/usr/bin/env", "/bin/sh")),
        *map(_create, _DIRECTORIES),
        Way(
            "change permissions of /usr/bin/env",
            on_files.permit,
            ("/usr/bin/env",),
            Control("inside", arguments=(_OWN,)),
        ),
        Way(
            "write to the interpreter that is shown",
            on_files.append,
            ("{library}",),
            Control("inside", arguments=(_OWN,)),
        ),
    ),
    NO_WALL,
)

BASE = Attack(
    2,
    "write to the base, or to anything of the user's, by another name",
    "The user's own repository changes under the hands of agents that nobody has checked.",
    (
        *(_planted(f"the base, {how}", "{base}/a", program) for how, program in _BY_NAME),
        *(_planted(f"a file beside it, {how}", "{secret}", program) for how, program in _BY_NAME),
        _planted("make a file beside the base", "{outside}", on_files.create),
        _planted("list the folder of all sandboxes", "{boxes}", on_files.read),
    ),
    NO_WALL,
)

SECRETS = Attack(
    3,
    "read keys and passwords",
    "Keys leave with the work, in a diff or in a model's context.",
    (
        _planted("read a planted key", "{secret}", on_files.read),
        _planted("list the planted home", "{outside}/home/.ssh", on_files.read),
        *(_secret(f"{{home}}/{each}") for each in _HOME_SECRETS),
        *map(_secret, _SYSTEM_SECRETS),
    ),
    NO_WALL,
)

SETTINGS = Attack(
    6,
    "write settings of the kernel",
    "A setting such as core_pattern names a program that the kernel starts as root.",
    (
        *(
            Way(f"write to {path}", on_files.write_same, (path,), _ROOT, needs=path)
            for path in (
                "/proc/sys/kernel/core_pattern",
                "/proc/sys/kernel/modprobe",
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/fs/binfmt_misc/status",
            )
        ),
        Way(
            "write to a setting of one's own network",
            on_files.write_same,
            ("/proc/sys/net/ipv4/ip_forward",),
            Control("bare"),
        ),
        Way(
            "press a debugging key",
            on_files.ask_for_help,
            ("/proc/sysrq-trigger",),
            _ROOT,
            needs="/proc/sysrq-trigger",
        ),
    ),
    NO_WALL,
)

HANDLES = Attack(
    9,
    "open files by handle instead of by name",
    "Any file of the file system is opened by its number, past all directories (“shocker”).",
    (
        Way("make a handle", on_files.name_handle, (), Control("outside")),
        Way("open a handle", on_files.open_handle, (), _ROOT),
    ),
    NO_WALL,
)


def _device(path: str) -> Way:
    return Way(f"read {path}", on_files.read, (path,), _ROOT, needs=path)


def _made(kind: str, path: str, major: int, minor: int) -> Way:
    arguments = (path, kind, str(major), str(minor))
    control = Control("inside", arguments=(path, "fifo", "0", "0"))
    return Way(f"make a {kind} device at {path}", on_files.make_device, arguments, control)


DEVICES = Attack(
    10,
    "reach devices",
    "A disk read as a device shows all files of the host, whatever their permissions.",
    (
        _made("block", "{tmp}/disk", 254, 0),
        _made("block", "{tree}/disk", 8, 0),
        _made("character", "{tmp}/memory", 1, 1),
        _made("character", "{tree}/memory", 1, 1),
        Way(
            "make an overlay's mark of removal in the tree",
            on_files.make_device,
            ("{tree}/mark", "character", "0", "0"),
            Control("inside", arguments=("{tree}/mark", "fifo", "0", "0")),
        ),
        *map(_device, ("/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/kvm", "/dev/port")),
        *map(_device, ("/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/xvda", "/dev/loop-control")),
        *map(_device, ("/proc/kcore", "/proc/kmsg")),
    ),
    NO_WALL,
)

SYS = Attack(
    23,
    "reach /sys and control groups",
    "Control groups name a program that the host starts as root (release_agent); /sys lists all"
    " hardware.",
    (
        Way("look at devices", on_files.read, ("/sys/class",), Control("outside")),
        Way(
            "look at control groups",
            on_files.read,
            ("/sys/fs/cgroup",),
            Control("outside"),
            needs="/sys/fs/cgroup",
        ),
        *(
            Way(f"write to {path}", on_files.append, (path,), _ROOT, needs=path)
            for path in (
                "/sys/fs/cgroup/release_agent",
                "/sys/fs/cgroup/cgroup.procs",
                "/sys/kernel/uevent_helper",
                "/proc/sys/kernel/core_pattern",
            )
        ),
    ),
    NO_WALL,
)

ALL = (WRITING, BASE, SECRETS, SETTINGS, HANDLES, DEVICES, SYS)
