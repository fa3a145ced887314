"""Attacks on other processes, and on what one's own may do."""

from swarm.sandbox.attacks import lasting, on_processes
from swarm.sandbox.attacks.definition import Attack, Control, NoControl, Procedure, Way
from swarm.sandbox.attacks.walls import LISTED, NO_WALL

_SEEN = NoControl("looking at one's own is the control of the next")

TOKENS = Attack(
    4,
    "find the supervisor's tokens in an environment",
    "Whoever has the token acts as the user, at the model's provider or on the forge.",
    (
        Way(
            "among one's own variables",
            on_processes.environment_holds,
            ("{token}",),
            Control("inside", arguments=("PATH",)),
        ),
        Way(
            "among those of any process",
            on_processes.an_environment_holds,
            ("{token}",),
            Control("outside"),
        ),
        Way(
            "on a command line",
            on_processes.a_command_line_holds,
            ("{token}",),
            Control("outside"),
            expected=LISTED,
        ),
        Way("count processes", on_processes.see_processes, (), Control("outside"), expected=LISTED),
    ),
    NO_WALL,
)


def _look(name: str) -> Way:
    control = Control("inside", arguments=("child", name))
    return Way(f"look at its {name}", on_processes.look_into, ("server", name), control)


LOOKING = Attack(
    5,
    "look into the sandbox's server",
    "It holds descriptors of the outside, and is not as confined as what it runs.",
    tuple(
        map(
            _look,
            (
                "root/etc",
                "cwd/.",
                "exe",
                "fd",
                "fd/0",
                "mem",
                "environ",
                "maps",
                "map_files",
                "ns/mnt",
            ),
        )
    ),
    NO_WALL,
)

_PROGRAMS = (
    ("trace it", on_processes.trace),
    ("read its memory", on_processes.read_memory),
    ("take one of its descriptors", on_processes.take_descriptor),
    ("set its limits", on_processes.set_limit),
)
_REFUSED_TO_ALL = ("read its memory", "take one of its descriptors", "set its limits")

TRACING = Attack(
    11,
    "trace the sandbox's server, or take from it",
    "It could be made to report success, or to do what it must not.",
    tuple(
        Way(
            name,
            program,
            ("server",),
            # What the filter refuses for everybody gets through only where there is no filter.
            Control("bare" if name in _REFUSED_TO_ALL else "inside", arguments=("child",)),
        )
        for name, program in _PROGRAMS
    ),
    NO_WALL,
)

SIGNALS = Attack(
    12,
    "signal processes outside, or the sandbox's server",
    "The editor, the supervisor or the machine's services end.",
    (
        Way(
            "signal a process of the user's",
            on_processes.send_signal,
            ("{pid}",),
            Control("outside"),
            expected=NO_WALL,
        ),
        Way(
            "signal the supervisor",
            on_processes.send_signal,
            ("{supervisor}",),
            Control("outside"),
            expected=NO_WALL,
        ),
        Way(
            "kill the server",
            on_processes.kill_server,
            (),
            NoControl("the server of a weaker place is no other program"),
            expected=NO_WALL,
        ),
        Procedure(
            "kill all that can be seen, and go on",
            lasting.kill_everything,
            NoControl("it would end everything that the user runs"),
            expected=NO_WALL,
        ),
    ),
)

RIGHTS = Attack(
    20,
    "gain rights by a program that has them",
    "A setuid program with a mistake is all that it takes to become root.",
    (
        Way(
            "start programs that give rights", on_processes.may_gain_rights, (), Control("outside")
        ),
        Way("hold rights", on_processes.holds_rights, (), Control("bare")),
        Way("call the kernel unfiltered", on_processes.is_unfiltered, (), Control("outside")),
        Way("become root", on_processes.become_root, (), Control("bare")),
        Way("mount by mount(8)", on_processes.mount_by_program, (), Control("bare")),
    ),
    NO_WALL,
)

DESCRIPTORS = Attack(
    21,
    "use what was left open",
    "One forgotten descriptor of a directory leads out of every view.",
    (
        Way(
            "find one",
            on_processes.keeps_a_descriptor,
            (),
            Control("inside", on_processes.keeps_a_descriptor_when_one_is_opened),
        ),
    ),
)

ALL = (TOKENS, LOOKING, TRACING, SIGNALS, RIGHTS, DESCRIPTORS)
