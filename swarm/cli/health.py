"""What this machine can do, what it lacks, and the remedy."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from rich.table import Table
from rich.text import Text

from swarm.cli.agents_doctor import agent_rows
from swarm.cli.failing import DONE, LACKS
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, size
from swarm.domain.canonical import Json
from swarm.models.public_api import aged, seen
from swarm.sandbox.public_api import doctor_rows

LEAST_GIT = (2, 38)
"""`git merge-tree --write-tree` is what joins patches."""

LEAST_DISK = 1 << 30


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    found: str
    ok: bool
    remedy: str = ""
    needed: bool = True
    """Without it nothing runs; a comfort when false."""

    lost: tuple[str, ...] = ()
    """What one does without where this is all there is; of an agent, what it is lent."""


def examine(*, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    rows = tuple(_rows(session))
    session.show(rows_view(rows), {"rows": [row_document(row) for row in rows]})
    return DONE if all(row.ok for row in rows if row.needed) else LACKS


def _rows(session: Session) -> Iterator[Row]:
    yield _python()
    yield _git()
    yield _disk(session.places.home)
    yield _state_folder(session.places.home)
    yield _ray()
    yield from _sandboxes(session)
    yield _prices(session)
    yield from _agents(session)


def _prices(session: Session) -> Row:
    remedy = aged(datetime.fromtimestamp(session.now() / 1000, UTC).date())
    return Row("models' prices", f"of {seen()}", ok=not remedy, remedy=remedy, needed=False)


def _agents(session: Session) -> Iterator[Row]:
    for each in agent_rows(os.environ, session.now() // 1000):
        yield Row(each.name, each.found, each.ok, each.remedy, needed=False, lost=each.sees)


def _python() -> Row:
    version = ".".join(map(str, sys.version_info[:3]))
    return Row("python", f"{version} ({sys.executable})", ok=sys.version_info >= (3, 11))


def _git() -> Row:
    remedy = f"install git {'.'.join(map(str, LEAST_GIT))} or newer"
    program = shutil.which("git")
    if program is None:
        return Row("git", "not found", ok=False, remedy=remedy)
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    number = said.stdout.split()[2] if len(said.stdout.split()) > 2 else "unknown"
    digits = tuple(int(part) for part in number.split(".")[:2] if part.isdigit())
    return Row("git", number, ok=digits >= LEAST_GIT, remedy=remedy)


def _disk(home: Path) -> Row:
    free = shutil.disk_usage(_existing(home)).free
    return Row("disk", f"{size(free)} free", ok=free >= LEAST_DISK, remedy="swarm clean")


def _state_folder(home: Path) -> Row:
    ok = os.access(_existing(home), os.W_OK)
    return Row("state folder", str(home), ok=ok, remedy="set SWARM_HOME to a folder of yours")


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _ray() -> Row:
    there = find_spec("ray") is not None
    found = "installed" if there else "not found: goals run in one process"
    return Row("ray", found, ok=there, remedy="pip install 'ray==2.60.*'", needed=False)


def _sandboxes(session: Session) -> Iterator[Row]:
    """Tried where sandboxes will be; before there is a state folder, in a temporary one."""
    if session.places.work.is_dir():
        yield from _tried_in(session.places.work)
        return
    with tempfile.TemporaryDirectory(prefix="swarm-doctor-") as folder:
        Path(folder).chmod(0o711)  # another user's sandboxes are tried as well
        yield from _tried_in(Path(folder))


def _tried_in(scratch: Path) -> Iterator[Row]:
    for row in doctor_rows(scratch):
        yield Row(row.name, row.found, row.ok, row.remedy, row.needed, row.lost)


def rows_view(rows: tuple[Row, ...]) -> Table:
    table = plain_table("", "what", "found", "remedy")
    for row in rows:
        mark, style = ("✓", "green") if row.ok else ("✗", "red" if row.needed else "yellow")
        remedy = "" if row.ok else row.remedy
        table.add_row(
            Text(mark, style=style), cell(row.what), _found(row), cell(remedy, "cyan", 600)
        )
    return table


def _found(row: Row) -> Text:
    text = cell(row.found, most=600)
    for each in row.lost if row.ok else ():
        text.append(f"\n- {each}", style="dim")
    return text


def row_document(row: Row) -> Json:
    return {
        "what": row.what,
        "found": row.found,
        "ok": row.ok,
        "remedy": row.remedy,
        "needed": row.needed,
        "lost": row.lost,
    }
