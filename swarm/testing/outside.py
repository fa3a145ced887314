"""swarm seen from outside: its command line as processes, and what these leave behind.

For tests of the whole: everything is started as a user would start it, and only the journal is read
besides. Orphans come to the process that tests, so that none can hide.
"""

import ctypes
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm.domain.errors import Rejected, Transient
from swarm.domain.events import Event, GoalSubmitted, StepRecorded
from swarm.domain.names import GoalId, TaskId, task_of
from swarm.journal.public_api import read_only
from swarm.testing.git import git

_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2)."""

ANSWER_SECONDS = 240.0
FAREWELL_SECONDS = 60.0
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document that it must be."""
        return json.loads(self.out)

    @property
    def told(self) -> str:
        """All that was said, on one line, as sentences may be wrapped."""
        return " ".join(f"{self.out} {self.err}".split())


@dataclass(slots=True)
class Outside:
    """One user's command line, with a state folder of its own."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    """What the program is started with: `setpriv`, for example."""

    environ: Mapping[str, str] = field(default_factory=dict)
    """Besides, in the user's environment: keys, for example."""

    def start(self, *argv: str | Path, **options: Any) -> "subprocess.Popen[str]":
        """Start the program; it leads a process group of its own."""
        return subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "swarm.cli", *map(str, argv)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment(),
            process_group=0,
            **options,
        )

    def call(self, *argv: str | Path, **options: Any) -> Answer:
        return answer(self.start(*argv, **options))

    def run(self, text: str, repository: Path, *argv: str) -> Answer:
        return self.call("run", text, "--repo", repository, "--runtime", "inline", *argv)

    def start_run(self, text: str, repository: Path, *argv: str) -> "subprocess.Popen[str]":
        return self.start("run", text, "--repo", repository, "--runtime", "inline", *argv)

    def events(self) -> list[Event]:
        """The journal so far."""
        folder = self.home / "journal"
        try:
            with closing(read_only(folder)) as journal:
                return [record.event for record in journal.read()]
        except (Rejected, Transient):  # there is none yet
            return []

    def wait_for(self, kind: type[Event], number: int = 1) -> None:
        """Until so many events of this kind are in the journal."""
        wait_until(
            lambda: sum(isinstance(event, kind) for event in self.events()) >= number,
            seen=lambda: f"no {number}. {kind.__name__} in {[e.type for e in self.events()]}",
        )

    def goal_ids(self) -> list[GoalId]:
        return [e.goal.goal_id for e in self.events() if isinstance(e, GoalSubmitted)]

    def _environment(self) -> dict[str, str]:
        own = self.home.parent / f"{self.home.name}-user"
        own.mkdir(exist_ok=True)
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {
            **passed,
            "HOME": str(own),
            "COLUMNS": "200",
            "SWARM_HOME": str(self.home),
            **self.environ,
            **{f"SWARM_{name.upper()}": value for name, value in self.settings.items()},
        }


def answer(process: "subprocess.Popen[str]", seconds: float = ANSWER_SECONDS) -> Answer:
    """Wait for the end of what `start` began."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        out, err = process.communicate()
        raise AssertionError(f"no answer after {seconds} s: {out}\n{err}") from None
    return Answer(process.returncode, out, err)


def wait_until(
    happened: Callable[[], bool],
    seconds: float = ANSWER_SECONDS,
    *,
    seen: Callable[[], object] = lambda: "",
) -> None:
    """`seen`: what to tell where it does not happen."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited for {seconds} s; there is {seen()}")
        pause.wait(0.05)


def contents(folder: Path) -> dict[str, bytes]:
    """The files below it by their relative paths. What others put away meanwhile is passed over."""
    found = {}
    for above, _, names in os.walk(folder):
        for path in (Path(above, name) for name in names):
            with suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def steps(events: Iterable[Event]) -> Counter[tuple[TaskId, str, str]]:
    """How often each step was finished: the same agent on the same task, doing the same.

    Any number above one is work that was done again.
    """
    done = (event for event in events if isinstance(event, StepRecorded))
    return Counter((task_of(e.attempt_id), e.step.action, e.step.result) for e in done)


# What is left behind ----------------------------------------------------------------------------


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """Afterwards there are no more processes than before, and nothing is mounted below `folder`."""
    _adopt_orphans(yes=True)
    before = children()
    try:
        yield
        left = _left_after(FAREWELL_SECONDS, before)
        assert left == {}, f"processes are left: {left}"
        mounts = [
            line for line in Path("/proc/mounts").read_text().splitlines() if str(folder) in line
        ]
        assert mounts == []
    finally:
        for child in children() - before:
            _end(child)
        _adopt_orphans(yes=False)


def children() -> set[int]:
    """Processes whose parent is this one."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def descendants(process: int) -> list[int]:
    """All that a process has started, and what these have started, the eldest first."""
    found = [process]
    for each in found:
        try:
            tasks = list(Path(f"/proc/{each}/task").iterdir())
            found += [int(pid) for t in tasks for pid in (t / "children").read_text().split()]
        except OSError:  # it has ended meanwhile
            continue
    return found[1:]


def command_of(process: int) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return ""
    return words.decode(errors="replace")


def house_of(process: int) -> int:
    """The coordinator's process that another one started; 0 where there is none. What it forks looks
    like it for a moment, and comes behind it.
    """
    found = (e for e in descendants(process) if "swarm.actors.house" in command_of(e))
    return next(found, 0)


def running(words: str) -> list[int]:
    """Processes of the whole machine, other than this one, that were started with these words."""
    everybody = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
    return [each for each in everybody if each != os.getpid() and words in command_of(each)]


def seconds_of(process: int) -> float:
    """What a process has used of its processor."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def _left_after(seconds: float, before: set[int]) -> dict[int, str]:
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while True:
        left = {}
        for child in children() - before:
            if not _reaped(child):
                left[child] = command_of(child)
        if not left or time.monotonic() > deadline:
            return left
        pause.wait(0.05)


def _reaped(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        return True


def _end(child: int) -> None:
    for each in (child, *descendants(child)):
        try:
            os.kill(each, signal.SIGKILL)
        except ProcessLookupError:
            continue
    _reaped(child)


def _adopt_orphans(*, yes: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SUBREAPER, int(yes), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


# The user's repository --------------------------------------------------------------------------


def fingerprint(repository: Path) -> dict[str, str]:
    """Everything in a repository that swarm must not touch: the work tree and, of `.git`, all but
    objects, and the branches below `swarm/`. By path: mode, size, time of change and hash.
    """
    quietly = ("--no-optional-locks", "-c", "core.fsmonitor=false")
    found = {"status": git(repository, *quietly, "status", "--porcelain", "-z")}
    for path in sorted(repository.rglob("*")):
        name = str(path.relative_to(repository))
        if _is_swarms(name):
            continue
        status = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if is_file else ""
        target = str(path.readlink()) if path.is_symlink() else ""
        when = status.st_mtime_ns if is_file else 0
        found[repr(name)] = f"{status.st_mode:o} {when} {content}{target}"
    return found


def _is_swarms(name: str) -> bool:
    below = ("objects/", "refs/heads/swarm/", "logs/refs/heads/swarm/")
    _, git_folder, rest = name.partition(".git/")
    itself = ("refs/heads/swarm", "logs/refs/heads/swarm")
    return bool(git_folder) and (rest.startswith(below) or rest in itself)
