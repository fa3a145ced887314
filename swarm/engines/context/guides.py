"""What a repository tells those who work in it: guides for agents and people, and skills.

Guides (AGENTS.md, CLAUDE.md, CONTRIBUTING.md) are told whole; of folders below the root the one of agents,
where the task touches them. A skill (SKILL.md with a front matter, agentskills.io) is told by its name and
what it is for: who needs it reads it. All of it is text of the repository's, and nothing of it is run.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.sandbox.public_api import Sandbox

AT_ROOT = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
BELOW = ("AGENTS.md", "CLAUDE.md")
FOLDERS = (".claude/skills", ".agents/skills", ".codex/skills", "skills")
FILE = "SKILL.md"
MOST_SKILLS = 24
MOST_BELOW = 6
MOST_BYTES = 64 << 10
MOST_NAME, MOST_DESCRIPTION = 64, 300

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"([a-z][a-z-]*):[ \t]*(.*)")


class Skill(Frozen):
    path: str
    name: str
    description: str


def wanted(touched: Iterable[str]) -> tuple[str, ...]:
    """Files that may be guides for a task that touches these, the root's first."""
    folders = dict.fromkeys(
        folder.as_posix()
        for path in touched
        for folder in reversed(PurePosixPath(path).parents)
        if folder.parts and not folder.is_absolute() and ".." not in folder.parts
    )
    below = [f"{folder}/{name}" for folder in folders for name in BELOW]
    return (*AT_ROOT, *below[: MOST_BELOW * len(BELOW)])


def skill(path: str, text: str) -> Skill | None:
    """None for what is none: without a front matter, or with one that names and describes nothing."""
    front = _FRONT.match(text)
    told = dict(_pairs(front.group(1))) if front else {}
    name, description = told.get("name", ""), told.get("description", "")
    if not name or not description:
        return None
    return Skill(path=path, name=name[:MOST_NAME], description=description[:MOST_DESCRIPTION])


def _pairs(front: str) -> Iterator[tuple[str, str]]:
    """Keys at the margin, each with its text, also where that goes on over indented lines."""
    key, words = "", list[str]()
    for line in (*front.splitlines(), "end:"):
        if found := _KEY.fullmatch(line):
            yield key, " ".join(" ".join(words).split()).strip("\"'")
            key, words = found.group(1), [found.group(2).removeprefix("|").removeprefix(">")]
        elif line[:1].isspace():
            words.append(line)


async def skills(sandbox: Sandbox) -> tuple[Skill, ...]:
    """Those that lie where agents look for them, by path."""
    named = ("-mindepth", "2", "-maxdepth", "2", "-type", "f", "-name", FILE)
    result = await sandbox.exec(("find", *FOLDERS, *named, "-print0"), wall_seconds=20)
    paths = sorted(result.stdout.decode("utf-8", "replace").split("\0"))
    found = [await _read(sandbox, path) for path in paths if path][:MOST_SKILLS]
    return tuple(each for each in found if each is not None)


async def _read(sandbox: Sandbox, path: str) -> Skill | None:
    try:
        data = await sandbox.read(sandbox.root / path, MOST_BYTES)
    except Rejected:
        return None
    return skill(path, data.decode("utf-8", "replace"))


def listed(found: Iterable[Skill]) -> str:
    return "\n".join(f"{each.path}:1 {each.name}: {each.description}" for each in found)
