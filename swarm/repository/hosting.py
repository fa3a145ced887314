"""Bare repositories that are served to others: what stands behind the embedded forge.

Git's own program speaks the protocol (`git http-backend`), so a clone or a push is a real one. What
is pushed is written by whoever may push; what a protected branch refuses is decided in a hook of
ours, which nobody can push. Nothing here merges: people do, and push the result.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from swarm.domain.errors import Rejected, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository import trees
from swarm.repository.program import LONG, Git, environment, far_side, mirror_git, user_git

BYPASS = "SWARM_FORGE_BYPASS"
_PROTECTED = "protected-branches"
_HOOK = f"""#!/bin/sh
# Names in {_PROTECTED} are moved by nobody who is not let past.
[ -n "${BYPASS}" ] && exit 0
while read -r old new ref; do
    if grep -qxF "$ref" "$GIT_DIR/{_PROTECTED}"; then
        echo "error: GH006: Protected branch update failed for $ref." >&2
        exit 1
    fi
done
exit 0
"""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_HASH = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class GitCall:
    """A request of git's over HTTP, as CGI calls it."""

    method: str
    path: str
    """`/owner/name.git/info/refs`"""

    query: str = ""
    content_type: str = ""
    encoding: str = ""
    protocol: str = ""
    user: str = ""
    """Empty: nobody, who may not push."""

    bypass: bool = False
    """May move protected branches."""


@dataclass(frozen=True, slots=True)
class GitAnswer:
    status: int
    headers: tuple[tuple[str, str], ...]
    begins: int
    """Where the body begins in the output."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """One repository below `root`."""

    root: Path
    name: str
    git: Git

    @classmethod
    def open(cls, root: Path, name: str, branch: str = "main") -> "Hosted":
        """Made when there is none. Raises Rejected for a name that is none."""
        if _NAME.fullmatch(name) is None or name.endswith(".git"):
            raise Rejected(f"{name!r} is not a name like owner/repository")
        folder = root / f"{name}.git"
        hosted = cls(root, name, mirror_git(folder))
        if not (folder / "HEAD").exists():
            hosted._create(branch)
        return hosted

    @property
    def folder(self) -> Path:
        return self.root / f"{self.name}.git"

    def _create(self, branch: str) -> None:
        self.folder.mkdir(parents=True)
        where = Git(("-C", str(self.folder)), self.folder)
        where.run("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}")
        self.git.run("config", "http.receivepack", "true")
        self.protect(())
        hook = self.folder / "hooks" / "pre-receive"
        hook.parent.mkdir()
        hook.write_text(_HOOK)
        hook.chmod(0o755)

    def fill(self, source: Path, branch: str) -> None:
        """Take over a branch of a repository on this machine, with its history."""
        side = far_side(user_git(source), "upload-pack")
        self.git.run(
            "fetch", "--quiet", "--no-tags", "--update-shallow", f"--upload-pack={side}",
            str(source), f"refs/heads/{branch}:refs/heads/{branch}",
            seconds=LONG, env={"GIT_ALLOW_PROTOCOL": "file"}, other=source,
        )  # fmt: skip

    def take(self, other: "Hosted", branch: str, into: str) -> CommitHash | None:
        """Bring what a fork's branch has into a name of ours, as GitHub does; None where it is gone."""
        if (head := other.head(branch)) is None:
            return None
        if self.git.ask("rev-parse", "--verify", "--quiet", into).out.decode().strip() == head:
            return head
        side = far_side(other.git, "upload-pack")
        self.git.run(
            "fetch", "--quiet", "--no-tags", f"--upload-pack={side}", str(other.folder),
            f"+refs/heads/{branch}:{into}",
            seconds=LONG, env={"GIT_ALLOW_PROTOCOL": "file"}, other=other.folder,
        )  # fmt: skip
        return head

    def protect(self, branches: tuple[str, ...]) -> None:
        lines = "".join(f"refs/heads/{branch}\n" for branch in branches)
        (self.folder / _PROTECTED).write_text(lines)

    # What is there ------------------------------------------------------------------------------

    def heads(self) -> dict[str, CommitHash]:
        out = self.git.run(
            "for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"
        )
        pairs = (line.split(" ", 1) for line in os.fsdecode(out).splitlines())
        return {name: CommitHash(commit) for commit, name in pairs}

    def head(self, branch: str) -> CommitHash | None:
        return self.heads().get(branch)

    def commit(self, name: str) -> CommitHash | None:
        """A commit by its hash or by the name of a branch."""
        if (found := self.head(name)) is not None:
            return found
        known = (
            _HASH.fullmatch(name) and self.git.ask("cat-file", "-e", f"{name}^{{commit}}").code == 0
        )
        return CommitHash(name) if known else None

    def tree_of(self, commit: CommitHash) -> TreeHash:
        return TreeHash(self.git.line("rev-parse", "--verify", f"{commit}^{{tree}}"))

    def contains(self, whole: CommitHash, part: CommitHash) -> bool:
        return self.git.ask("merge-base", "--is-ancestor", part, whole).code == 0

    def log(self, head: CommitHash, since: int, most: int) -> Iterator[tuple[CommitHash, str]]:
        """The newest commits that `head` has since then (seconds since 1970), with their messages."""
        out = self.git.run(
            "log", "-z", f"--max-count={most}", f"--since=@{since}", "--format=%H %B", head
        )
        for entry in os.fsdecode(out).split("\0"):
            commit, _, message = entry.partition(" ")
            if commit:
                yield CommitHash(commit), message.strip()

    def ahead(self, base: CommitHash, head: CommitHash) -> int:
        """So many commits are in `head` and not in `base`."""
        return int(self.git.line("rev-list", "--count", f"{base}..{head}"))

    def numstat(self, base: CommitHash, head: CommitHash) -> tuple[trees.Count, ...]:
        fork = self.git.line("merge-base", base, head)
        return trees.numstat(self.git, TreeHash(fork), self.tree_of(head))

    def read(self, commit: CommitHash, path: str) -> bytes | None:
        answer = self.git.ask("cat-file", "blob", f"{commit}:{path}")
        return answer.out if answer.code == 0 else None

    def names(self, commit: CommitHash, folder: str) -> Iterator[tuple[str, str]]:
        """(kind, path) of what lies in a folder of a commit."""
        where = [f"{folder.strip('/')}/"] if folder.strip("/") else []
        answer = self.git.ask("ls-tree", "-z", commit, "--", *where)
        for entry in os.fsdecode(answer.out).split("\0"):
            if entry:
                meta, path = entry.split("\t", 1)
                yield meta.split()[1], path


