"""What a user's work tree holds beside the commit: ignored files, and the version that tags say.

Reads only. Whether any of it is taken along is for others to decide.
"""

import os
from itertools import islice
from pathlib import Path

from swarm.domain.names import TreeHash
from swarm.repository.files import export
from swarm.repository.program import user_git

_MOST = 20_000


def ignored_paths(top: Path) -> tuple[str, ...]:
    """Files that git ignores by the repository's own rules, sorted; a folder in which everything is
    ignored stands for what is in it, and ends in a slash. So many of them at most as are of use.
    """
    listed = user_git(top).run(
        "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
    )
    names = (os.fsdecode(name) for name in listed.split(b"\0") if name)
    return tuple(sorted(islice(names, _MOST)))


def is_tracked(top: Path, path: str) -> bool:
    """Whether git has the file of that name, or a file below it: then others may have written it. A
    folder that is no repository has nothing of others'; of a repository that git cannot read, all may be.
    """
    answer = user_git(top).ask("ls-files", "-z", "--cached", "--", f":(literal){path}")
    return bool(answer.out) if not answer.code else (top / ".git").exists()


def nearest_version(top: Path) -> str:
    """Of the last tag that looks like a version, without its `v`; empty when there is none."""
    answer = user_git(top).ask(
        "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "--match", "[0-9]*", "HEAD"
    )
    return (
        answer.out.decode("utf-8", "replace").strip().removeprefix("v") if not answer.code else ""
    )


def export_tree(top: Path, tree: TreeHash, into: Path) -> None:
    """Write the files of a tree of the user's repository to `into`."""
    export(user_git(top), tree, into)
