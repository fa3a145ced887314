"""What a run of an agent shows of itself, in one form whatever the agent.

Each agent prints documents of its own; a dialect reads them to these. Texts are cut here, so that nothing
behind has to fear what an agent prints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Trouble = Literal[
    "logged-out", "quota", "overloaded", "refused", "failed", "unknown-output", "hanging", "killed",
    "over-budget", "walled",
]  # fmt: skip
"""Every way in which a run ends without a result."""

MOST_TEXT = 4_000


def cut(text: object, most: int = MOST_TEXT) -> str:
    """As text of bounded length; of more, the beginning and the end."""
    told = text if isinstance(text, str) else "" if text is None else str(text)
    if len(told) <= most:
        return told
    half = most // 2
    return f"{told[:half]} [...] {told[-half:]}"


@dataclass(frozen=True, slots=True)
class Began:
    """The agent lives, and said what it is."""

    session: str = ""
    version: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """A tool call begins."""

    call: str
    tool: str
    about: str = ""
    """Its most telling argument: the command, the path."""

    writes: bool = True
    """Whether the tree may be another afterwards."""


@dataclass(frozen=True, slots=True)
class Came:
    """A tool call has ended."""

    call: str
    text: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    read: int = 0
    """All that was read, from a cache or not."""

    cached: int = 0
    said: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(self.read + other.read, self.cached + other.cached, self.said + other.said)


@dataclass(frozen=True, slots=True)
class Spent:
    """Since the last such sighting."""

    tokens: Tokens
    micro_usd: int | None = None
    """By the maker's price list, where the agent says so."""


@dataclass(frozen=True, slots=True)
class Window:
    """A subscription's window of use."""

    name: str = ""
    used: int | None = None
    """Parts per million of it, where that is told."""

    resets_at: int = 0
    """Seconds since 1970; 0: not told."""

    closed: bool = False
    """Nothing is answered before it resets."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The agent says that it has done what it can."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    kind: Trouble
    text: str = ""


Sighting = Began | Said | Used | Came | Spent | Window | Ended | Failed


def brief(arguments: object) -> str:
    """The most telling argument of a tool call."""
    if not isinstance(arguments, Mapping):
        return cut(arguments, 160)
    names = (
        "command",
        "cmd",
        "file_path",
        "filePath",
        "path",
        "pattern",
        "query",
        "url",
        "description",
    )
    found = (arguments[name] for name in names if arguments.get(name))
    what = next(found, "")
    told = " ".join(map(str, what)) if isinstance(what, list | tuple) else str(what)
    return cut(" ".join(told.split()), 160)


def whole(value: object) -> int:
    """A count that an agent told; what is none counts as nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if 0 <= value < 1e15 else 0


def micro(value: object) -> int | None:
    """Dollars that an agent told, in micro-USD."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value * 1_000_000) if 0 <= value < 1e6 else None


def at(document: object, *names: str) -> object:
    """A value in nested documents; None where there is none."""
    for name in names:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def text_of(document: object, *names: str) -> str:
    found = at(document, *names)
    return cut(found) if isinstance(found, str) else ""