def answer_git(root: Path, call: GitCall, body: IO[bytes], out: IO[bytes]) -> GitAnswer:
    """Let git answer one request; the answer's body lies in `out` from where it says.

    Bodies are files, so neither side waits for the other, and a large push needs no memory.
    """
    variables = {
        **environment(),
        **_cgi(root, call),
        "CONTENT_LENGTH": str(body.seek(0, os.SEEK_END)),
    }
    body.seek(0)
    try:
        done = subprocess.run(
            ["git", "http-backend"], stdin=body, stdout=out, stderr=subprocess.PIPE,
            env=variables, timeout=LONG, check=False, start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Transient(f"git took longer than {LONG:g} s over {call.path}") from error
    out.seek(0)
    head, end, _ = out.read(1 << 16).partition(_HEADER_END)
    if done.returncode != 0 and not end:
        raise Rejected(f"git does not answer {call.path}: {done.stderr.decode()[:300]}")
    return _answer(head.decode("latin-1"), len(head) + len(end))


def _cgi(root: Path, call: GitCall) -> Mapping[str, str]:
    named = {
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": call.path,
        "REQUEST_METHOD": call.method,
        "QUERY_STRING": call.query,
        "CONTENT_TYPE": call.content_type,
        "HTTP_CONTENT_ENCODING": call.encoding,
        "GIT_PROTOCOL": call.protocol,
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": call.user,
        BYPASS: "1" if call.bypass else "",
    }
    return {name: value for name, value in named.items() if value}


def _answer(head: str, begins: int) -> GitAnswer:
    pairs = [line.partition(": ")[::2] for line in head.split("\r\n") if line]
    status = next((value for name, value in pairs if name.lower() == "status"), "200 OK")
    headers = tuple((name, value) for name, value in pairs if name.lower() != "status")
    return GitAnswer(int(status.split()[0]), headers, begins)
