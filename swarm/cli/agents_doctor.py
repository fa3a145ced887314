"""The doctor's rows of the user's own agents: which are here, with which login, and what each may see."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from swarm.domain.errors import Lacking, NeedsHuman
from swarm.engines.public_api import MAKERS, Found, Login, find, login_of

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class AgentRow:
    name: str
    found: str
    ok: bool
    remedy: str = ""
    sees: tuple[str, ...] = ()


def agent_rows(environ: Mapping[str, str], now: int) -> Iterator[AgentRow]:
    """One a known agent that PATH has; one that says so where there is none. `now`: seconds since 1970."""
    path, home = environ.get("PATH", os.defpath), Path(environ.get("HOME", "/"))
    rows = [row for name in MAKERS if (row := _row(name, path, home, now)) is not None]
    if rows:
        yield from rows
        return
    titles = ", ".join(maker.title for maker in MAKERS.values())
    yield AgentRow("your own agents", "none on PATH", ok=False, remedy=f"install one of {titles}")


def _row(name: str, path: str, home: Path, now: int) -> AgentRow | None:
    try:
        found = find(name, path, home)
    except Lacking as error:
        return AgentRow(name, str(error), ok=False, remedy=error.advice)
    if found is None:
        return None
    program = f"{_version(found)} ({found.argv[-1]})"
    try:
        login = login_of(MAKERS[name], home, now)
    except NeedsHuman as error:
        return AgentRow(name, f"{program}: {error}", ok=False, remedy=error.advice)
    return AgentRow(name, f"{program}, {_told(login)}", ok=True, sees=_sees(found, login))


def _told(login: Login) -> str:
    if not login.until:
        return f"login: {login.kind}"
    return (
        f"login: {login.kind}, until {datetime.fromtimestamp(login.until, UTC):%Y-%m-%d %H:%M} UTC"
    )


def _sees(found: Found, login: Login) -> tuple[str, ...]:
    """In its sandbox, besides the repository's commit."""
    maker = MAKERS[found.name]
    hosts = ", ".join(host for host, _ in login.hosts)
    return (
        f"may use the login in ~/{maker.folder}/{maker.file}, without the part that renews it",
        f"may send what it reads to {hosts}",
        f"is shown {', '.join(found.shows) or 'no more of this machine than its tools'}",
    )


def _version(found: Found) -> str:
    try:
        said = subprocess.run(
            [*found.argv, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return "does not tell its version"
    lines = said.stdout.strip().splitlines()
    told = "".join(each for each in lines[-1] if each.isprintable()) if lines else ""
    return told[:60] or "does not tell its version"
