"""One command that runs in a sandbox, as its supervisor sees it: pipes, a clock, an end."""

import errno
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from swarm.domain.errors import Rejected
from swarm.sandbox import channel, wire
from swarm.sandbox.output import Pipe
from swarm.sandbox.port import ExecResult, KilledBy, SandboxMode

_END_SECONDS = 5.0
"""Between the order to kill and the news of the end."""

_SHELLS_SIGNALS = 128

_DRAIN_SECONDS = 1.0
"""After the end, when nobody can hold the pipes any more."""


class Runner(Protocol):
    """What a command needs of its sandbox."""

    def request(self, message: wire.Message, fds: Sequence[int] = ()) -> channel.Answers: ...
    def running_seconds(self) -> float:
        """A clock that stands still while the sandbox is frozen."""
        ...

    async def thawed(self) -> None: ...
    async def die(self) -> None:
        """The server does not do what it is told: end everything at once."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    number: int
    """Names the command to its sandbox: it may have to be killed before it has an id."""

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    stdin: bytes = b""
    wall_seconds: float = 0.0
    output_bytes: int = 0
    cpu_seconds: int = 0


async def run(runner: Runner, order: Order, mode: SandboxMode) -> ExecResult:
    """Run to the end, or to the first limit."""
    started = time.monotonic()
    with Pipe(order.output_bytes) as out, Pipe(order.output_bytes) as err:
        watch = Watch(runner, order.number, ask_for(runner, order, out.theirs, err.theirs))
        with watch:
            out.keep(watch.flooded)
            err.keep(watch.flooded)
            end = await watch.end(order.wall_seconds)
            await out.ended(_DRAIN_SECONDS)
            await err.ended(_DRAIN_SECONDS)
    return ExecResult(
        returncode=end.code,
        stdout=out.kept.whole(),
        stderr=err.kept.whole() + end.note,
        killed_by=_reason(end, order.cpu_seconds),
        truncated=out.kept.truncated or err.kept.truncated,
        seconds=time.monotonic() - started,
        cpu_seconds=end.cpu_seconds,
        mode=mode,
    )


def ask_for(runner: Runner, order: Order, out: int, err: int) -> channel.Answers:
    if not order.stdin:
        return start(runner, order, (out, err), tell=False)
    stdin = wire.memory_file(order.stdin)
    try:
        return start(runner, order, (stdin, out, err), tell=False)
    finally:
        os.close(stdin)


def start(runner: Runner, order: Order, fds: Sequence[int], *, tell: bool) -> channel.Answers:
    """`fds`: its first ones; input is nothing where there are only two. `tell`: the first answer says
    that it has begun, and its process id inside.
    """
    message = {
        "op": "exec",
        "tell": tell,
        "number": order.number,
        "argv": order.argv,
        "cwd": order.cwd,
        "env": order.env,
    }
    return runner.request(message, fds)


@dataclass(frozen=True, slots=True)
class End:
    code: int
    cpu_seconds: float = 0.0
    killed_by: str = ""
    note: bytes = b""


class Watch:
    """Sees a command from its start to its end. Left early, it has the command killed."""

    def __init__(self, runner: Runner, number: int, answers: channel.Answers) -> None:
        self._runner = runner
        self._number = number
        self._answers = answers
        self._over = False

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_error: object) -> None:
        if not self._over:
            self.kill("signal")
        self.close()

    def close(self) -> None:
        self._answers.close()

    async def begun(self) -> int:
        """The command's process id inside. Raises OSError when it cannot be started."""
        try:
            answer = await self._answers.next(channel.ANSWER_SECONDS)
        except TimeoutError as error:
            self._over = True
            await self._runner.die()
            raise Rejected("the sandbox does not answer", advice="create another one") from error
        answer = channel.checked(answer, "a command")
        return int(answer["pid"])

    async def kept_or_killed(self) -> int:
        """As `begun`; when this fails or is cancelled, the command is killed."""
        try:
            return await self.begun()
        except BaseException:
            self.__exit__()
            raise

    async def end(self, wall_seconds: float) -> End:
        deadline = self._runner.running_seconds() + wall_seconds
        while (left := deadline - self._runner.running_seconds()) > 0:
            try:
                return self._read(await self._answers.next(left))
            except TimeoutError:
                await self._runner.thawed()
        return await self._end_by("time")

    async def _end_by(self, why: KilledBy) -> End:
        self.kill(why)
        try:
            return self._read(await self._answers.next(_END_SECONDS))
        except TimeoutError:
            self._over = True
            await self._runner.die()
            return End(-signal.SIGKILL, killed_by=why)

    async def wait(self) -> End:
        return self._read(await self._answers.next())

    def flooded(self) -> None:
        self.kill("output")

    def kill(self, why: KilledBy) -> None:
        message = {"op": "kill", "number": self._number, "why": why}
        try:
            self._runner.request(message).close()
        except Rejected:  # the sandbox is gone, and the command with it
            self._over = True

    def _read(self, answer: wire.Message | None) -> End:
        self._over = True
        if answer is None:
            raise Rejected("the sandbox died under a command", advice="create another one")
        if answer.get("errno") == errno.EAGAIN:
            return End(126, killed_by="processes", note=f"fork: {answer['error']}\n".encode())
        answer = channel.checked(answer, "a command")
        return End(int(answer["code"]), float(answer["cpu"]), str(answer["killed_by"]))


