"""Where packages come from on this machine: its own settings of pip and uv, never the repository's.

What a sandbox gets to know of them holds no password: an address with one in it is refused, for what
runs while packages are built could read it. Indexes and folders on disk are shown read-only.
"""

import configparser
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from swarm.domain.errors import NeedsHuman

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Indexes:
    """`index` None: the tool's own default."""

    index: str | None = None
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    none: bool = False
    """Only the links are looked at."""

    @property
    def addresses(self) -> tuple[str, ...]:
        own = (self.index,) if self.index else ()
        return tuple(each for each in (*(() if self.none else (*own, *self.extra)), *self.links))

    @property
    def shown(self) -> tuple[Path, ...]:
        """Folders of those on disk. The pages of an index point to files beside them."""
        paths = (path for path in map(_path, self.addresses) if path is not None)
        return tuple(path.parent if path.name == "simple" else path for path in paths)

    @property
    def hosts(self) -> tuple[tuple[str, int], ...]:
        """Those to be reached, without the default's."""
        found = (urlsplit(each) for each in self.addresses if _path(each) is None)
        return tuple(
            dict.fromkeys(
                (each.hostname, each.port or _PORTS[each.scheme])
                for each in found
                if each.hostname and each.scheme in _PORTS
            )
        )

    @property
    def asks_default(self) -> bool:
        return self.index is None and not self.none

    def options(self) -> tuple[str, ...]:
        """As pip and uv both read them."""
        words = ["--no-index"] if self.none else ["--index-url", self.index] if self.index else []
        if not self.none:
            words += [word for each in self.extra for word in ("--extra-index-url", each)]
        return (*words, *(word for each in self.links for word in ("--find-links", each)))


def _path(address: str) -> Path | None:
    if address.startswith("file://"):
        return Path(unquote(urlsplit(address).path))
    return Path(address) if address.startswith("/") else None


def host_indexes(environ: Mapping[str, str]) -> Indexes:
    """Uv's and pip's variables, then their files; the first that says something of a kind counts.

    Raises NeedsHuman for an address with a password.
    """
    said = [_of_variables(environ), *map(_of_file, _files(environ))]
    index = next((each.index for each in said if each.index), None)
    extra = next((each.extra for each in said if each.extra), ())
    links = next((each.links for each in said if each.links), ())
    found = Indexes(index, extra, links, any(each.none for each in said))
    for address in found.addresses:
        _check(address)
    return found


def _check(address: str) -> None:
    parts = urlsplit(address)
    if "@" in parts.netloc:
        raise NeedsHuman(
            f"the package index at {parts.hostname} is configured with a password,"
            " which programs that build packages could read",
            advice="name an index or a folder of wheels without one: PIP_INDEX_URL, PIP_FIND_LINKS",
        )


def _of_variables(environ: Mapping[str, str]) -> Indexes:
    def words(*names: str) -> tuple[str, ...]:
        found = next((environ[name] for name in names if environ.get(name)), "")
        # uv lets an index be named: `name=https://...`.
        return tuple(each.partition("=")[2] if "=h" in each else each for each in found.split())

    index = words("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
    return Indexes(
        index[0] if index else None,
        words("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL"),
        tuple(words("UV_FIND_LINKS", "PIP_FIND_LINKS")),
        bool(environ.get("PIP_NO_INDEX") or environ.get("UV_NO_INDEX")),
    )


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME", "/nonexistent"))
    config = Path(environ.get("XDG_CONFIG_HOME", home / ".config"))
    if named := environ.get("PIP_CONFIG_FILE"):
        yield Path(named)
    yield from (config / "uv/uv.toml", config / "pip/pip.conf", home / ".pip/pip.conf")
    yield from (Path("/etc/uv/uv.toml"), Path("/etc/pip.conf"))


def _of_file(path: Path) -> Indexes:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return Indexes()
    return _of_uv(text) if path.suffix == ".toml" else _of_pip(text)


def _of_pip(text: str) -> Indexes:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return Indexes()
    values: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            values |= dict(parser.items(section))
    links = tuple(shlex.split(values.get("find-links", "")))
    extra = tuple(values.get("extra-index-url", "").split())
    none = values.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    return Indexes(values.get("index-url") or None, extra, links, none)


def _of_uv(text: str) -> Indexes:
    try:
        read: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return Indexes()
    listed = [each for each in read.get("index", []) if isinstance(each, dict) and "url" in each]
    default = next((str(each["url"]) for each in listed if each.get("default")), None)
    extra = [str(each["url"]) for each in listed if not each.get("default")]
    return Indexes(
        default or read.get("index-url"),
        (*extra, *map(str, read.get("extra-index-url", []))),
        tuple(map(str, read.get("find-links", []))),
        bool(read.get("no-index")),
    )
