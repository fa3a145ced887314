"""Sees to it that somebody works on open goals: starts the coordinator's process, notices its end."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from swarm.actors.public_api import EarlyHouse, Places, coordinator_alive, start_house
from swarm.cli.failing import LACKS, SPENT
from swarm.cli.options import Runtime
from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected, SwarmError, Transient

MOST_STARTS = 3
"""A house that finds nothing open leaves; a goal submitted in that moment needs another one."""

FAREWELL_SECONDS = 20.0
"""For a house that is asked to leave."""

TAIL = 4_000
"""Characters of its log that are looked at."""


@dataclass(slots=True)
class Keeper:
    places: Places
    runtime: Runtime
    address: str | None
    detach: bool = True
    waits: bool = True
    """Whether the house stays with paused goals while this process lives."""

    early: EarlyHouse | None = None
    """A house that has begun already, for the first start."""

    starts: int = 0
    house: "subprocess.Popen[bytes] | None" = field(default=None)
    logged: int = 0
    """Size of the log before the house was started: what is behind it is the house's own."""

    def keep(self) -> None:
        """Raises what the house says, Transient when it has died without a word."""
        code = self.house.poll() if self.house is not None else 0
        if code is None:
            return
        if coordinator_alive(self.places):
            self._dismiss_early()
            return
        if code == 0 and self.starts < MOST_STARTS:
            self._start()
        else:
            raise self._why(code)

    def see_off(self, seconds: float) -> None:
        """Wait until the house that was started here has left; longer than `seconds`: end it."""
        if self.house is None:
            return
        try:
            self.house.wait(seconds)
        except subprocess.TimeoutExpired:
            self.end()

    def end(self) -> None:
        """Not needed any more: ask it to leave, then make it."""
        if self.house is not None and self.house.poll() is None:
            self.house.terminate()
            try:
                self.house.wait(FAREWELL_SECONDS)
            except subprocess.TimeoutExpired:
                self.house.kill()
                self.house.wait()

    def _start(self) -> None:
        self.logged = _size(self.log)
        self.starts += 1
        self.house = start_house(
            self.places,
            self.runtime,
            self.address,
            detach=self.detach,
            waits=self.waits,
            early=self.early,
        )
        self.early = None

    def _dismiss_early(self) -> None:
        """Another process's house works here."""
        if self.early is not None:
            self.early.dismiss()
            self.early = None

    @property
    def log(self) -> Path:
        return self.places.logs / "house.log"

    def _why(self, code: int) -> SwarmError:
        said = _behind(self.log, self.logged)
        if (known := _known(said)) is not None:
            return known
        if code == SPENT:
            return _full(self.places)
        if code == LACKS:
            return Lacking("swarm cannot run here", advice="swarm doctor")
        last = said.strip().splitlines()[-1:]
        error = Transient(
            f"the coordinator's process ended unexpectedly ({_how(code)})"
            + (f": {last[0]}" if last else "")
        )
        error.advice = f"nothing is lost: `swarm resume` goes on; its log is {self.log}"
        return error


_KINDS: tuple[type[SwarmError], ...] = (Lacking, Exhausted, NeedsHuman, Rejected)


def _known(said: str) -> SwarmError | None:
    """The house writes its error's kind and message, then the advice, on a line each."""
    lines = said.splitlines()
    for at, line in enumerate(lines):
        for kind in _KINDS:
            sign = f"{kind.__name__}: "
            if line.startswith(sign):
                error = kind(line.removeprefix(sign))
                error.advice = "".join(lines[at + 1 : at + 2]).strip()
                return error
    return None


def _full(places: Places) -> Exhausted:
    """There was no room for the house to say so itself."""
    error = Exhausted(f"no space left for {places.journal}")
    error.advice = "make room there, then go on: swarm resume"
    return error


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _behind(path: Path, offset: int) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read().decode("utf-8", "replace")[-TAIL:]
