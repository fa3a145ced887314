"""What one service needs, as a value: argvs, folders and variables; nothing here acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from swarm.domain.services import ServiceSpec

FOLDER = Path("/srv/services")
"""Inside, each service has its data in a folder of its own below this one."""

HOST = "127.0.0.1"

Signal = Literal["INT", "TERM"]


@dataclass(frozen=True, slots=True)
class Seeding:
    """One command that fills a running service."""

    argv: tuple[str, ...]
    what: str
    """Names it in messages."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How one service is made, seeded, run and found."""

    spec: ServiceSpec
    identity: str
    """Of the program: data made by another one are not used."""

    create: tuple[str, ...]
    """Makes the data of an empty service in its empty folder; nothing where a server does that."""

    serve: tuple[str, ...]
    """Runs in the foreground until it is told to stop."""

    ready: tuple[str, ...]
    """Exits with 0 when clients are served."""

    seedings: tuple[Seeding, ...]
    stop_signal: Signal
    usual: Mapping[str, str]
    """Variables that clients of this kind look at."""

    scheme: str
    programs: Path | None = None
    """The folder that they are in."""

    readonly: tuple[Path, ...] = ()
    """What of the host has to be shown for the programs to run."""

    @property
    def data(self) -> Path:
        return data_of(self.spec)

    @property
    def log(self) -> Path:
        return Path(f"/tmp/swarm-{self.spec.called}.log")  # noqa: S108

    @property
    def env(self) -> dict[str, str]:
        """What was asked for, beside what is usual."""
        return {**self.usual, **filled_in(self.spec, self.scheme, self.programs)}


def data_of(spec: ServiceSpec) -> Path:
    return FOLDER / spec.called


def url_of(spec: ServiceSpec, scheme: str) -> str:
    place = f"{HOST}:{spec.listens_on}"
    if spec.kind != "postgres":
        return f"{scheme}://{place}"
    secret = f":{quote(spec.password, safe='')}" if spec.password else ""
    return f"{scheme}://{spec.user}{secret}@{place}/{spec.database}"


def filled_in(spec: ServiceSpec, scheme: str, programs: Path | None) -> dict[str, str]:
    """The variables that were asked for. Only these words are replaced: the text is not ours."""
    words = {
        "{url}": url_of(spec, scheme),
        "{host}": HOST,
        "{port}": str(spec.listens_on),
        "{user}": spec.user,
        "{password}": spec.password,
        "{database}": spec.database,
        "{programs}": str(programs or ""),
    }
    return {name: _replaced(text, words) for name, text in spec.env.items()}


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def quiet(shell: str, *words: str) -> tuple[str, ...]:
    """A line for the shell, with its words as `$1`, `$2`, ...: never as text of the line."""
    return ("/bin/sh", "-c", shell, "sh", *words)
