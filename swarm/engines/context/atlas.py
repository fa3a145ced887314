"""All files of a repository, kept up to date: where a name is defined, and who uses it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from swarm.domain.canonical import digest
from swarm.domain.changes import Changes, Written
from swarm.engines.context.entries import Definition, Entry
from swarm.engines.context.resolving import Paths, meant
from swarm.engines.context.scanning import Scanner

MOST_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Found:
    """A definition, and the files that use it by way of an import or in its own file."""

    path: str
    definition: Definition
    used_in: tuple[str, ...]


@dataclass(slots=True)
class Atlas:
    scanner: Scanner
    entries: dict[str, Entry] = field(default_factory=dict)
    links: dict[str, frozenset[str]] = field(default_factory=dict)
    """By file, the files that it imports."""

    _homes: dict[str, set[str]] = field(default_factory=dict)
    """By name, the files that define it."""

    _seen: dict[str, str] = field(default_factory=dict)
    """Changed files, each with the hash of its bytes when it was read."""

    _whole: bool = False
    _paths: Paths = field(default_factory=lambda: Paths(frozenset()))

    async def refresh(self, changes: Changes) -> None:
        """Read what is not known yet: everything once, then what changed since. `changes`: all of the
        working tree against its base.
        """
        now = {_name(item.path): _mark(item) for item in changes.items}
        if not self._whole:
            self._take(await self.scanner.scan(None), ())
            self._whole, self._seen = True, now
            return
        stale = [
            path for path in now.keys() | self._seen.keys() if now.get(path) != self._seen.get(path)
        ]
        if stale:
            self._take(await self.scanner.scan(sorted(stale)), stale)
        self._seen = now

    def _take(self, found: Mapping[str, Entry], gone: Iterable[str]) -> None:
        before = set(self.entries)
        for path in gone:
            self._forget(path)
        for path, entry in found.items():
            self.entries[path] = entry
            for each in entry.defs:
                self._homes.setdefault(each.last, set()).add(path)
        moved, added = self.entries.keys() ^ before, self.entries.keys() - before
        if moved == added and before:
            self._paths = self._paths.grown(added)
        elif moved:
            self._paths = Paths.of(self.entries)
        names = {name for path in moved for name in _names_of(path)}
        near = {each for path in moved for each in self._paths.beside(path)}
        for path, entry in self.entries.items():
            if path in found or path in near or not names.isdisjoint(entry.mentions):
                self.links[path] = frozenset(_linked(path, entry, self._paths))

    def _forget(self, path: str) -> None:
        entry = self.entries.pop(path, None)
        self.links.pop(path, None)
        for each in entry.defs if entry else ():
            self._homes.get(each.last, set()).discard(path)

    def find(self, name: str) -> tuple[Found, ...]:
        """Definitions of a name (`total`, `Cart.total`), each with who uses it."""
        last = name.rpartition(".")[2]
        return tuple(
            Found(path, each, tuple(self._users(path, each.last)))
            for path in sorted(self._homes.get(last, ()))
            for each in self.entries[path].defs
            if each.name == name or (each.last == last and "." not in name)
        )[:MOST_SHOWN]

    def _users(self, home: str, name: str) -> Iterator[str]:
        if name in self.entries[home].uses:
            yield home
        for path in sorted(self.entries):
            if home in self.links.get(path, ()) and name in self.entries[path].uses | _names(
                self.entries[path]
            ):
                yield path


def _names(entry: Entry) -> frozenset[str]:
    return frozenset(each.name for each in entry.imports)


def _linked(path: str, entry: Entry, paths: Paths) -> Iterator[str]:
    yield from paths.beside(path)
    for each in entry.imports:
        yield from meant(path, each, paths)


def _names_of(path: str) -> Iterator[str]:
    """What an import of a file may say: its own name, or its folder's."""
    folder, _, name = path.rpartition("/")
    yield name.partition(".")[0]
    yield folder.rpartition("/")[2]


def _name(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _mark(item: object) -> str:
    return digest(item.data) if isinstance(item, Written) else ""