def _reason(end: End, cpu_seconds: int) -> KilledBy:
    if end.killed_by:
        return cast("KilledBy", end.killed_by)
    if end.code in _ended_by(signal.SIGXFSZ):
        return "disk"
    if end.code in _ended_by(signal.SIGXCPU):
        return "cpu"
    if end.code in _ended_by(signal.SIGKILL) and end.cpu_seconds >= cpu_seconds > 0:
        return "cpu"
    return "signal" if end.code < 0 else ""


def _ended_by(number: signal.Signals) -> tuple[int, int]:
    """The codes of a command that this signal ended: itself, or as a shell passes it on."""
    return -number, _SHELLS_SIGNALS + number


class Running:
    """A command that goes on running. What it writes to standard error is dropped."""

    def __init__(self, watch: Watch, pid: int, out: int, stdin: int) -> None:
        self._watch = watch
        self._pid = pid
        self._out = out
        self._stdin = stdin
        self._code: int | None = None

    @property
    def pid(self) -> int:
        return self._pid

    async def read(self, most: int = 65536) -> bytes:
        while self._out >= 0:
            try:
                return os.read(self._out, most)
            except BlockingIOError:
                await channel.ready(self._out)
        return b""

    async def write(self, data: bytes) -> None:
        """Raises Rejected when the command reads no more."""
        while data and self._stdin >= 0:
            try:
                data = data[os.write(self._stdin, data) :]
            except BlockingIOError:
                await channel.ready(self._stdin, to_write=True)
            except BrokenPipeError as error:
                raise Rejected("the command reads no more") from error
        if data:
            raise Rejected("the command has ended")

    async def wait(self) -> int:
        """Its standard output can still be read to the end afterwards."""
        if self._code is None:
            self._code = (await self._watch.wait()).code
            self._close_stdin()
        return self._code

    async def kill(self) -> None:
        self._watch.kill("signal")

    def close(self) -> None:
        """When its sandbox is gone."""
        self._watch.close()
        self._close_stdin()
        if self._out >= 0:
            os.close(self._out)
            self._out = -1

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            os.close(self._stdin)
            self._stdin = -1


async def spawn(runner: Runner, order: Order) -> Running:
    """Start, and return with its pipes open. It runs until it ends or the sandbox does."""
    stdin, our_stdin = os.pipe2(os.O_CLOEXEC)
    our_out, out = os.pipe2(os.O_CLOEXEC)
    err = os.open(os.devnull, os.O_WRONLY)
    try:
        answers = start(runner, order, (stdin, out, err), tell=True)
        watch = Watch(runner, order.number, answers)
        pid = await watch.kept_or_killed()
    except BaseException:
        channel.close_all([our_stdin, our_out])
        raise
    finally:
        channel.close_all([stdin, out, err])
    os.set_blocking(our_stdin, False)
    os.set_blocking(our_out, False)
    return Running(watch, pid, our_out, our_stdin)
