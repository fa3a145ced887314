"""Trees: their entries, what a tree becomes with some changes, and what differs between two.

There is never a work tree and no index: new files go in as blobs, and the folders that lead to them are
written anew. So no filter, line-ending rule or attribute of anybody touches the bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.changes import Change, Changes, Mode, Removed, Written
from swarm.domain.errors import Rejected
from swarm.domain.names import TreeHash
from swarm.repository import loose
from swarm.repository.loose import Folder, Orders
from swarm.repository.paths import checked, checked_target, shown
from swarm.repository.program import Git

LINK: Mode = "120000"
SUBMODULE = "160000"
MOST_KNOWN = 5_000
"""Folders that are kept in mind between two trees."""


@dataclass(frozen=True, slots=True)
class Entry:
    path: bytes
    mode: str
    """One of `Mode`, or `160000` for the commit of a submodule."""

    blob: str


def entries(git: Git, tree: TreeHash) -> tuple[Entry, ...]:
    """Every file of a tree, in git's order."""
    listing = git.run("ls-tree", "-r", "-z", "--full-tree", tree)
    return tuple(_entry(record) for record in listing.split(b"\0") if record)


def _entry(record: bytes) -> Entry:
    head, path = record.split(b"\t", 1)
    mode, _, blob = head.decode().split(" ")
    return Entry(path, _mode(mode), blob)


def _mode(text: str) -> str:
    """The modes that git writes today; old trees hold others, such as 100664."""
    if text in {LINK, SUBMODULE}:
        return text
    return "100755" if int(text, 8) & 0o100 else "100644"


