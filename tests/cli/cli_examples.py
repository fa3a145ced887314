"""What the tests of the command line share: states folded from stories, and what a terminal shows."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from swarm.actors.public_api import Places
from swarm.cli.app import call
from swarm.coordination.public_api import GoalState, fold
from swarm.domain.events import EVENT, Event
from swarm.domain.names import GoalId
from swarm.journal.public_api import FileBlobs, open_journal
from swarm.testing.events import BODY

NOW = 1_760_000_060_000


def folded(*stories: Sequence[Event]) -> dict[GoalId, GoalState]:
    """The events as the journal gives them back, folded."""
    goals: dict[GoalId, GoalState] = {}
    for story in stories:
        for event in story:
            fold(goals, EVENT.validate_json(EVENT.dump_json(event)))
    return goals


def state_of(story: Sequence[Event]) -> GoalState:
    (state,) = folded(story).values()
    return state


def shown(view: RenderableType, *, width: int = 120) -> str:
    """What is seen, without colours."""
    console = Console(file=io.StringIO(), record=True, width=width, markup=False, emoji=False)
    console.print(view)
    return console.export_text()


@dataclass(frozen=True, slots=True)
class Called:
    code: int
    out: str
    err: str
    raw: bytes = b""
    """Standard output, byte by byte."""

    @property
    def document(self) -> dict[str, Any]:
        """All of standard output, which must be one JSON document."""
        read: dict[str, Any] = json.loads(self.out)
        return read


def swarm(home: Path, *argv: str) -> Called:
    """Call the program in this process, with a state folder of its own."""
    raw, err = io.BytesIO(), io.StringIO()
    out = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with (
        pytest.MonkeyPatch.context() as environment,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        environment.setenv("SWARM_HOME", str(home))
        environment.setenv("COLUMNS", "160")
        environment.setenv("TMPDIR", str(home.parent))
        code = call(argv)
    said = raw.getvalue()
    return Called(code, said.decode("utf-8", "replace"), err.getvalue(), said)


def on_a_terminal(home: Path, *argv: str) -> str:
    """What a terminal of 40 columns is sent by a short answer."""
    master, slave = os.openpty()
    with (
        os.fdopen(master, "rb", buffering=0) as screen,
        os.fdopen(slave, "w") as out,
        pytest.MonkeyPatch.context() as environment,
        contextlib.redirect_stdout(out),
    ):
        environment.setenv("SWARM_HOME", str(home))
        environment.setenv("COLUMNS", "40")
        environment.setenv("NO_COLOR", "1")
        environment.setenv("TERM", "xterm")
        assert call(argv) == 0
        out.flush()
        return screen.read(65_536).decode().replace("\r\n", "\n")


def program(home: Path, *argv: str) -> Called:
    """Run the program as a process of its own: what it starts may outlive it."""
    done = subprocess.run(
        [sys.executable, "-m", "swarm.cli", *argv],
        env={**os.environ, "SWARM_HOME": str(home), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Called(done.returncode, done.stdout, done.stderr)


def a_home(home: Path, *stories: Sequence[Event]) -> Path:
    """A state folder in which these things have happened."""
    home.mkdir(mode=0o700, exist_ok=True)
    places = Places(home)
    places.make()
    journal = open_journal(places.journal)
    for story in stories:
        journal.append(story)
    journal.close()
    FileBlobs(places.blobs).put(BODY.encode())
    return home
