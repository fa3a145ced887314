"""What people name: a branch or a commit by any of its names, and a patch in a file."""

import hashlib
import tempfile
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.paths import checked
from swarm.repository.program import LONG, Git, user_git
from swarm.repository.trees import changes

LARGEST_PATCH = 64 << 20


def read_commit(repository: Path, name: str, *, or_else: str = "") -> CommitHash:
    """The commit that a name means in the user's repository; `or_else`: what else could have been named.

    Raises Rejected.
    """
    if name.startswith("-"):
        raise Rejected(f"{name!r} is not a name of a commit")
    answer = user_git(repository).ask(
        "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    if answer.code != 0:
        raise Rejected(
            f"there is no branch, tag or commit {name!r}{or_else and f', nor {or_else}'}",
            advice="`git branch --all` lists the branches"
            + (or_else and f"; {or_else} will do too"),
        )
    return CommitHash(answer.out.decode().strip())


def fork_point(repository: Path, one: CommitHash, other: CommitHash) -> CommitHash:
    """Where the two lines of history part. Raises Rejected when they have nothing in common."""
    answer = user_git(repository).ask("merge-base", one, other)
    if answer.code != 0:
        raise Rejected(
            f"{one[:12]} and {other[:12]} have no common history", advice="name the base: --base"
        )
    return CommitHash(answer.out.decode().strip())


def tree_patched(git: Git, base: TreeHash, patch: bytes) -> TreeHash:
    """The tree that a patch in git's form makes of the base; applied exactly or not at all.

    Raises Rejected when it does not apply, or names what must not be in a tree.
    """
    if len(patch) > LARGEST_PATCH:
        raise Rejected(f"the patch has {len(patch)} bytes; {LARGEST_PATCH} are the most")
    with tempfile.TemporaryDirectory(prefix="swarm-patch-") as folder:
        index = git.with_index(Path(folder) / "index")
        index.run("read-tree", base)
        answer = index.ask(
            "apply", "--cached", "--whitespace=nowarn", "-", stdin=patch, seconds=LONG
        )
        if answer.code != 0:
            raise Rejected(f"the patch does not apply: {answer.err.strip()[:500]}")
        tree = TreeHash(index.line("write-tree"))
    for path in changes(git, base, tree).paths:
        checked(path)
    return tree


def blob_hash(path: Path) -> str:
    """The name that git gives a file's bytes (SHA-1); empty when there is no such file."""
    if not path.is_file() or path.is_symlink():
        return ""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
