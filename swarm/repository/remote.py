"""Git over HTTP: the one branch of a goal at a forge that is far away, and a clone to work from.

The credential is written into a file that only we can read and that lives as long as the call: it is
in no argument and in no environment. It goes to the address it is meant for and is not carried along
by a redirection. A branch is created, or moved forward from where we left it; never forced.
"""

import base64
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.mirror import Mirror
from swarm.repository.program import LONG, Answer, Git
from swarm.repository.publication import WRITABLE

_USER = "x-access-token"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Remote:
    url: str
    """`https://github.com/owner/name.git`"""

    token: Callable[[], str] = str
    """Asked for at each call; empty = nobody in particular."""


@dataclass(frozen=True, slots=True)
class RemoteOutlet:
    """What a publisher needs of a repository that lives at a forge."""

    mirror: Mirror
    remote: Remote

    def tree_of(self, commit: CommitHash) -> TreeHash:
        return self.mirror.tree_of(commit)

    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        return self.mirror.stands_on(commit, base)

    def touched(self, base: CommitHash, commit: CommitHash) -> tuple[str, ...]:
        return self.mirror.touched(self.mirror.tree_of(base), self.mirror.tree_of(commit))

    def read_branch(self, branch: str) -> CommitHash | None:
        return remote_branch(self.mirror.git, self.remote, branch)

    def publish_branch(self, branch: str, commit: CommitHash) -> None:
        push_branch(self.mirror, self.remote, branch, commit)

    def advance_branch(self, branch: str, old: CommitHash, new: CommitHash) -> None:
        advance_branch(self.mirror, self.remote, branch, old, new)


def remote_branch(git: Git, remote: Remote, branch: str) -> CommitHash | None:
    """Raises Transient when nothing can be known now, NeedsHuman when we are not let in."""
    answer = _ask(git, remote, "ls-remote", "--heads", remote.url, f"refs/heads/{branch}")
    if answer.code != 0:
        raise refused(remote, answer)
    lines = answer.out.decode("utf-8", "replace").splitlines()
    named = (line.split("\t", 1) for line in lines if "\t" in line)
    return next((CommitHash(c) for c, name in named if name == f"refs/heads/{branch}"), None)


def push_branch(mirror: Mirror, remote: Remote, branch: str, commit: CommitHash) -> None:
    """Create `branch` at `commit`; done already when it is there.

    Raises NeedsHuman when somebody else's commits are there under that name.
    """
    if WRITABLE.fullmatch(branch) is None:
        raise Rejected(f"{branch!r} is not a branch that swarm may write")
    there = remote_branch(mirror.git, remote, branch)
    if there is None:
        there = _push(mirror, remote, branch, commit)
    if there != commit:
        raise NeedsHuman(
            f"{remote.url} has a branch {branch} that swarm did not write (at {there})",
            advice="keep it under another name, delete it, then go on: swarm resume",
        )


def advance_branch(
    mirror: Mirror, remote: Remote, branch: str, old: CommitHash, new: CommitHash
) -> None:
    """Bring our own branch from `old` forward to `new`, which stands on it; done already when it is there.

    Raises NeedsHuman where somebody has gone on with it, put it back or deleted it: that stays so.
    """
    if WRITABLE.fullmatch(branch) is None:
        raise Rejected(f"{branch!r} is not a branch that swarm may write")
    if not mirror.stands_on(new, old):
        raise Rejected(f"{new} does not stand on {old}: {branch} cannot go forward to it")
    there = remote_branch(mirror.git, remote, branch)
    if there == old:
        there = _push(mirror, remote, branch, new, old)
    if there != new:
        raise NeedsHuman(
            f"people have gone on with {branch} at {remote.url} (it is at {there})",
            advice="what swarm did stays in its mirror; take it from there, or go on by hand",
        )


def _push(
    mirror: Mirror, remote: Remote, branch: str, commit: CommitHash, old: str = ""
) -> CommitHash | None:
    """Where the branch is afterwards. A push whose answer was lost may well have worked.

    `old`: where it must be; empty = it must not exist.
    """
    ref = f"refs/heads/{branch}"
    answer = _ask(
        mirror.git, remote, "push", "--quiet", "--no-verify", "--no-follow-tags",
        "--no-recurse-submodules", f"--force-with-lease={ref}:{old}", remote.url, f"{commit}:{ref}",
    )  # fmt: skip
    if answer.code == 0:
        return commit
    there = remote_branch(mirror.git, remote, branch)
    if there is None or there == old:
        raise refused(remote, answer)
    return there


def clone_branch(remote: Remote, folder: Path, branch: str) -> CommitHash:
    """A work tree of the branch as it is now, made or brought up to date. Ours alone: what somebody
    wrote into it is lost.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    git = Git(("-C", str(folder)), folder)
    if not (folder / ".git" / "HEAD").exists():
        git.run("init", "--quiet", "--template=", f"--initial-branch={branch}")
    ref = f"refs/heads/{branch}"
    answer = _ask(
        git, remote, "fetch", "--quiet", "--no-tags", "--update-head-ok", "--depth=50",
        "--no-recurse-submodules", remote.url, f"+{ref}:refs/remotes/origin/{branch}",
    )  # fmt: skip
    if answer.code != 0:
        raise refused(remote, answer)
    git.run("checkout", "--quiet", "--force", "-B", branch, f"refs/remotes/origin/{branch}")
    return CommitHash(git.line("rev-parse", "--verify", "HEAD^{commit}"))


def _ask(git: Git, remote: Remote, *argv: str) -> Answer:
    with _credential(remote) as credential:
        env = {"GIT_ALLOW_PROTOCOL": _protocol(remote.url), **credential}
        return git.ask(*argv, seconds=LONG, env=env)


@contextmanager
def _credential(remote: Remote) -> Iterator[dict[str, str]]:
    with tempfile.NamedTemporaryFile("w", prefix="swarm-git-", suffix=".config") as file:
        file.write("[http]\n\tfollowRedirects = false\n")
        if token := remote.token():
            secret = base64.b64encode(f"{_USER}:{token}".encode()).decode()
            where = remote.url.replace('"', "")
            file.write(f'[http "{where}"]\n\textraHeader = Authorization: Basic {secret}\n')
        file.flush()
        yield {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "include.path",
            "GIT_CONFIG_VALUE_0": file.name,
        }


def _protocol(url: str) -> str:
    """Raises Rejected for what would send a credential in the clear."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return parts.scheme
    raise Rejected(f"{url} is not an address that swarm talks to", advice="https://...")


_SHUT_OUT = ("Authentication failed", "error: 401", "error: 403", "could not read Username")
_GONE = ("not found", "error: 404", "error: 301", "error: 307", "error: 308")
_PROTECTED = ("protected branch", "GH006", "GH013", "pre-receive hook declined")


def refused(remote: Remote, answer: Answer) -> SwarmError:
    """What git says about a far side, in swarm's errors. What is not known may pass."""
    said = " ".join(answer.err.split())[-300:].replace(remote.token() or "\0", "***")
    told = f"{remote.url}: {said or f'git ended with {answer.code}'}"
    if any(sign.lower() in said.lower() for sign in _PROTECTED):
        return NeedsHuman(told, advice="let branches swarm/* be pushed: rulesets of the repository")
    if any(sign in said for sign in _SHUT_OUT):
        return NeedsHuman(told, advice="give swarm a token that may write contents: swarm doctor")
    if any(sign in said for sign in _GONE):
        return NeedsHuman(told, advice="was it renamed, deleted, or is the token not for it?")
    return Transient(told)
