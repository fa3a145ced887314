"""The process that watches the tests' process.

Code under test shares an interpreter with its test runner and can make that runner say anything:
that it ended well, that everything passed. It cannot as easily change what another process saw.
So the supervisor starts the tests in a process of their own, takes their report from a pipe, tells
from outside when a test hangs or its process dies, goes on with the rest in a new process, and
prints one line that begins with the nonce. Whatever the tests print goes to another pipe.

The supervisor makes itself non-dumpable, so that a process of the same user can neither trace it nor
open its standard output through /proc.
"""

from __future__ import annotations

import base64
import collections
import ctypes
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import zlib
from typing import Any, BinaryIO

CHILD = (
    "import sys\n"
    "if sys.path and sys.path[0] == '': del sys.path[0]\n"
    "import json, os\n"
    "report, job = int(sys.argv[1]), json.load(os.fdopen(int(sys.argv[2])))\n"
    "made = {'__name__': 'channel'}\n"
    "exec(compile(job['channel'], '<swarm channel>', 'exec'), made)\n"
    "channel = made['Channel'](report, job.pop('nonce'))\n"
    "del made['__builtins__']\n"
    "ran = {'__name__': 'run'}\n"
    "exec(compile(job['script'], '<swarm run>', 'exec'), ran)\n"
    "sys.exit(ran['main'](channel, job))\n"
)
PR_SET_DUMPABLE = 4
END_SECONDS = 10.0
"""Between the last report of a process and its end."""

MOST_LIVES = 25
"""Processes started anew after a test killed or hung the one before."""

AFTER_A_HANG = 2.0
TIMES_THE_SLOWEST = 20


class Patience:
    """How many seconds one test may take.

    At first as given. Where one has hung others are likely to, and what is right is as quick as what
    passed: from then on two seconds, or twenty times the slowest that passed. Never more than `most`.
    """

    def __init__(self, first: float, most: float) -> None:
        self._seconds, self._most, self._slowest = first, most, 0.0

    @property
    def limit(self) -> float:
        return min(self._most, max(self._seconds, TIMES_THE_SLOWEST * self._slowest))

    def note(self, outcome: str, ms: int) -> None:
        if outcome == "passed":
            self._slowest = max(self._slowest, ms / 1000)

    def lose(self) -> None:
        self._seconds = AFTER_A_HANG


class Watched:
    """One life of the tests' process: what it reported, and how it ended."""

    def __init__(self, nonce: str, patience: Patience, tail_bytes: int) -> None:
        self._nonce = nonce.encode() + b" "
        self._patience = patience
        self._tail_bytes = tail_bytes
        self._kept = 0
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        self.foreign = 0
        self.running: str | None = None
        self.since = time.monotonic()
        self.finished = False
        self.status: int | None = None
        self.hung = ""
        self.tail: collections.deque[bytes] = collections.deque()

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(self._nonce):
                self._take(json.loads(line[len(self._nonce) :]))
            else:
                self.foreign += 1

    def _take(self, event: dict[str, Any]) -> None:
        self.events.append(event)
        self.since = time.monotonic()
        if event["is"] == "start":
            self.running = event["id"]
        elif event["is"] == "done":
            self.running = None
            self._patience.note(event["outcome"], event["ms"])
        elif event["is"] == "finish":
            self.finished = True

    def print(self, data: bytes) -> None:
        self.tail.append(data)
        self._kept += len(data)
        while len(self.tail) > 1 and self._kept - len(self.tail[0]) > self._tail_bytes:
            self._kept -= len(self.tail.popleft())

    def told(self) -> bytes:
        """The last that was printed."""
        return b"".join(self.tail)[-self._tail_bytes :]

    def late(self, deadline: float) -> str:
        """Why the process must be killed now, or nothing."""
        now = time.monotonic()
        if now > deadline:
            return "suite"
        if self.running is not None and now - self.since > self._patience.limit:
            return "test"
        if self.finished and now - self.since > END_SECONDS:
            return "end"
        return ""


def start(job: dict[str, Any], payload: dict[str, Any], report: int) -> subprocess.Popen[bytes]:
    """Start the tests' process; its job is an unlinked file, so that no argument shows it."""
    with tempfile.TemporaryFile() as file:
        file.write(json.dumps(payload).encode())
        file.seek(0)
        argv = job["argv"]
        fds: tuple[int, ...] = ()
        if job["script"]:
            argv = [job["python"], "-B", "-c", CHILD, str(report), str(file.fileno())]
            fds = (report, file.fileno())
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
            start_new_session=True,
            env={**os.environ, **job["env"]},
        )


