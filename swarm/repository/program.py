"""Runs git. Every call of the git program is made here, and always in the same way.

Git runs programs that its configuration names: hooks, filters, file-system monitors, pagers,
credential helpers, remote helpers. So the environment is built from nothing, system and user
configuration are switched off, hooks are looked for in `/dev/null`, the only protocol is the local
file one, and nothing can ask on a terminal. What is left is the configuration in the repository
itself, which belongs to its owner; agents never get to write one that we open.
"""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from swarm.domain.errors import Lacking, Transient
from swarm.repository.refusals import translated

QUICK = 60.0
"""Seconds for a call that looks something up."""

TRANSFER: Mapping[str, str] = {"GIT_ALLOW_PROTOCOL": "file"}
"""For calls that talk to a repository on this machine, the only kind there is."""

LONG = 600.0
"""Seconds for a call that copies objects. No git process of ours lives longer."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.quotePath=true",
    "core.logAllRefUpdates=false",
    # A step counts as stored once its ref is written, so the ref must not outlive its objects.
    "core.fsync=objects,derived-metadata,reference",
    # Mirrors are short-lived and local: speed counts, not size.
    "pack.window=0",
    "pack.compression=1",
    "fetch.unpackLimit=1",
    "safe.bareRepository=explicit",
    "gc.auto=0",
    "maintenance.auto=false",
    "receive.autogc=false",
    "receive.updateServerInfo=false",
    "receive.denyCurrentBranch=refuse",
    "uploadpack.allowAnySHA1InWant=true",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "submodule.recurse=false",
    "credential.helper=",
    "commit.gpgSign=false",
    "push.gpgSign=false",
    "merge.directoryRenames=false",
    "color.ui=false",
)


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: bytes
    err: str


@dataclass(frozen=True, slots=True)
class Git:
    """One repository, and the only way to run git on it."""

    at: tuple[str, ...]
    """The arguments that say which repository: `-C <work tree>` or `--git-dir=<folder>`."""

    where: Path
    """For messages."""

    trusted: tuple[str, ...] = ()
    """What the user's own `safe.directory` setting names; passed on, never widened."""

    index: Path | None = None

    @property
    def settings(self) -> tuple[str, ...]:
        return (*_SETTINGS, *(f"safe.directory={path}" for path in self.trusted))

    def with_index(self, index: Path) -> "Git":
        return replace(self, index=index)

    def run(
        self,
        *argv: str,
        stdin: bytes = b"",
        seconds: float = QUICK,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        other: Path | None = None,
    ) -> bytes:
        """Standard output of a call that must succeed.

        `other` is the repository at the far end of a transfer: what goes wrong goes wrong there.
        """
        answer = self.ask(*argv, stdin=stdin, seconds=seconds, env=env, cwd=cwd)
        if answer.code != 0:
            raise translated(argv[0], answer.code, answer.err, other or self.where)
        return answer.out

    def line(self, *argv: str, env: Mapping[str, str] | None = None) -> str:
        """The one line that a call answers; names are kept apart from text by the caller."""
        return os.fsdecode(self.run(*argv, env=env).removesuffix(b"\n"))

    def ask(
        self,
        *argv: str,
        stdin: bytes = b"",
        seconds: float = QUICK,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Answer:
        """The answer of a call that may fail, for callers that read the exit code."""
        process = self._start(argv, subprocess.PIPE if stdin else subprocess.DEVNULL, env, cwd)
        with process:
            try:
                out, err = process.communicate(stdin or None, timeout=seconds)
            except subprocess.TimeoutExpired as error:
                _end(process)
                raise Transient(
                    f"git {argv[0]} in {self.where} took longer than {seconds:g} s"
                ) from error
            except BaseException:
                _end(process)
                raise
        return Answer(process.returncode, out, err.decode("utf-8", "replace"))

    @contextmanager
    def stream(self, *argv: str, stdin: bytes = b"") -> Iterator[IO[bytes]]:
        """Standard output while git runs. The input is a file, so neither side waits for the other."""
        with tempfile.TemporaryFile() as requests, tempfile.TemporaryFile() as complaints:
            requests.write(stdin)
            requests.seek(0)
            with self._start(argv, requests.fileno(), None, None, complaints.fileno()) as process:
                assert process.stdout is not None
                alarm = threading.Timer(LONG, _end, (process,))
                alarm.start()
                try:
                    yield process.stdout
                except BaseException:
                    _end(process)
                    raise
                finally:
                    alarm.cancel()
            if process.returncode != 0:
                complaints.seek(0)
                err = complaints.read().decode("utf-8", "replace")
                raise translated(argv[0], process.returncode, err, self.where)

    def _start(
        self,
        argv: tuple[str, ...],
        stdin: int,
        env: Mapping[str, str] | None,
        cwd: Path | None,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[bytes]":
        settings = [part for setting in self.settings for part in ("-c", setting)]
        index = {"GIT_INDEX_FILE": str(self.index)} if self.index else {}
        try:
            return subprocess.Popen(
                ["git", *self.at, *settings, *argv],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env={**environment(), **index, **(env or {})},
                cwd=cwd,
                # A Ctrl-C at the terminal is for swarm; git finishes what it writes.
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise _no_git() from error


def mirror_git(folder: Path) -> Git:
    """Git on a git directory of swarm's own."""
    return Git((f"--git-dir={folder}",), folder)


def user_git(path: Path) -> Git:
    """Git on a user's work tree, trusting what the user's own settings trust."""
    trusted = _trusted_by_user() if _is_foreign(path) else ()
    return Git(("-C", str(path)), path, trusted)


def far_side(git: Git, program: str) -> str:
    """The command that git runs, through a shell, as the other end of a local transfer."""
    settings = [part for setting in git.settings for part in ("-c", setting)]
    return shlex.join(["env", "GIT_ALLOW_PROTOCOL=none", "git", *settings, program])


def environment() -> dict[str, str]:
    """All that git gets to see of ours."""
    passed = {name: os.environ[name] for name in ("PATH", "SUDO_UID") if name in os.environ}
    return {
        **passed,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        # Not even to fetch what a partial clone lacks. Our own transfers allow themselves `file`.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask first: git removes its lock files on SIGTERM, and leaves them on SIGKILL."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def _no_git() -> Lacking:
    return Lacking("the git program was not found", advice="install git")


def _is_foreign(path: Path) -> bool:
    """Whether git's own check of owners may stop here."""
    for folder in (path, *path.parents):
        marker = folder / ".git"
        if marker.exists():
            owners = {folder.stat().st_uid, marker.stat().st_uid}
            # A file names the git directory, which may be anybody's.
            return marker.is_file() or owners != {os.geteuid()}
    return False


def _trusted_by_user() -> tuple[str, ...]:
    """The repositories of other people that the user has told git to trust."""
    found: list[str] = []
    for scope in ("--system", "--global"):
        found.extend(_setting(scope, "safe.directory"))
    # The far end of a transfer looks for the name of the git directory, not of the work tree.
    return tuple(name for entry in found if entry for name in (entry, f"{entry}/.git"))


def _setting(scope: str, name: str) -> list[str]:
    """What the user's own configuration says. Nothing in it is run or used by this call."""
    try:
        answer = subprocess.run(
            ["git", "config", scope, "--includes", "-z", "--get-all", name],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            cwd="/",
            timeout=QUICK,
            check=False,
        )
    except FileNotFoundError as error:
        raise _no_git() from error
    return [os.fsdecode(entry) for entry in answer.stdout.split(b"\0")]
