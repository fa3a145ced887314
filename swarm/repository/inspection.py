"""What a user's repository is, before anything is begun on it. Reads only.

Each thing that would fail later, deep in a run, is said here in one sentence instead.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.program import Git, user_git
from swarm.repository.refusals import bare


@dataclass(frozen=True, slots=True)
class RepositoryState:
    top: Path
    """The root of the work tree."""

    base: CommitHash
    """The commit that is checked out."""

    base_tree: TreeHash
    branch: str | None
    """None when HEAD is detached."""

    dirty: bool
    """There are uncommitted changes or unknown files. Agents work on the commit, without them."""

    shallow: bool
    submodules: bool


def inspect(path: Path) -> RepositoryState:
    """Raises Rejected for what is no repository with a commit, NeedsHuman for somebody else's."""
    if not path.is_dir():
        what = "is not a directory" if path.exists() else "does not exist"
        raise Rejected(f"{path} {what}", advice="name a directory in a git repository")
    git = user_git(path.resolve())
    top = _top(git)
    base = _head(git, top)
    at_top = user_git(top)
    return RepositoryState(
        top=top,
        base=base,
        base_tree=TreeHash(git.line("rev-parse", "--verify", f"{base}^{{tree}}")),
        branch=_branch(git),
        dirty=_is_dirty(at_top),
        shallow=git.line("rev-parse", "--is-shallow-repository") == "true",
        submodules=_has_submodules(at_top, base),
    )


def _top(git: Git) -> Path:
    """Raises Rejected inside a bare repository or a `.git`, too."""
    if git.line("rev-parse", "--is-inside-work-tree") != "true":
        raise bare(git.where)
    return Path(git.line("rev-parse", "--show-toplevel"))


def _head(git: Git, top: Path) -> CommitHash:
    answer = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if answer.code != 0:
        raise Rejected(
            f"{top} has no commit to start from", advice="commit what is there, then try again"
        )
    return CommitHash(answer.out.decode().strip())


def _branch(git: Git) -> str | None:
    answer = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    return os.fsdecode(answer.out).strip() if answer.code == 0 else None


def _is_dirty(git: Git) -> bool:
    return bool(git.run("status", "--porcelain", "-z", "--ignore-submodules=all"))


def _has_submodules(git: Git, commit: CommitHash) -> bool:
    entries = git.run("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
    return any(entry.startswith(b"160000 ") for entry in entries)