def live(
    job: dict[str, Any], ids: list[str] | None, patience: Patience, deadline: float
) -> Watched:
    """One process from its start to its end."""
    watched = Watched(job["nonce"], patience, job["tail_bytes"])
    keys = ("nonce", "channel", "script", "args", "canary", "extra")
    payload = {key: job[key] for key in keys}
    reading, writing = os.pipe()
    try:
        child = start(job, {**payload, "ids": ids}, writing)
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as report, child:
        assert child.stdout is not None
        follow(child, {report: watched.feed, child.stdout: watched.print}, watched, deadline)
        if watched.status is None:
            stop(child)
    return watched


def follow(
    child: subprocess.Popen[bytes], pipes: dict[Any, Any], watched: Watched, deadline: float
) -> None:
    """Read both pipes until the process has ended or must be killed."""
    selector = selectors.DefaultSelector()
    for pipe in pipes:
        os.set_blocking(pipe.fileno(), False)
        selector.register(pipe, selectors.EVENT_READ, pipes[pipe])
    while True:
        ended = child.poll()
        for key, _ in selector.select(0 if ended is not None else 0.02):
            data = os.read(key.fd, 1 << 16)
            if data:
                key.data(data)
                ended = None
            else:
                selector.unregister(key.fileobj)
        if ended is not None:
            watched.status = ended
            # What the process left behind must not see the next one.
            kill_group(child.pid)
            return
        if not selector.get_map() and child.poll() is None:
            wait_a_little(child)
        watched.hung = watched.late(deadline)
        if watched.hung:
            return


def wait_a_little(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(0.02)
    except subprocess.TimeoutExpired:
        return


def stop(child: subprocess.Popen[bytes]) -> None:
    kill_group(child.pid)
    child.wait()


def kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


class Suite:
    """What all lives together said."""

    def __init__(self) -> None:
        self.outcomes: dict[str, list[Any]] = {}
        self.collected: list[str] | None = None
        self.errors: dict[str, str] = {}
        self.canary = ""
        self.status: int | None = None
        self.finished = False
        self.reported: int | None = None
        self.foreign = 0
        self.lives = 0
        self.stopped = ""
        self.running: str | None = None
        self.tail = b""
        self.extra: list[Any] = []

    def add(self, watched: Watched) -> None:
        self.lives += 1
        self.foreign += watched.foreign
        self.finished, self.status = watched.finished, watched.status
        self.running = watched.running
        self.tail = watched.told()
        for event in watched.events:
            self._take(event)
        if watched.running is not None:
            outcome = "timeout" if watched.hung else "crashed"
            status = watched.status
            text = "" if watched.hung else f"the test ended its process (exit status {status})"
            self.outcomes[watched.running] = [outcome, 0, text]

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["is"]
        if kind == "collected":
            if self.collected is None:
                self.collected = event["ids"]
            self.errors.update(event["errors"])
        elif kind == "done":
            self._done(event["id"], [event["outcome"], event["ms"], event["text"]])
        elif kind == "canary":
            self.canary = event["outcome"]
        elif kind == "finish":
            self.reported = event["status"]
        elif kind == "extra":
            self.extra.append(event["data"])

    def _done(self, test: str, told: list[Any]) -> None:
        """Two tests may bear one id; the worse one counts."""
        before = self.outcomes.get(test)
        if before is None or before[0] == "passed":
            self.outcomes[test] = told

    def told(self) -> dict[str, Any]:
        told = {key: value for key, value in vars(self).items() if key != "tail"}
        return {**told, "tail": self.tail.decode("utf-8", "replace")}


def supervise(job: dict[str, Any]) -> dict[str, Any]:
    """Run the suite to its end, in as many processes as it takes."""
    deadline = time.monotonic() + job["wall_seconds"]
    suite, ids = Suite(), job["ids"]
    patience = Patience(job["patience"], job["test_seconds"])
    while True:
        watched = live(job, ids, patience, deadline)
        suite.add(watched)
        if watched.hung:
            patience.lose()
        if watched.running is None or watched.hung == "suite":
            suite.stopped = watched.hung
            return suite.told()
        if suite.collected is None or suite.lives >= MOST_LIVES:
            suite.stopped = "lives"
            return suite.told()
        ids = [each for each in suite.collected if each not in suite.outcomes]
        if not ids and not job["canary"]:
            return suite.told()


def hide() -> None:
    """Best effort: on systems without prctl there is nothing to hide from either."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (OSError, AttributeError):
        return


def main(job: dict[str, Any], out: BinaryIO) -> None:
    hide()
    told = json.dumps(supervise(job)).encode()
    out.write(job["nonce"].encode() + b" " + base64.b64encode(zlib.compress(told)) + b"\n")
    out.flush()
