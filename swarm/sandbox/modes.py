"""The kinds of walls: what each holds, what is lost in it, and when it may be used.

Weaker walls are never fallen back to in silence: which one stands is chosen aloud, recorded with all
that was found behind it, and refused where the code behind it is nobody's whom the user trusts.
"""

from dataclasses import replace
from typing import get_args

from swarm.sandbox.port import Guarantees, SandboxMode

STRONGEST_FIRST: tuple[SandboxMode, ...] = get_args(SandboxMode)

BUILT: tuple[SandboxMode, ...] = STRONGEST_FIRST[:-1]
"""Those with walls, the strongest first."""

_WHOLE = Guarantees(
    own_files=True,
    hides_host_files=True,
    own_network=True,
    own_processes=True,
    own_proc=True,
    copy_on_write=True,
)
_HELD: dict[SandboxMode, Guarantees] = {
    "idmapped": _WHOLE,
    "namespaces": _WHOLE,
    "shared-proc": replace(_WHOLE, own_processes=False, own_proc=False),
    "landlock": Guarantees(own_files=True, hides_host_files=True, own_network=True),
    "unsafe-worktree": Guarantees(),
}
_LOST: dict[SandboxMode, tuple[str, ...]] = {
    "idmapped": (
        "Root's files stay read-only inside: no package of the system can be installed.",
        "A directory of the base cannot be renamed in one step; mv copies it.",
    ),
    "namespaces": (
        "All sandboxes run as one and the same user: you, or nobody if root started them.",
        "What the system has is shown as nobody's.",
    ),
    "shared-proc": (
        "Processes outside are listed with their command lines; nothing else of them can be read.",
        "A process that forks faster than it is looked for can outlive its command.",
    ),
    "landlock": (
        "The tree is a copy at a path of its own: environments that name the user's path find"
        " nothing there.",
        "There is no network at all, not even inside: no database, no server.",
        "Processes outside are listed with their command lines; before Linux 6.12 those of the same"
        " user can be signalled.",
        "Permissions and times of the same user's files can be changed, their bytes cannot.",
        "Temporary files are below $TMPDIR; /tmp and shared memory with a name are closed.",
        "The number of processes is not bounded by the kernel, and making one costs time that grows"
        " with the tree.",
    ),
    "unsafe-worktree": (
        "Nothing is held: files, keys, processes and network of this user are within reach.",
    ),
}


_UNHELD = {
    "own_files": "Files of the user who runs swarm could be changed.",
    "hides_host_files": "Files of that user could be read, keys among them.",
    "own_network": "The network could be reached.",
    "own_processes": "Processes of the machine were listed with their commands.",
}
"""By the guarantee that is not given."""


def guarantees(mode: SandboxMode) -> Guarantees:
    """What a sandbox of that mode holds on any machine where it can be made."""
    return _HELD[mode]


def lost(mode: SandboxMode) -> tuple[str, ...]:
    """What it does not hold, against the mode above it: one sentence each."""
    return _LOST[mode]


def unheld(mode: SandboxMode) -> tuple[str, ...]:
    """What that mode does not hold of what a sandbox is for, for whoever relies on it."""
    return tuple(told for name, told in _UNHELD.items() if not getattr(_HELD[mode], name))


def is_at_least(mode: SandboxMode, wanted: SandboxMode) -> bool:
    return STRONGEST_FIRST.index(mode) <= STRONGEST_FIRST.index(wanted)


def permitted(
    mode: SandboxMode, *, unattended: bool, trusted: bool, noted: SandboxMode | None
) -> str:
    """Why sandboxes of that mode may not be used for a goal; empty when they may.

    `trusted`: the goal's text is the user's own. `noted`: the weakest mode to which the user has
    agreed in the settings. An unsafe worktree is never used unattended for what others wrote.
    """
    if is_at_least(mode, "shared-proc") or trusted or not unattended:
        return ""
    if mode == "unsafe-worktree":
        return "an unsafe worktree is never used unattended for goals that others wrote"
    if noted is not None and is_at_least(mode, noted):
        return ""
    return (
        f"sandboxes of mode {mode} are not used unattended for goals that others wrote, unless the"
        f' settings say sandbox = "{mode}"'
    )
