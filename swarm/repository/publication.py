"""The one branch that a goal may have in the user's repository, and whether it was merged there.

The branch is created, never moved: git is asked to do it only if there is none of that name. The
receiving side runs without hooks, so nothing of the user's is started; work tree, index,
configuration and all other branches stay as they are.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from swarm.domain.errors import NeedsHuman, Rejected, SwarmError
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.mirror import Mirror
from swarm.repository.program import LONG, TRANSFER, Git, far_side, user_git

Landing = Literal["ancestor", "tree", "patch"]

WRITABLE = re.compile(r"swarm/[a-z0-9][a-z0-9-]{0,60}")
_SEARCHED = 2000
"""So many commits of the default branch are compared with ours."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """What a publisher needs of one repository."""

    mirror: Mirror

    def tree_of(self, commit: CommitHash) -> TreeHash:
        return self.mirror.tree_of(commit)

    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        return self.mirror.stands_on(commit, base)

    def touched(self, base: CommitHash, commit: CommitHash) -> tuple[str, ...]:
        return self.mirror.touched(self.mirror.tree_of(base), self.mirror.tree_of(commit))

    def read_branch(self, branch: str) -> CommitHash | None:
        return read_branch(self.mirror.repository, branch)

    def publish_branch(self, branch: str, commit: CommitHash) -> None:
        publish_branch(self.mirror, self.mirror.repository, branch, commit)


def read_branch(repository: Path, branch: str) -> CommitHash | None:
    return _read(user_git(repository), branch)


def _read(git: Git, branch: str) -> CommitHash | None:
    answer = git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
    return CommitHash(answer.out.decode().strip()) if answer.code == 0 else None


def publish_branch(mirror: Mirror, repository: Path, branch: str, commit: CommitHash) -> None:
    """Create `branch` at `commit`; done already when it is there.

    Raises NeedsHuman when somebody else has a branch of that name, when a branch `swarm` is in the
    way, and when the repository cannot be written.
    """
    if WRITABLE.fullmatch(branch) is None:
        raise Rejected(f"{branch!r} is not a branch that swarm may write")
    theirs = user_git(repository)
    # Looked up by a call that must succeed first: of a repository that git refuses to open,
    # nothing is known, which is not the same as "no such branch".
    theirs.run("rev-parse", "--git-dir")
    there = _read(theirs, branch)
    if there == commit:
        return
    if there is not None:
        raise _taken(repository, branch, there)
    demand_room(repository)
    try:
        _push(mirror, theirs, f"refs/heads/{branch}", commit)
    except SwarmError as error:
        # Somebody may have made the branch since we looked, or another call of ours has.
        there = _read(theirs, branch)
        if there is None:
            raise
        if there != commit:
            raise _taken(repository, branch, there) from error


def demand_room(repository: Path) -> None:
    """Raises NeedsHuman when a branch `swarm` is in the way of all that could be published."""
    if read_branch(repository, "swarm") is not None:
        raise _blocked(repository)


def _push(mirror: Mirror, theirs: Git, ref: str, commit: CommitHash) -> None:
    mirror.git.run(
        "push", "--quiet", "--no-verify", "--no-follow-tags", "--no-recurse-submodules",
        # An empty expectation: the branch must not exist. A plain push would fast-forward one
        # that a person made in this moment.
        f"--force-with-lease={ref}:",
        f"--receive-pack={far_side(theirs, 'receive-pack')}",
        str(theirs.where), f"{commit}:{ref}",
        seconds=LONG, env=TRANSFER, other=theirs.where,
    )  # fmt: skip


def _taken(repository: Path, branch: str, there: CommitHash) -> NeedsHuman:
    return NeedsHuman(
        f"{repository} has a branch {branch} that swarm did not write (at {there})",
        advice=f"keep it under another name: git branch -m {branch} my-{branch.split('/')[1]}",
    )


def _blocked(repository: Path) -> NeedsHuman:
    return NeedsHuman(
        f"a branch named swarm in {repository} leaves no room for branches named swarm/...",
        advice="rename it: git branch -m swarm swarm-old",
    )


def landed(
    repository: Path,
    commit: CommitHash,
    tree: TreeHash,
    default_branch: str,
    *,
    base: CommitHash | None = None,
) -> Landing | None:
    """How a published commit came into the user's branch; None when it did not, or not visibly.

    Looked for in this order: the commit itself (merge, fast-forward), a commit with its very tree
    (squash), commits with its patches (rebase, cherry-pick, squash onto a branch that moved on).
    Commits before ours never count, for the tree may be an old one restored; `base` tells where
    that is when the user has let go of our commits.
    """
    git = user_git(repository)
    if _read(git, default_branch) is None:
        return None
    branch = f"refs/heads/{default_branch}"
    known = _knows(git, commit)
    if known and git.ask("merge-base", "--is-ancestor", commit, branch).code == 0:
        return "ancestor"
    old = [f"^{each}" for each in (commit, base) if each is not None and _knows(git, each)]
    span = (f"--max-count={_SEARCHED}", branch, *old)
    if tree in git.run("log", "--format=%T", *span).decode().split():
        return "tree"
    return "patch" if known and _has_patches(git, commit, branch) else None


def _knows(git: Git, commit: CommitHash) -> bool:
    return git.ask("cat-file", "-e", f"{commit}^{{commit}}").code == 0


def _has_patches(git: Git, commit: CommitHash, branch: str) -> bool:
    fork = git.ask("merge-base", commit, branch).out.decode().strip()
    if not fork:
        return False
    since = (f"--max-count={_SEARCHED}", f"{commit}..{branch}")
    theirs = _patch_ids(git, "log", "-p", "--format=commit %H", *since)
    whole = _patch_ids(git, "diff", fork, commit)
    single = _patch_ids(git, "log", "-p", "--format=commit %H", f"{fork}..{commit}")
    return bool(whole) and (whole <= theirs or single <= theirs)


def _patch_ids(git: Git, verb: str, *argv: str) -> set[str]:
    """Hashes of diffs without line numbers and blanks (git-patch-id)."""
    plain = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--full-index")
    prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
    diffs = git.run(verb, *plain, *prefixes, *argv, "--", seconds=LONG)
    out = git.run("patch-id", "--stable", stdin=diffs).decode()
    return {line.split()[0] for line in out.splitlines()}