def blobs(git: Git, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of blobs, in the order asked for."""
    wanted = list(names)
    if not wanted:
        return
    request = "".join(f"{name}\n" for name in wanted).encode()
    with git.stream("cat-file", "--batch", "--buffer", stdin=request) as answers:
        for name in wanted:
            header = answers.readline().decode().split()
            if len(header) != 3:
                raise Rejected(f"{git.where} does not have object {name}")
            yield name, answers.read(int(header[2]))
            answers.read(1)


def tree_with(
    git: Git, base: TreeHash, changes: Changes, known: dict[str, Folder] | None = None
) -> TreeHash:
    """The tree that the changes make of the base. `known`: folders that were read before; grows.

    Removing what is not there changes nothing, so changes applied twice are changes applied once.
    Raises Rejected for names that must not be in a tree, for a name that occurs twice, and where
    one name would be a file and a directory.
    """
    if not changes:
        return base
    written = _written(changes)
    orders = Orders()
    for item in changes.items:
        orders.add(item)
    names = {
        path: loose.put(git.where, "blob", item.data, len(base)) for path, item in written.items()
    }
    folders = _folders_on_the_way(git, base, orders, {} if known is None else known)
    making = _Making(git.where, len(base), folders, names)
    return TreeHash(making.put(making.changed(base, orders, b"")))


@dataclass(frozen=True, slots=True)
class _Making:
    """A tree while it is made."""

    where: Path
    width: int
    folders: Mapping[str, Folder]
    blobs: Mapping[bytes, str]
    """By path."""

    def put(self, entries: Folder) -> str:
        return loose.put(self.where, "tree", loose.folder_bytes(entries), self.width)

    def changed(self, base: str | None, orders: Orders, where: bytes) -> dict[bytes, loose.Entry]:
        """A folder's entries: first what goes, then what lies below, then files."""
        entries = {} if base is None else dict(self.folders[base])
        for name in orders.removed:
            if name in entries and not entries[name].is_folder:
                del entries[name]
        for name, below in orders.below.items():
            self._change_below(entries, name, below, where)
        for name, item in orders.written.items():
            loose.demand_no_folder(entries, name, item.path)
            entries[name] = loose.Entry(item.mode.encode(), self.blobs[item.path])
        return entries

    def _change_below(
        self, entries: dict[bytes, loose.Entry], name: bytes, orders: Orders, where: bytes
    ) -> None:
        if orders.writes:
            loose.demand_no_file(entries, name, where + name)
        elif name not in entries or not entries[name].is_folder:
            return
        before = entries[name].name if name in entries else None
        inner = self.changed(before, orders, where + name + b"/")
        if not inner:
            entries.pop(name, None)
        elif before is None or inner != self.folders[before]:
            entries[name] = loose.Entry(loose.FOLDER, self.put(inner))


def _folders_on_the_way(
    git: Git, base: str, orders: Orders, known: dict[str, Folder]
) -> dict[str, Folder]:
    """Every folder that the orders lead through, read a level at a time. `known` grows."""
    found, level = dict[str, Folder](), [(base, orders)]
    while level:
        found |= {name: folder for name, _ in level if (folder := known.get(name)) is not None}
        missing = dict.fromkeys(name for name, _ in level if name not in found)
        found |= {n: loose.read_folder(data, len(n)) for n, data in blobs(git, missing)}
        level = [
            (entry.name, below)
            for name, each in level
            for inner, below in each.below.items()
            if (entry := found[name].get(inner)) is not None and entry.is_folder
        ]
    if len(known) > MOST_KNOWN:
        known.clear()
    known |= found
    return found


def _written(changes: Changes) -> Mapping[bytes, Written]:
    paths = [checked(item.path) for item in changes.items]
    if len(set(paths)) != len(paths):
        raise Rejected("one path occurs twice in the changes")
    written = {item.path: item for item in changes.items if isinstance(item, Written)}
    for item in written.values():
        # Git itself follows none of these, but other programs that read them may.
        if item.mode == LINK and item.path.rsplit(b"/", 1)[-1].lower() == b".gitmodules":
            raise Rejected(f"{shown(item.path)!r} must not be a symbolic link")
        if item.mode == LINK:
            checked_target(item.data, item.path)
    return written


@dataclass(frozen=True, slots=True)
class _Difference:
    path: bytes
    mode: str
    """Empty when the path is gone."""

    blob: str


def changes(git: Git, base: TreeHash, tree: TreeHash) -> Changes:
    """What makes `tree` of `base`. New submodules have no bytes to carry and are left out."""
    found = _differences(git, base, tree)
    carried = [each for each in found if each.mode not in {"", SUBMODULE}]
    data = blobs(git, (each.blob for each in carried))
    contents = {each.path: content for each, (_, content) in zip(carried, data, strict=True)}
    items = [_change(each, contents) for each in found if each.mode != SUBMODULE]
    left_out = [f"{shown(each.path)}: submodule" for each in found if each.mode == SUBMODULE]
    return Changes(tuple(sorted(items, key=lambda item: item.path)), tuple(left_out))


def _change(difference: _Difference, contents: Mapping[bytes, bytes]) -> Change:
    match difference.mode:
        case "":
            return Removed(difference.path)
        case "100644" | "100755" | "120000" as mode:
            return Written(difference.path, mode, contents[difference.path])
        case mode:
            raise Rejected(f"{shown(difference.path)!r} has mode {mode}, which cannot be carried")


def _differences(git: Git, base: TreeHash, tree: TreeHash) -> list[_Difference]:
    out = git.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", base, tree)
    fields = out.split(b"\0")[:-1]
    return [_difference(*pair) for pair in zip(fields[::2], fields[1::2], strict=True)]


def _difference(head: bytes, path: bytes) -> _Difference:
    _, mode, _, blob, status = head.decode().split(" ")
    return _Difference(path, "" if status == "D" else _mode(mode), blob)


def touched(git: Git, base: TreeHash, tree: TreeHash) -> tuple[str, ...]:
    """The paths that differ, sorted, as text."""
    return tuple(sorted(shown(each.path) for each in _differences(git, base, tree)))


@dataclass(frozen=True, slots=True)
class Count:
    """Lines of one path; None for files that are not text."""

    path: str
    added: int | None
    removed: int | None


def numstat(git: Git, base: TreeHash, tree: TreeHash) -> tuple[Count, ...]:
    out = git.run("diff-tree", "-r", "-z", "--numstat", *_PLAIN_DIFF, base, tree)
    return tuple(_count(record) for record in out.split(b"\0") if record)


def _count(record: bytes) -> Count:
    added, removed, path = record.split(b"\t", 2)
    numbers = [None if number == b"-" else int(number) for number in (added, removed)]
    return Count(shown(path), *numbers)


def patch(git: Git, base: TreeHash, tree: TreeHash) -> str:
    """A unified diff for people: other bytes than UTF-8 are replaced, binary files only named."""
    return git.run("diff-tree", "-p", *_PLAIN_DIFF, base, tree).decode("utf-8", "replace")


def patch_file(git: Git, base: TreeHash, tree: TreeHash) -> bytes:
    """The whole difference in git's form, binary files too: applied to the base it gives the tree."""
    return git.run("diff-tree", "-p", "--binary", "--full-index", *_PLAIN_DIFF, base, tree)


_PLAIN_DIFF = ("-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color")
