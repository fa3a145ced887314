"""Which users of the machine sandboxes run as when root starts them: never root.

Mode `idmapped` gives each sandbox a user of its own, drawn from ids that no distribution, container
engine or systemd gives to anybody (systemd.io/UIDS-GIDS: unused from 0x70000000 to 0x7FFDFFFF), so
that nobody else on the machine is that user, and no two sandboxes are. On disk, all that sandboxes
wrote belongs to one user; id-mapped mounts show it as the sandbox's own. So a checkpoint fits any
sandbox, of this mode or another.
"""

import secrets

_LOWEST, _HIGHEST = 0x70000000, 0x7FFDFFFF

SYSTEM_COUNT = 1000
"""Users of the system, root among them. Their files are shown inside as theirs. What belongs to
people is not: one of them may have the number that a sandbox has inside.
"""

_FIRST_OWN = _LOWEST + SYSTEM_COUNT

SYSTEM_MAP = f"0 {_LOWEST} {SYSTEM_COUNT}"
"""From ids on disk, and inside, to the machine's. Nothing runs as one of these."""


def draw() -> int:
    """For one sandbox. That two are the same is as likely as one in a quarter of a billion."""
    return _FIRST_OWN + secrets.randbelow(_HIGHEST - _FIRST_OWN + 1)


def mapped(inside: int, user: int) -> str:
    """The users of a sandbox, as the kernel wants to have them."""
    return f"{SYSTEM_MAP}\n{inside} {user} 1\n"
