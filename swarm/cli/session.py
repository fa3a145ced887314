"""One call of the program: its state folder, settings, consoles and clock."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console, RenderableType

from swarm.actors.public_api import Places
from swarm.cli.documents import Json
from swarm.settings.public_api import Settings, load_settings, make_home


@dataclass(frozen=True, slots=True)
class Session:
    settings: Settings
    places: Places
    out: Console
    """For answers. With `--json` nothing but the document goes there."""

    err: Console
    """For everything on the way."""

    as_json: bool
    now: Callable[[], int]
    """Milliseconds since 1970."""

    @property
    def is_live(self) -> bool:
        return self.out.is_terminal and not self.out.is_dumb_terminal and not self.as_json

    def show(self, view: RenderableType, document: Json) -> None:
        """The answer: one document, or what a person reads."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
            sys.stdout.flush()
        else:
            self.out.print(view, crop=False)

    @property
    def is_read_by_a_person(self) -> bool:
        """Standard output is a terminal; colours that were asked for make no pipe one."""
        return sys.stdout.isatty()

    def hand_over(self, data: bytes) -> None:
        """An answer that is a file: exactly these bytes."""
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def say(self, text: str, style: str = "") -> None:
        """A line on the way: beside the document, not in it."""
        (self.err if self.as_json else self.out).print(text, style=style or None, soft_wrap=True)


def open_session(
    *, as_json: bool = False, overrides: Mapping[str, str] | None = None, make: bool = False
) -> Session:
    """Read the settings. `make`: also create the state folder. Raises Rejected and Lacking."""
    settings = load_settings(overrides or {}, os.environ)
    places = Places(settings.home)
    if make:
        make_home(settings.home)
        places.make()
    return Session(settings, places, _console(), _console(stderr=True), as_json, _now)


def _console(*, stderr: bool = False) -> Console:
    """Texts are shown as they are: no markup, no emoji, no highlighting of what looks like code."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def _now() -> int:
    return time.time_ns() // 1_000_000
