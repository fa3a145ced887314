"""What a repository needs to run its tests, as one value, and why.

A recipe is made of reasons: each says one value of one part, and the file and line that it was read
from. So nothing can be in a recipe that has no reason.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from swarm.domain.frozen import Frozen
from swarm.domain.names import Digest

Language = Literal["python", "node", "go", "rust", "unknown"]
Install = Literal["no", "plain", "editable"]

INSTALLS: tuple[Install, ...] = get_args(Install)
LANGUAGES: tuple[Language, ...] = get_args(Language)

Part = Literal[
    "language",
    "interpreter",
    "lock",
    "requirements",
    "packages",
    "extras",
    "groups",
    "install",
    "steps",
    "test",
    "services",
    "hosts",
    "carry",
    "leave",
    "version",
    "needs",
    "native",
    "note",
]
PARTS: tuple[Part, ...] = get_args(Part)


class Reason(Frozen):
    """One value of one part, and where it stands."""

    part: Part
    value: str
    path: str
    line: int = 0
    """From 1; 0 = the file as a whole."""

    said: str = ""
    """The line, or what follows from the file's being there."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Input(Frozen):
    """A file that a build reads."""

    path: str
    digest: Digest


class Recipe(Frozen):
    language: Language = "unknown"
    interpreter: str = ""
    """For Python a version specifier (`>=3.11,<3.13`); else as the language says it. Empty: any."""

    lock: str = ""
    """The lock file that pins everything."""

    requirements: tuple[str, ...] = ()
    """Files for `-r`."""

    packages: tuple[str, ...] = ()
    """Requirements that stand in no such file."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    install: Install = "no"
    """Whether the project itself is installed."""

    steps: tuple[str, ...] = ()
    """Commands after installing, in the tree."""

    test: str = ""
    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Hosts besides the package index that the build would have to reach."""

    carry: tuple[str, ...] = ()
    """Globs of ignored files that are taken along although nothing shows that they matter."""

    leave: tuple[str, ...] = ()
    """Globs of ignored files that are left behind although they seem to matter."""

    version: str = ""
    """The project's version, where it would be asked of git, which sandboxes do not have."""

    needs: tuple[str, ...] = ()
    """Names of the distributions that are asked for directly."""

    native: tuple[str, ...] = ()
    """Files that the project's compiled parts are made from."""

    note: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def is_built(self) -> bool:
        """There is something to install."""
        parts = (self.lock, self.requirements, self.packages, self.steps)
        return self.language == "python" and (any(parts) or self.install != "no")

    def why(self, part: Part) -> tuple[Reason, ...]:
        return tuple(reason for reason in self.reasons if reason.part == part)


def assembled(reasons: Iterable[Reason], inputs: Iterable[Input] = ()) -> Recipe:
    """A recipe from its reasons. Of parts with one value the first reason counts."""
    kept = tuple(dict.fromkeys(reasons))
    values: dict[str, object] = {}
    for part in PARTS:
        said = tuple(dict.fromkeys(each.value for each in kept if each.part == part))
        if said:
            values[part] = _value(part, said)
    counted = tuple(each for each in kept if _counts(each, values))
    return Recipe.model_validate({**values, "inputs": tuple(inputs), "reasons": counted})


def _value(part: Part, said: tuple[str, ...]) -> object:
    if part == "interpreter":
        return ",".join(said)
    return said if Recipe.model_fields[part].annotation == tuple[str, ...] else said[0]


def _counts(reason: Reason, values: dict[str, object]) -> bool:
    """Not one for a value that lost."""
    value = values[reason.part]
    return reason.part == "interpreter" or reason.value == value or isinstance(value, tuple)
