"""Where packages come from on this machine: its own settings of pip and uv, never the repository's.

A password in an address is taken out of it at once and kept apart: what runs while packages are built
could read it, so only the relay outside gets it (`relaying`). Indexes and folders on disk are shown
read-only.
"""

import configparser
import netrc
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from swarm.domain.errors import NeedsHuman

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Key:
    """Who may enter at one host, and the password, which nothing prints."""

    scheme: str
    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def default_port(self) -> int:
        return _PORTS[self.scheme]

    @property
    def origin(self) -> str:
        port = "" if self.port == self.default_port else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def spellings(self) -> re.Pattern[bytes]:
        """The host at the beginning of an address, also with its usual port or somebody's name."""
        port = rf"(?::{self.port})?" if self.port == self.default_port else rf":{self.port}"
        text = rf"{self.scheme}://(?:[^/@\s\"'<>]*@)?{re.escape(self.host)}{port}(?![\w.:-])"
        return re.compile(text.encode(), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Indexes:
    """`index` None: the tool's own default."""

    index: str | None = None
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    none: bool = False
    """Only the links are looked at."""

    keys: tuple[Key, ...] = field(default=(), repr=False)
    """Of hosts that want a password."""

    authorities: str | None = None
    """A file with certificates to trust, where the user named one."""

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
        """Those to be reached from inside, without the default's."""
        ours = tuple(f"{key.origin}/" for key in self.keys)
        others = (each for each in self.addresses if not each.startswith(ours))
        found = (urlsplit(each) for each in others if _path(each) is None)
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

    def told(self, instead: Mapping[str, str]) -> "Indexes":
        """With other hosts in the place of some, and no passwords."""

        def turned(address: str) -> str:
            found = (each for each in instead if address.startswith(f"{each}/"))
            return next((instead[each] + address.removeprefix(each) for each in found), address)

        index = turned(self.index) if self.index else None
        extra, links = tuple(map(turned, self.extra)), tuple(map(turned, self.links))
        return replace(self, index=index, extra=extra, links=links, keys=())

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

    Raises NeedsHuman for an address with a password that cannot be read.
    """
    said = [_of_variables(environ), *map(_of_file, _files(environ))]
    index = next((each.index for each in said if each.index), None)
    extra = next((each.extra for each in said if each.extra), ())
    links = next((each.links for each in said if each.links), ())
    found = Indexes(index, extra, links, any(each.none for each in said))
    keys = {key.origin: key for key in map(_key, found.addresses) if key is not None}
    kept = {key.origin: key for key in map(_kept(environ), found.addresses) if key is not None}
    named = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    authorities = next((environ[name] for name in named if environ.get(name)), None)
    bare = replace(
        found,
        index=_bare(found.index) if found.index else None,
        extra=tuple(map(_bare, found.extra)),
        links=tuple(map(_bare, found.links)),
    )
    return replace(bare, keys=tuple((kept | keys).values()), authorities=authorities)


def _bare(address: str) -> str:
    """Without user and password; a host with its usual port as without."""
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or parts.hostname is None:
        return address
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return urlunsplit(parts._replace(netloc=f"{parts.hostname}{port}"))


def _key(address: str) -> Key | None:
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NeedsHuman(
            f"the package index at {parts.hostname} is configured with a password for"
            f" {parts.scheme or 'no'} connections, which nothing here can make",
            advice="name one that is reached by https: PIP_INDEX_URL, UV_DEFAULT_INDEX",
        )
    port = parts.port or _PORTS[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Key(parts.scheme, parts.hostname, port, user, password)


def _kept(environ: Mapping[str, str]) -> Callable[[str], Key | None]:
    """What the user's .netrc holds for the host of an address, as pip and uv would take it."""
    file = environ.get("NETRC") or str(Path(environ.get("HOME", "/nonexistent")) / ".netrc")
    try:
        read = netrc.netrc(file).hosts
    except (OSError, netrc.NetrcParseError):
        read = {}

    def key(address: str) -> Key | None:
        parts = urlsplit(address)
        entry = read.get(parts.hostname or "")
        if entry is None or parts.scheme not in _PORTS or not parts.hostname:
            return None
        port = parts.port or _PORTS[parts.scheme]
        return Key(parts.scheme, parts.hostname, port, entry[0], entry[2] or "")

    return key


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
            values |= {name.replace("_", "-"): said for name, said in parser.items(section)}
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
