"""The anchor: position and hash of the last record, in a file of its own beside the database.

A database that lost its tail (a deleted write-ahead log, a restored copy) is sound in itself; only
something outside can tell. The anchor is prepared before a commit and revealed after it, so that it
is never ahead of the database, and running out of space for it undoes the commit.
"""

import re
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.journal.files import write_synced
from swarm.journal.port import Head

NAME = "head"
_FORM = re.compile(r"([0-9]{1,18}) ([0-9a-f]{64})\n")


def read_anchor(folder: Path) -> Head | None:
    """Return None where there is no anchor. Raises Rejected when it is not legible."""
    path = folder / NAME
    try:
        text = path.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return None
    form = _FORM.fullmatch(text)
    if form is None:
        raise Rejected(
            f"{path} is damaged: it does not hold a position and a hash",
            advice="restore the whole state folder from one copy",
        )
    return Head(int(form[1]), Digest(form[2]))


def prepare_anchor(folder: Path, head: Head) -> None:
    write_synced(folder / f"{NAME}.next", f"{head.position} {head.hash}\n".encode())


def reveal_anchor(folder: Path) -> None:
    # The folder is not synced: losing the rename leaves an older anchor, and that is in order.
    (folder / f"{NAME}.next").replace(folder / NAME)
