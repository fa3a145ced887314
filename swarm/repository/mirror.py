"""The bare mirror of one user repository, in swarm's own state folder.

Everything that swarm does with git happens here, so that the user's repository stays as it is. Base
commits come in alone, without history; steps of work are commits under `refs/swarm/`, so that what
an agent did survives its sandbox. Agents never see the mirror.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.changes import Changes
from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash, GoalId, TreeHash
from swarm.repository import files, joining, loose, people, trees
from swarm.repository.loose import Folder
from swarm.repository.program import LONG, TRANSFER, Git, far_side, mirror_git, user_git

STEPS = "refs/swarm/"
BASES = "refs/base/"

_REF = re.compile(r"refs/swarm(/[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*)+")


@dataclass(frozen=True, slots=True)
class Mirror:
    folder: Path
    repository: Path
    """The root of the user's work tree."""

    git: Git
    _folders: dict[str, Folder] = field(default_factory=dict, compare=False, repr=False)
    """Folders of trees that were read before."""

    @classmethod
    def open(cls, folder: Path, repository: Path) -> "Mirror":
        """The mirror in `folder`, made when there is none."""
        if not folder.exists():
            _create(folder, _object_format(repository))
        _remove_dead_locks(folder)
        return cls(folder, repository, mirror_git(folder))

    def fetch(self, commit: CommitHash) -> TreeHash:
        """Bring one commit of the user's repository here, without history. Return its tree."""
        ref = f"{BASES}{_hash(commit)}"
        with self._alone():
            if self.read(ref) is None:
                self._fetch(commit, ref)
        return self.tree_of(commit)

    def _fetch(self, commit: CommitHash, ref: str) -> None:
        self.git.run(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
            "--no-recurse-submodules", "--no-auto-maintenance", "--update-shallow",
            # The user's repository knows nothing of our steps; asking about each takes long.
            f"--negotiation-tip={BASES}*",
            f"--upload-pack={far_side(user_git(self.repository), 'upload-pack')}",
            str(self.repository), f"{commit}:{ref}",
            seconds=LONG, env=TRANSFER, other=self.repository,
        )  # fmt: skip

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Fetches wait for each other; git itself would let the second one fail."""
        with (self.folder / "swarm-fetch").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def has(self, commit: CommitHash) -> bool:
        return self.git.ask("cat-file", "-e", f"{_hash(commit)}^{{commit}}").code == 0

    def tree_of(self, commit: CommitHash) -> TreeHash:
        return TreeHash(self.git.line("rev-parse", "--verify", f"{_hash(commit)}^{{tree}}"))

    def read(self, ref: str) -> CommitHash | None:
        """What a ref of the mirror points to."""
        answer = self.git.ask("rev-parse", "--verify", "--quiet", ref)
        return CommitHash(answer.out.decode().strip()) if answer.code == 0 else None

    def export(self, tree: TreeHash, into: Path) -> None:
        files.export(self.git, tree, into)

    def archive(self, tree: TreeHash) -> bytes:
        return files.archive(self.git, tree)

    def tree_with(self, base: TreeHash, changes: Changes) -> TreeHash:
        return trees.tree_with(self.git, base, changes, self._folders)

    def tree_patched(self, base: TreeHash, patch: bytes) -> TreeHash:
        return people.tree_patched(self.git, base, patch)

    def changes(self, base: TreeHash, tree: TreeHash) -> Changes:
        return trees.changes(self.git, base, tree)

    def patch(self, base: TreeHash, tree: TreeHash) -> str:
        return trees.patch(self.git, base, tree)

    def patch_file(self, base: TreeHash, tree: TreeHash) -> bytes:
        return trees.patch_file(self.git, base, tree)

    def touched(self, base: TreeHash, tree: TreeHash) -> tuple[str, ...]:
        return trees.touched(self.git, base, tree)

    def numstat(self, base: TreeHash, tree: TreeHash) -> tuple[trees.Count, ...]:
        return trees.numstat(self.git, base, tree)

    def join(
        self, base_tree: TreeHash, patches: Sequence[joining.Patch]
    ) -> joining.Joined | joining.Conflict:
        return joining.join(self.git, base_tree, patches)

    def record(
        self, ref_name: str, tree: TreeHash, parents: Sequence[CommitHash], message: str, at: int
    ) -> CommitHash:
        """Keep a tree as a commit under `refs/swarm/...`. `at` is in seconds since 1970.

        The same call makes the same commit; a step done anew after a crash takes its old place.
        """
        if _REF.fullmatch(ref_name) is None or ref_name.endswith(".lock"):
            raise Rejected(f"{ref_name!r} is not a name for a step")
        commit = joining.commit(self.git, tree, parents, message, at=at)
        loose.point(self.folder, ref_name, commit)
        return commit

    def commits(
        self, base_commit: CommitHash, steps: Sequence[tuple[TreeHash, str]], at: int
    ) -> CommitHash:
        """A chain on the user's commit, one commit a step, and its head."""
        head = base_commit
        for tree, message in steps:
            head = joining.commit(self.git, tree, (head,), message, at=at)
        return head

    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        """Whether a chain of single-parent commits leads from `commit` to `base`."""
        if not (self.has(commit) and self.has(base)):
            return False
        chain = self.git.run("rev-list", "--parents", _hash(commit), f"^{_hash(base)}")
        links = [line.split() for line in chain.decode().splitlines()]
        followed = [*(link[0] for link in links), base]
        return commit == followed[0] and all(
            link == [followed[at], followed[at + 1]] for at, link in enumerate(links)
        )

    def disk_usage(self) -> int:
        """Bytes on disk."""
        return sum(path.lstat().st_blocks * 512 for path in self.folder.rglob("*"))

    def goals(self) -> tuple[GoalId, ...]:
        """The goals whose steps are kept here."""
        refs = self.git.run("for-each-ref", "--format=%(refname)", STEPS).decode().split()
        return tuple(sorted({GoalId(ref.split("/")[2]) for ref in refs}))

    def forget(self, goal_id: GoalId) -> None:
        """Let go of a goal's steps; `prune` then frees the space."""
        refs = self.git.run("for-each-ref", "--format=%(refname)", f"{STEPS}{goal_id}/")
        orders = b"".join(b"delete %s\n" % ref for ref in refs.split())
        self.git.run("update-ref", "--stdin", stdin=orders)

    def prune(self, keep_bases: frozenset[CommitHash] = frozenset()) -> int:
        """Free what no step and no base to keep refers to; return the bytes freed.

        Only while nothing else works here: work in progress has objects without a ref.
        """
        before = self.disk_usage()
        bases = self.git.run("for-each-ref", "--format=%(refname)", BASES).decode().split()
        gone = [ref for ref in bases if ref.removeprefix(BASES) not in keep_bases]
        self.git.run("update-ref", "--stdin", stdin="".join(f"delete {r}\n" for r in gone).encode())
        self.git.run("pack-refs", "--all")
        self.git.run("repack", "-a", "-d", "-q", seconds=LONG)
        self.git.run("prune", "--expire=now", seconds=LONG)
        return before - self.disk_usage()


def _hash(text: str) -> str:
    """A commit's hash, before it stands where git would also take an option or an expression."""
    if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text) is None:
        raise Rejected(f"{text!r} is not the hash of a commit")
    return text


def _object_format(repository: Path) -> str:
    return user_git(repository).line("rev-parse", "--show-object-format")


def _create(folder: Path, object_format: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=files.PART))
    try:
        # Refs as files: `loose` writes them so, whatever git's own default becomes.
        argv = (
            "-c",
            "init.defaultRefFormat=files",
            "init",
            "--quiet",
            "--bare",
            "--template=",
            f"--object-format={object_format}",
        )
        mirror_git(part).run(*argv, str(part))
        files.rename(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _remove_dead_locks(folder: Path) -> None:
    """A git process that was killed leaves its locks. None of ours lives longer than LONG, and none
    survives a restart of the machine.
    """
    with tempfile.TemporaryFile(dir=folder) as probe:
        now = os.fstat(probe.fileno()).st_mtime
    alive = min(2 * LONG, time.clock_gettime(time.CLOCK_BOOTTIME))
    for lock in folder.rglob("*.lock"):
        if now - lock.stat().st_mtime > alive:
            lock.unlink(missing_ok=True)
