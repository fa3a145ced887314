"""What a repository's own files say about how to work in it, each with file and line.

Read as text: lists in the files written for agents and contributors, and settings of well-known tools.
No file is imported, run or loaded by a parser that could do more than read.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from swarm.domain.lines import in_a_line

GUIDES = (
    "AGENTS.md",
    "CLAUDE.md",
    "CONTRIBUTING.md",
    "CONTRIBUTING.rst",
    ".github/CONTRIBUTING.md",
    "docs/CONTRIBUTING.md",
)
SETTINGS = (
    "pyproject.toml",
    "setup.cfg",
    "tox.ini",
    "ruff.toml",
    ".ruff.toml",
    ".flake8",
    ".editorconfig",
    "pytest.ini",
)
MOST = 24
LONGEST = 240

_ITEM = re.compile(r"\s{0,3}(?:[-*+]|\d+[.)])\s+(\S.*)")
_SECTION = re.compile(r"\s*\[+([^\[\]]+)\]+\s*(?:#.*)?")
_PAIR = re.compile(r"\s*([\w.-]+)\s*[=:]\s*(\S.*)")
_TOLD = re.compile(
    r"line.?length|max.line.length|max.complexity|quote.style|target.version|requires.python"
    r"|indent_(?:style|size)|end_of_line|insert_final_newline|convention|profile"
    r"|strict|disallow_untyped_defs|filterwarnings|addopts|testpaths|select|extend.select",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Convention:
    path: str
    line: int
    claim: str


def conventions(files: Mapping[str, str], most: int = MOST) -> tuple[Convention, ...]:
    """What the files say, guides first; at most `most`, each at most `LONGEST` characters."""
    told = (each for path in GUIDES if path in files for each in _items(path, files[path]))
    pairs = (each for path in SETTINGS if path in files for each in _settings(path, files[path]))
    guides = tuple(islice(told, most * 2 // 3))
    return (*guides, *islice(pairs, most - len(guides)))


def _items(path: str, text: str) -> Iterator[Convention]:
    """Items of lists, with the lines that continue them; code blocks are passed over."""
    start, words, fenced = 0, "", False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        item = None if fenced else _ITEM.fullmatch(line)
        continues = bool(words) and line.startswith("  ") and not fenced and item is None
        if continues:
            words += " " + line.strip()
            continue
        if words:
            yield Convention(path, start, _shortened(words))
        start, words = (number, item.group(1)) if item else (0, "")
    if words:
        yield Convention(path, start, _shortened(words))


def _settings(path: str, text: str) -> Iterator[Convention]:
    """Settings that steer how code is written or tested."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        heading = _SECTION.fullmatch(line)
        if heading:
            section = heading.group(1).strip()
            continue
        pair = _PAIR.fullmatch(line)
        if pair and _TOLD.fullmatch(pair.group(1)) and _is_tools(path, section):
            name = f"{section}: " if section else ""
            yield Convention(path, number, _shortened(f"{name}{pair.group(1)} = {pair.group(2)}"))


def _is_tools(path: str, section: str) -> bool:
    """In shared files only sections of tools, and the project's own table, count."""
    if path == "pyproject.toml":
        return section.startswith("tool.") or section == "project"
    return True


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return in_a_line("".join(sign for sign in words if sign.isprintable()), LONGEST)
