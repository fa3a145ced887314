"""Failures that no change of the code mends: something around the tests is missing.

Read from what the runner printed, by the words with which interpreters, resolvers and plugins say so. It is
a guess to be shown to a person; nothing is decided by it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "dependency",
    "installation",
    "network",
    "service",
    "program",
    "plugin",
    "permission",
    "resources",
    "locale",
]


@dataclass(frozen=True, slots=True)
class Ailment:
    kind: Kind
    what: str
    """What is missing, as it was named: a module, a program, a fixture, or the words of the error. An
    installation is the repository's own: its code is there, and the interpreter does not find it.
    """


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
    ("locale", re.compile(r"locale\.Error: (unsupported locale setting[^\n]{0,60})")),
)
_REFUSED = re.compile(r"unrecognized arguments: (--?[\w-]+)")
_OPTIONS = {
    "--asyncio": "pytest-asyncio",
    "--benchmark": "pytest-benchmark",
    "--cov": "pytest-cov",
    "--no-cov": "pytest-cov",
    "--disable-socket": "pytest-socket",
    "--dist": "pytest-xdist",
    "--numprocesses": "pytest-xdist",
    "-n": "pytest-xdist",
    "--ds": "pytest-django",
    "--reuse-db": "pytest-django",
    "--reruns": "pytest-rerunfailures",
    "--timeout": "pytest-timeout",
}
"""Options of pytest by how they begin, with the package that knows them."""

_DOTTED = re.compile(r"\.[a-z]{1,5}$")
"""A missing `data.csv` is a file and no program."""


def ailment_of(failure: str, own: Collection[str] = ()) -> Ailment | None:
    """What of the environment the failure speaks of; None when it looks like one of the code.

    `own`: names of the repository's own top-level modules; to miss a part of one of these is a failure of
    the code, to miss it as a whole is none: it lies there, and is not installed.
    """
    told = _told(failure)
    missing = _MODULE.search(told)
    if missing:
        name, dot, _ = missing.group(1).partition(".")
        if name in own:
            return None if dot else Ailment("installation", name)
        return Ailment("dependency", name)
    refused = _REFUSED.search(told)
    if refused:
        return Ailment("plugin", _knowing(refused.group(1)))
    for kind, sign in _SIGNS:
        found = sign.search(told)
        if found and not (kind == "program" and _DOTTED.search(found.group(1))):
            return Ailment(kind, found.group(1).strip())
    return None


def _knowing(option: str) -> str:
    """The package that brings the option; the option itself where that is not known."""
    known = (name for begin, name in _OPTIONS.items() if option.startswith(begin))
    return next(known, option)


def _told(failure: str) -> str:
    """The runner's own words: what pytest marks with an E, or the last lines; no quoted source."""
    lines = failure.strip().splitlines()
    marked = [line[1:].strip() for line in lines if line.startswith("E ")]
    return "\n".join(marked or lines[-3:])
