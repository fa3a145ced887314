"""Objects and refs of the mirror, written without a process.

A step is kept after every turn of an agent, and seven runs of git would be most of what such a turn
costs. What is written here are git's own simplest forms (gitformat-loose(5), gitrepository-layout(5)):
one compressed file for each object, one line for each ref, each on the disk before it has its name.
Only swarm's mirror is written so, never a repository of the user's.
"""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from swarm.domain.changes import Removed, Written
from swarm.domain.errors import Rejected, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.repository.paths import shown

Kind = Literal["blob", "tree", "commit"]
FOLDER = b"40000"
_FAST = 1
"""Of zlib: mirrors are short-lived, speed counts."""


def put(folder: Path, kind: Kind, data: bytes, width: int) -> str:
    """Keep an object in the git directory `folder`; its name, of `width` hexadecimal digits."""
    whole = b"%s %d\0%s" % (kind.encode(), len(data), data)
    name = (hashlib.sha1(whole) if width == 40 else hashlib.sha256(whole)).hexdigest()  # noqa: S324 - git's names
    path = folder / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        _place(path, zlib.compress(whole, _FAST), 0o444)
    return name


def point(folder: Path, ref: str, commit: CommitHash) -> None:
    """Let a ref name a commit, whatever it named before. Raises Transient while git changes it."""
    path = folder / ref
    lock = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError as error:
        raise Transient(f"{ref} is being changed") from error
    except FileNotFoundError as error:  # its folder was tidied away as it was empty
        raise Transient(f"{ref} is being tidied") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(f"{commit}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        lock.replace(path)
    except BaseException:
        lock.unlink(missing_ok=True)
        raise


def _place(path: Path, data: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix="tmp_obj_")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def commit_text(tree: TreeHash, parents: Sequence[CommitHash], message: bytes, *, at: int) -> bytes:
    """A commit by swarm at `at` (seconds since 1970)."""
    who = f"swarm <swarm@localhost> {at} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in dict.fromkeys(parents))]
    head = "\n".join([*lines, f"author {who}", f"committer {who}"])
    return f"{head}\n\n".encode() + message


# Trees ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    mode: bytes
    name: str
    """Of the object, in hexadecimal digits."""

    @property
    def is_folder(self) -> bool:
        return int(self.mode, 8) == 0o40000


Folder = Mapping[bytes, Entry]
_OCTAL = frozenset(b"01234567")


def read_folder(data: bytes, width: int) -> dict[bytes, Entry]:
    """The entries of a tree object. Raises Rejected for what is none."""
    found, at, size = dict[bytes, Entry](), 0, width // 2
    while at < len(data):
        space, end = data.find(b" ", at), data.find(b"\0", at)
        if not at < space < end or end + 1 + size > len(data) or set(data[at:space]) - _OCTAL:
            raise Rejected("a tree of the repository is damaged")
        found[data[space + 1 : end]] = Entry(data[at:space], data[end + 1 : end + 1 + size].hex())
        at = end + 1 + size
    return found


def folder_bytes(entries: Folder) -> bytes:
    """As a tree object; folders stand where their name with a slash would."""

    def place(item: tuple[bytes, Entry]) -> bytes:
        return item[0] + b"/" if item[1].is_folder else item[0]

    return b"".join(
        b"%s %s\0%s" % (entry.mode, name, bytes.fromhex(entry.name))
        for name, entry in sorted(entries.items(), key=place)
    )


@dataclass(slots=True)
class Orders:
    """What is to change in one folder."""

    removed: set[bytes] = field(default_factory=set)
    written: dict[bytes, Written] = field(default_factory=dict)
    below: "dict[bytes, Orders]" = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return bool(self.written) or any(each.writes for each in self.below.values())

    def add(self, change: Written | Removed) -> None:
        *folders, name = change.path.split(b"/")
        orders = self
        for each in folders:
            orders = orders.below.setdefault(each, Orders())
        if isinstance(change, Written):
            orders.written[name] = change
        else:
            orders.removed.add(name)


def demand_no_folder(entries: Folder, name: bytes, path: bytes) -> None:
    """Raises Rejected where a file is to stand in a folder's place."""
    if name in entries and entries[name].is_folder:
        raise Rejected(f"{shown(path)!r} would be both a file and a directory")


def demand_no_file(entries: Folder, name: bytes, path: bytes) -> None:
    """Raises Rejected where a folder is to stand in a file's place."""
    if name in entries and not entries[name].is_folder:
        raise Rejected(f"{shown(path)!r} would be both a file and a directory")
