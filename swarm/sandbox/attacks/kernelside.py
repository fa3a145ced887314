"""Attacks by way of system calls, terminals, clocks and what programs of one machine share."""

from swarm.sandbox.attacks import on_kernel
from swarm.sandbox.attacks.definition import Attack, Control, NoControl, Way
from swarm.sandbox.attacks.walls import NO_WALL

_BARE = Control("bare")
_SHARED_MEMORY = "/dev/shm"  # noqa: S108
_ROOT = NoControl("only this machine's root can do it")


def _call(name: str, control: Control | NoControl = _BARE) -> Way:
    return Way(f"call {name}", on_kernel.reach_call, (name,), control)


MOUNTS = Attack(
    7,
    "change what is mounted",
    "A read-only view is made writable, or another view is put in its place.",
    (
        Way("mount a file system", on_kernel.mount_new, (), _BARE),
        Way("bind a directory", on_kernel.bind, (), _BARE),
        Way("make the root writable", on_kernel.remount, ("/",), _ROOT),
        Way("make /usr writable", on_kernel.remount, ("/usr",), _ROOT),
        Way("unmount what hides", on_kernel.unmount, (_SHARED_MEMORY,), _BARE),
        Way("change the root directory", on_kernel.change_root, (), _BARE),
        *map(_call, ("fsopen", "open_tree", "mount_setattr", "pivot_root")),
    ),
    NO_WALL,
)

NAMESPACES = Attack(
    8,
    "make a user namespace, or enter another one",
    "Inside a new one it would have all rights, and with them most of the kernel's holes.",
    (
        Way("by unshare", on_kernel.unshare_user, (), _BARE),
        Way("by clone", on_kernel.clone_user, (), _BARE),
        Way("by clone3", on_kernel.clone3_user, (), _BARE),
        Way("enter the network's", on_kernel.enter_namespace, ("net",), _BARE),
        Way("enter the mounts'", on_kernel.enter_namespace, ("mnt",), _BARE),
    ),
    NO_WALL,
)

_MAY_BE_CLOSED = Control("bare", unless="many machines refuse it to everybody but root")

CALLS = Attack(
    16,
    "call the parts of the kernel that had most holes",
    "One mistake in the kernel, reached from inside, ends every wall.",
    (
        *map(_call, ("io_uring_setup", "keyctl", "add_key", "request_key", "personality")),
        *(
            _call(name, _MAY_BE_CLOSED)
            for name in ("bpf", "perf_event_open", "userfaultfd", "syslog", "fanotify_init")
        ),
        *(
            _call(name, _ROOT)
            for name in (
                "kexec_load",
                "init_module",
                "delete_module",
                "reboot",
                "swapon",
                "quotactl",
            )
        ),
    ),
    NO_WALL,
)

CONVENTIONS = Attack(
    17,
    "call the kernel by another convention",
    "By the 32-bit numbers, a filter that knows only the usual ones lets everything through.",
    (
        Way(
            "by int 0x80",
            on_kernel.call_by_int80,
            (),
            Control("outside", unless="this kernel may have no 32-bit calls"),
        ),
        Way(
            "by x32",
            on_kernel.call_by_x32,
            (),
            Control("outside", unless="hardly a kernel has it"),
        ),
    ),
    NO_WALL,
)

TERMINALS = Attack(
    18,
    "type into the user's terminal",
    "What is typed there runs as the user, after swarm has ended.",
    (
        Way(
            "by TIOCSTI",
            on_kernel.type_into_terminal,
            (),
            Control("outside", unless="newer kernels refuse it to everybody"),
        ),
        Way("by TIOCLINUX", on_kernel.type_by_selection, (), NoControl("it needs a console")),
        Way(
            "open the terminal that swarm was started from",
            on_kernel.open_terminal,
            ("",),
            Control("inside", arguments=("own",), unless="the mode may show no terminals at all"),
        ),
    ),
    NO_WALL,
)

SHARED = Attack(
    19,
    "use memory and queues that programs share by number or name",
    "Databases and desktops keep what they do there, with no file that a view could hide.",
    (
        Way("shared memory", on_kernel.open_shared_memory, ("{key}",), Control("outside")),
        Way(
            "a message queue",
            on_kernel.open_queue,
            ("{queue}",),
            Control("outside", unless="this kernel may have none"),
        ),
    ),
    NO_WALL,
)

CLOCK = Attack(
    22,
    "set clock and host name",
    "With a wrong clock certificates and logs are wrong.",
    (
        Way("set the clock", on_kernel.set_clock, (), _ROOT),
        _call("clock_settime"),
        Way("set the host's name", on_kernel.set_host_name, (), _BARE),
    ),
    NO_WALL,
)

ALL = (MOUNTS, NAMESPACES, CALLS, CONVENTIONS, TERMINALS, SHARED, CLOCK)
