"""The supervisor's end of one zygote: starts it, has it fork servers, sees them end."""

import asyncio
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import swarm
from swarm.domain.errors import Rejected, Transient
from swarm.sandbox import channel, wire
from swarm.sandbox.groups import Group

_START = """
import sys
sys.path.append({packages!r})
from swarm.sandbox.zygote import main
main()
"""
_END_SECONDS = 60.0
"""What was killed dies at once, where there is a processor for it to do so."""

_READY_SECONDS = 30.0
"""Some milliseconds, where the machine has nothing else to do."""

_LATER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Launched:
    control: socket.socket
    pid: int
    doors: tuple[int, ...]
    """As `swarm.sandbox.renewal.Doors`; none where nothing is mounted."""

    group: Group | None = None
    """The control group that it and all that it will start are in."""

    def let_go(self) -> None:
        """The server ends by itself when nobody holds its other end any more."""
        self.control.close()
        channel.close_all(self.doors)


class Begun(Protocol):
    def __call__(self, pid: int, *, spare: bool) -> None: ...


class Launcher:
    def __init__(self, python: Path, log: Path) -> None:
        self._log = log
        self._control, theirs = wire.pair()
        # Appended to the path, so that nothing of ours can stand in for the standard library.
        start = _START.format(packages=str(Path(swarm.__path__[0]).parent))
        nothing: dict[str, str] = {}
        with theirs, log.open("ab") as errors:
            self._process = subprocess.Popen(
                [str(python), "-I", "-S", "-c", start],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=nothing,
                cwd="/",
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    async def launch(self, message: wire.Message, begun: Begun) -> "Launched":
        """Start a new server. Raises OSError, with the step as `filename`, and Transient. `begun` is
        told its process id while it still makes itself ready, and whether it was half made.
        """
        control, theirs = wire.pair()
        try:
            with theirs:
                answers = channel.request(self._control, message, [theirs.fileno()])
            pid, doors = await self._started(answers, begun)
        except BaseException:
            control.close()
            raise
        control.setblocking(False)
        return Launched(control, pid, doors)

    def renew(self, order: wire.Message, doors: Sequence[int]) -> None:
        """Mount other layers in a sandbox in which nothing runs. For threads. Raises OSError and
        Rejected.
        """
        channel.ask_from_thread(self._control, {"op": "renew", **order}, doors)

    def make_spare(self, order: wire.Message) -> None:
        """Have a sandbox half made. Raises Rejected when the zygote is dead."""
        channel.request(self._control, {"op": "spare", **order}).close()

    async def end(self, pid: int) -> None:
        """Return when that server, and with it all of its namespace, is dead."""
        try:
            answers = channel.request(self._control, {"op": "end", "pid": pid})
        except Rejected:  # the zygote is dead, and took its sandboxes with it
            return
        try:
            await answers.next(_END_SECONDS)
        except TimeoutError as error:
            raise Transient(
                "the machine is too busy to end a sandbox", retry_after=_LATER
            ) from error
        finally:
            answers.close()

    def abandon(self) -> None:
        """When it is dead."""
        self._control.close()

    async def close(self) -> None:
        """Let it end, and wait until it has."""
        self._control.close()
        await asyncio.to_thread(self._process.wait)

    async def _started(self, answers: channel.Answers, begun: Begun) -> tuple[int, tuple[int, ...]]:
        pid, ready, spare = 0, False, False
        doors: list[int] = []
        try:
            while not (pid and ready):
                answer, fds = await answers.next_with_fds(_READY_SECONDS)
                doors += fds
                if answer is None:
                    raise OSError(0, f"it ended without a word {self._last_words()}")
                if "error" in answer:
                    raise OSError(answer["errno"], answer["error"], answer["what"])
                spare = answer.get("spare", spare)
                if "pid" in answer:
                    pid = answer["pid"]
                    begun(pid, spare=spare)
                ready = ready or "ready" in answer
        except TimeoutError as error:
            channel.close_all(doors)
            raise Transient(
                "the machine is too busy to make a sandbox", retry_after=_LATER
            ) from error
        except BaseException:
            channel.close_all(doors)
            raise
        finally:
            answers.close()
        return pid, tuple(doors)

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"({lines[-1]})" if lines else ""
