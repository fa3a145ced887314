"""Several patches become one tree: three-way merges in plan order, without a work tree.

Each patch says what it was made on. `git merge-tree` finds that by ancestry, so both sides become
children of one throw-away commit. Nobody resolves a conflict here: it is reported with the number
of the patch that did not fit, which is worked on again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm.domain.names import CommitHash, TreeHash
from swarm.repository import loose
from swarm.repository.paths import shown
from swarm.repository.program import QUICK, Git
from swarm.repository.refusals import translated

Patch = tuple[TreeHash, TreeHash]
"""The tree that work began on, and the tree that it led to."""


@dataclass(frozen=True, slots=True)
class Joined:
    tree: TreeHash
    trees_in_order: tuple[TreeHash, ...]
    """The tree after each patch; the last is `tree`."""


@dataclass(frozen=True, slots=True)
class Conflict:
    index: int
    """Of the patch that does not fit onto those before it."""

    paths: tuple[str, ...]


def join(git: Git, base_tree: TreeHash, patches: Sequence[Patch]) -> Joined | Conflict:
    """Raises Lacking when git is older than 2.38."""
    tree, after = base_tree, list[TreeHash]()
    for index, (origin, result) in enumerate(patches):
        merged = _merged(git, origin, tree, result)
        if isinstance(merged, tuple):
            return Conflict(index, merged)
        tree = merged
        after.append(tree)
    return Joined(tree, tuple(after))


def _merged(
    git: Git, origin: TreeHash, ours: TreeHash, theirs: TreeHash
) -> TreeHash | tuple[str, ...]:
    """The merged tree, or the paths in conflict."""
    if ours in {origin, theirs}:
        return theirs
    if theirs == origin:
        return ours
    root = commit(git, origin, (), "origin", at=0)
    sides = [commit(git, tree, (root,), "side", at=0) for tree in (ours, theirs)]
    argv = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *sides)
    answer = git.ask(*argv, seconds=QUICK)
    if answer.code not in {0, 1}:
        raise translated("merge-tree", answer.code, answer.err, git.where)
    tree, *paths = answer.out.split(b"\0")[:-1]
    if answer.code == 1:
        return tuple(sorted({shown(path) for path in paths if path}))
    return TreeHash(tree.decode())


def commit(
    git: Git, tree: TreeHash, parents: Sequence[CommitHash], message: str, *, at: int
) -> CommitHash:
    """A commit by swarm at `at` (seconds since 1970). The same values give the same hash."""
    text = message.encode("utf-8", "replace").replace(b"\0", b"") or b"(no message)"
    data = loose.commit_text(tree, parents, text, at=at)
    return CommitHash(loose.put(git.where, "commit", data, len(tree)))
