"""Which services a repository's tests want: what its swarm.toml declares, else what its CI starts.

A declaration stands for all that could be found otherwise, and what it names has to be there. What a
CI starts is a hint: it is followed where this machine has the program, and else left, since tests
that need it will say so. A client library in the list of requirements is no hint at all: it says
nothing about tests. Files are read as text of somebody else's; nothing of them is run or loaded.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from swarm.domain.errors import Rejected
from swarm.domain.services import ServiceKind, ServiceSpec
from swarm.services.programs import candidates

FILE = "swarm.toml"
SECTION = "services"
_MOST_BYTES = 1 << 20
_CI = (".yml", ".yaml")
_OF_POSTGRES = re.compile(r"POSTGRES_(USER|PASSWORD|DB)\s*[:=]\s*[\"']?([A-Za-z0-9_-]+)")
_URL = re.compile(
    r"^\s*(?:-\s*)?([A-Z][A-Z0-9_]*)\s*[:=]\s*[\"']?"
    r"((postgres|redis)[a-z0-9+]*://[^\s\"'$]*(?:localhost|127\.0\.0\.1)[^\s\"'$]*)[\"']?\s*$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """A file of the repository that mentions a service."""

    kind: str
    path: str


def wanted_services(tree: Path, hints: Iterable[Hint], python: Path) -> tuple[ServiceSpec, ...]:
    """`python`: the project's, whose wheels may bring programs.

    Raises Rejected for a declaration that is not understood.
    """
    table = _declared(tree)
    if table is not None:
        return tuple(_read(name, each) for name, each in table.items())
    return tuple(_hinted(tree, tuple(hints), python))


def _declared(tree: Path) -> dict[str, Any] | None:
    text = _text(tree, FILE)
    try:
        table = tomllib.loads(text).get(SECTION)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Rejected(f"{FILE} of the repository is not valid TOML: {error}") from error
    if table is not None and not isinstance(table, dict):
        raise Rejected(
            f"{FILE}: `{SECTION}` is not a section", advice=f"write [{SECTION}.postgres]"
        )
    return table


def _read(name: str, table: Any) -> ServiceSpec:
    if not isinstance(table, dict):
        raise Rejected(f"{FILE}: `{name}` is not a section", advice=f"write [{SECTION}.{name}]")
    try:
        return ServiceSpec.model_validate({"kind": name, "name": name, **table})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, (SECTION, name, *first["loc"])))
        raise Rejected(f"{FILE}: {where}: {first['msg']}") from error


def _hinted(tree: Path, hints: tuple[Hint, ...], python: Path) -> Iterator[ServiceSpec]:
    kinds: tuple[ServiceKind, ...] = ("postgres", "redis")
    for kind in kinds:
        paths = [each.path for each in hints if each.kind == kind]
        if FILE in paths:
            yield ServiceSpec(kind=kind)
        elif any(path.endswith(_CI) for path in paths) and candidates(kind, python, ()):
            text = "\n".join(_text(tree, path) for path in dict.fromkeys(paths))
            yield _as_in(text, kind)


def _as_in(ci: str, kind: ServiceKind) -> ServiceSpec:
    """As the CI's file starts it, so that what its tests are told there is right here too."""
    told = dict(reversed(_OF_POSTGRES.findall(ci)))
    env = {name: url for name, url, scheme in _URL.findall(ci) if scheme == kind}
    user = told.get("USER", "postgres")
    more = {"user": user, "database": told.get("DB", user), "password": told.get("PASSWORD", "")}
    try:
        return ServiceSpec.model_validate(
            {"kind": kind, "env": env, **(more if kind == "postgres" else {})}
        )
    except ValidationError:  # names that are too odd to be taken over
        return ServiceSpec(kind=kind)


def _text(tree: Path, name: str) -> str:
    """Nothing, where it is no plain file in the tree."""
    path = tree / name
    inside = path.resolve().is_relative_to(tree.resolve())
    if not inside or not path.is_file() or path.stat().st_size > _MOST_BYTES:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
