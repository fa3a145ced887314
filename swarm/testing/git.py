"""Real git repositories for tests, made in a few milliseconds and the same every time."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from swarm.domain.names import CommitHash

_MEMORY = Path("/dev/shm")  # noqa: S108 - each folder in it is made by tempfile
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "A Tester"),
        ("EMAIL", "tester@example.org"),
        ("DATE", "1700000000 +0000"),
    )
}

Files = Mapping[str, str | bytes]


def git(path: Path, *argv: str, stdin: bytes = b"", check: bool = True) -> str:
    """Run git in `path` as a user with an empty configuration would; return what it prints."""
    env = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "LC_ALL": "C",
        **_IDENTITY,
    }
    done = subprocess.run(
        ["git", "-C", str(path), *argv], input=stdin, capture_output=True, env=env, check=False
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"git {' '.join(argv)}: {done.stderr.decode('utf-8', 'replace')}")
    return os.fsdecode(done.stdout).strip()


def a_repository(
    path: Path, files: Files | None = None, *, branch: str = "main", message: str = "Begin"
) -> CommitHash:
    """A repository in `path` with one commit of these files; return the commit."""
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "--quiet", "--template=", f"--initial-branch={branch}")
    return a_commit(path, {"README": "hello\n"} if files is None else files, message=message)


def a_commit(path: Path, files: Files, *, message: str = "Go on") -> CommitHash:
    """Write files, add everything, commit; return the commit."""
    write_files(path, files)
    git(path, "add", "--all", "--force")
    git(path, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return head_of(path)


def write_files(path: Path, files: Files) -> None:
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)


def head_of(path: Path, name: str = "HEAD") -> CommitHash:
    return CommitHash(git(path, "rev-parse", "--verify", f"{name}^{{commit}}"))


@contextmanager
def a_quick_folder() -> Iterator[Path]:
    """A folder in memory where the machine has room for one that may hold programs.

    A mirror waits for the disk after each object; on a busy disk that is nearly all of a test.
    """
    with tempfile.TemporaryDirectory(prefix="swarm-test-", dir=_in_memory()) as folder:
        yield Path(folder).resolve()


def _in_memory() -> Path | None:
    if not os.access(_MEMORY, os.W_OK):
        return None
    status = os.statvfs(_MEMORY)
    roomy = status.f_bavail * status.f_frsize > 1 << 30
    return _MEMORY if roomy and not status.f_flag & os.ST_NOEXEC else None
