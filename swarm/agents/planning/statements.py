"""What a planner learned of a repository, as facts for those who come after.

Bounded in number and length; whatever comes from the repository is quoted, never obeyed.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from swarm.agents.planning.conventions import conventions
from swarm.agents.planning.grouping import Group
from swarm.agents.planning.suspicion import is_test_file
from swarm.domain.evidence import SuiteRun
from swarm.domain.facts import Fact, FactKind
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId

MOST_PACKAGES = 12
MOST_NAMES = 20
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Author:
    """Who states it, of what, and when (seconds since 1970)."""

    goal: Goal
    agent_id: AgentId
    at: int

    def state(
        self, kind: FactKind, subject: str, claim: str, *, path: str = "", line: int = 0,
        file_hash: str = "",
    ) -> Fact:  # fmt: skip
        return Fact(
            kind=kind,
            subject=subject[:LONGEST],
            claim=claim[:LONGEST],
            path=path,
            line=line,
            file_hash=file_hash,
            commit=self.goal.base,
            goal_id=self.goal.goal_id,
            by=self.agent_id,
            at=self.at,
        )


def statements(
    author: Author,
    paths: Sequence[str],
    files: Mapping[str, bytes],
    run: SuiteRun,
    groups: Sequence[Group],
) -> tuple[Fact, ...]:
    """Structure, test command, conventions, and the files that belong to each group."""
    return (
        *_structure(author, paths),
        _test_command(author, run),
        *_conventions(author, files),
        *_related(author, groups),
    )


def blob_hash(data: bytes, tree: str) -> str:
    """Git's name for a file's bytes, in the hash that the repository uses."""
    name = "sha256" if len(tree) == 64 else "sha1"
    return hashlib.new(name, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _structure(author: Author, paths: Sequence[str]) -> Iterator[Fact]:
    """One fact for each folder with Python files, those with the most first."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        if path.endswith(".py"):
            pure = PurePosixPath(path)
            folders.setdefault(str(pure.parent), []).append(pure.stem)
    largest = Counter({folder: len(names) for folder, names in folders.items()})
    for folder, count in largest.most_common(MOST_PACKAGES):
        names = sorted(folders[folder])
        kind = "test modules" if is_test_file(f"{folder}/{names[0]}.py") else "modules"
        more = f" and {count - MOST_NAMES} more" if count > MOST_NAMES else ""
        claim = f"{count} {kind}: {', '.join(names[:MOST_NAMES])}{more}"
        yield author.state("structure", folder, claim)


def _test_command(author: Author, run: SuiteRun) -> Fact:
    counts = Counter(row.outcome for row in run.outcomes)
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    command = " ".join(author.goal.environment.command)
    return author.state("test-command", "repository", f"{command}: {told or run.broken[:200]}")


def _conventions(author: Author, files: Mapping[str, bytes]) -> Iterator[Fact]:
    texts = {path: data.decode("utf-8", "replace") for path, data in files.items()}
    for each in conventions(texts):
        yield author.state(
            "convention",
            "repository",
            each.claim,
            path=each.path,
            line=each.line,
            file_hash=blob_hash(
                texts[each.path].encode("utf-8", "surrogateescape"), author.goal.base_tree
            ),
        )


def _related(author: Author, groups: Sequence[Group]) -> Iterator[Fact]:
    for group in groups:
        if group.files:
            claim = f"fails together with {len(group.targets) - 1} others; look in "
            if len(group.targets) == 1:
                claim = "fails; look in "
            yield author.state("related", group.targets[0], claim + ", ".join(group.files[:8]))
