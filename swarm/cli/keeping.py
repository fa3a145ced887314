"""Sees to it that somebody works on open goals: starts the coordinator's process, notices its end."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from swarm.actors.public_api import Places, coordinator_alive, start_house
from swarm.cli.failing import LACKS
from swarm.cli.options import Runtime
from swarm.domain.errors import Lacking, Transient

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
    starts: int = 0
    house: "subprocess.Popen[bytes] | None" = field(default=None)
    logged: int = 0
    """Size of the log before the house was started: what is behind it is the house's own."""

    def keep(self) -> None:
        """Raises Lacking where the house says so, Transient when it has died."""
        code = self.house.poll() if self.house is not None else 0
        if code is None or coordinator_alive(self.places):
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
        self.house = start_house(self.places, self.runtime, self.address, detach=self.detach)

    @property
    def log(self) -> Path:
        return self.places.logs / "house.log"

    def _why(self, code: int) -> Lacking | Transient:
        said = _behind(self.log, self.logged)
        if code == LACKS:
            return _lacking(said)
        last = said.strip().splitlines()[-1:]
        error = Transient(
            f"the coordinator's process ended unexpectedly ({_how(code)})"
            + (f": {last[0]}" if last else "")
        )
        error.advice = f"nothing is lost: `swarm resume` goes on; its log is {self.log}"
        return error


def _lacking(said: str) -> Lacking:
    """The house writes its error's kind and message, then the advice, on a line each."""
    lines = said.strip().splitlines()
    at = next((n for n, line in enumerate(lines) if line.startswith("Lacking: ")), None)
    if at is None:
        return Lacking("swarm cannot run here", advice="swarm doctor")
    advice = lines[at + 1].strip() if at + 1 < len(lines) else ""
    return Lacking(lines[at].removeprefix("Lacking: "), advice=advice or "swarm doctor")


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
