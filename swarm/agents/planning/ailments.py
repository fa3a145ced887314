"""Failures that no change of the code mends: something around the tests is missing.

Read from what the runner printed, by the words with which interpreters, resolvers and plugins say so. It is
a guess to be shown to a person; nothing is decided by it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["dependency", "network", "service", "program", "plugin", "permission", "resources"]


@dataclass(frozen=True, slots=True)
class Ailment:
    kind: Kind
    what: str
    """What is missing, as it was named: a module, a program, a fixture, or the words of the error."""


_MODULE = re.compile(r"No module named '?([\w.]+)'?")
_SIGNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("plugin", re.compile(r"fixture '(\w+)' not found")),
    ("plugin", re.compile(r"'(\w+)' not found in `markers` configuration option")),
    (
        "service",
        re.compile(r"((?:\w+\.)*\w*(?:Connection ?[Rr]efused|OperationalError)[^\n]{0,80})"),
    ),
    ("service", re.compile(r"(could not connect to server[^\n]{0,80})")),
    ("network", re.compile(r"(Name or service not known|Temporary failure in name resolution)")),
    ("network", re.compile(r"(Network is unreachable|No route to host|getaddrinfo failed)")),
    ("network", re.compile(r"(Max retries exceeded with url[^\n]{0,60})")),
    ("program", re.compile(r"FileNotFoundError: .*No such file or directory: '([\w.+-]+)'")),
    ("program", re.compile(r"(?:^|[\s:])([\w.+-]+): (?:command )?not found\s*$", re.MULTILINE)),
    ("permission", re.compile(r"PermissionError: (.{0,80})")),
    ("resources", re.compile(r"(No space left on device|Too many open files|MemoryError)")),
)
_DOTTED = re.compile(r"\.[a-z]{1,5}$")
"""A missing `data.csv` is a file and no program."""


def ailment_of(failure: str, own: Collection[str] = ()) -> Ailment | None:
    """What of the environment the failure speaks of; None when it looks like one of the code.

    `own`: names of the repository's own top-level modules; to miss one of these is a failure of the code.
    """
    told = _told(failure)
    missing = _MODULE.search(told)
    if missing:
        name = missing.group(1).split(".")[0]
        return None if name in own else Ailment("dependency", name)
    for kind, sign in _SIGNS:
        found = sign.search(told)
        if found and not (kind == "program" and _DOTTED.search(found.group(1))):
            return Ailment(kind, found.group(1).strip())
    return None


def _told(failure: str) -> str:
    """The runner's own words: what pytest marks with an E, or the last lines; no quoted source."""
    lines = failure.strip().splitlines()
    marked = [line[1:].strip() for line in lines if line.startswith("E ")]
    return "\n".join(marked or lines[-3:])
