"""A database, a queue or another program that a repository's tests expect to be there.

Only what is wanted is said here: which kind, what is in it, and by which environment variables the
tests find it. How it is made and run is the business of `swarm.services`.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from swarm.domain.frozen import Frozen

ServiceKind = Literal["postgres", "redis", "command"]

PORTS: dict[ServiceKind, int] = {"postgres": 5432, "redis": 6379, "command": 8000}
"""Where clients look for each kind by default."""

_VERSION = r"^(\d+(\.\d+){0,2})?$"
_WORD = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"
_NAME = r"^[a-z][a-z0-9-]{0,30}$"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _inside_the_tree(path: str) -> str:
    parts = path.split("/")
    if not path or path.startswith("/") or ".." in parts or "\0" in path:
        raise ValueError(f"{path!r} is not a path inside the repository")
    return path


def _are_variables(env: dict[str, str]) -> dict[str, str]:
    for name in env:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{name!r} is no name of an environment variable")
    return env


TreePath = Annotated[str, AfterValidator(_inside_the_tree)]


class ServiceSpec(Frozen):
    kind: ServiceKind
    name: Annotated[str, Field(pattern=_NAME)] | None = None
    """Tells two services of one kind apart; the kind by default."""

    version: str = Field(default="", pattern=_VERSION)
    """A wish, as far as it goes: `16` is met by every 16.x. Empty: the newest there is."""

    port: int = Field(default=0, ge=0, le=65535)
    """On 127.0.0.1 inside. 0: the usual one of the kind."""

    user: str = Field(default="postgres", pattern=_WORD)
    """Of PostgreSQL: a superuser of this name exists."""

    password: str = ""
    """Told in URLs to clients that insist on one. Everybody is trusted: it keeps nobody out."""

    database: str = Field(default="postgres", pattern=_WORD)
    """Of PostgreSQL: a database of this name exists, and is seeded."""

    seed: tuple[TreePath, ...] = ()
    """Files of the repository, in order: SQL for PostgreSQL, a line a command for Redis."""

    seed_command: tuple[str, ...] = ()
    """Run after the files, at the root of the tree, with the service's variables set."""

    seed_inputs: tuple[TreePath, ...] = ()
    """Files and folders that the seed command reads. Unless they are named, any change to any file
    of the tree means that it has to be run anew."""

    env: Annotated[dict[str, str], AfterValidator(_are_variables)] = Field(default_factory=dict)
    """Variables that commands are given, beside the usual ones of the kind. `{url}`, `{host}`,
    `{port}`, `{user}`, `{password}` and `{database}` are filled in."""

    command: tuple[str, ...] = ()
    """Of kind `command`: what runs, in the foreground, at the root of the tree. It finds the folder
    for its data in `SERVICE_DATA` and its port in `SERVICE_PORT`; so do `ready` and the seed."""

    ready: tuple[str, ...] = ()
    """Of kind `command`: exits with 0 as soon as the service can be used."""

    @property
    def called(self) -> str:
        return self.name or self.kind

    @property
    def listens_on(self) -> int:
        return self.port or PORTS[self.kind]

    @model_validator(mode="after")
    def _commands_belong_to_commands(self) -> Self:
        if (self.kind == "command") != bool(self.command and self.ready):
            raise ValueError("a service has `command` and `ready` exactly if its kind is `command`")
        if self.kind == "command" and self.seed:
            raise ValueError("a service of kind `command` is seeded by a `seed_command`")
        return self
