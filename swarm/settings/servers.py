"""Servers of tools that somebody else wrote: what is started, who may use what of it, and how much."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from swarm.domain.frozen import Frozen
from swarm.settings.sections import read_named

ServerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,23}$")]
"""Without an underscore: two of them end it in the name of a tool, `docs__search`."""

ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,38}$")]
"""What every provider of models takes, with the server's name before it."""

ToolRole = Literal["writer", "reviewer"]


class ToolServer(Frozen):
    """One server that speaks the Model Context Protocol over its standard input and output.

    It is started in the sandbox of whoever uses it: it sees the tree and what is named here, has no
    network, and gets no environment variable and no secret.
    """

    name: ServerName
    command: tuple[str, ...] = Field(min_length=1, max_length=64)
    """The program by its absolute path, and its arguments."""

    shows: tuple[Path, ...] = ()
    """Files and folders that it needs of this machine, shown read-only."""

    writer: tuple[ToolName, ...] = ()
    """Tools that writers may use; nothing that is not named is offered."""

    reviewer: tuple[ToolName, ...] = ()
    seconds: int = Field(default=30, ge=1, le=600)
    """For one answer."""

    calls_per_minute: int = Field(default=30, ge=1, le=6_000)
    """Of one agent at one task."""

    def __str__(self) -> str:
        return self.name

    def tools_of(self, role: ToolRole) -> tuple[str, ...]:
        return self.writer if role == "writer" else self.reviewer

    @field_validator("command")
    @classmethod
    def _names_a_program(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not Path(command[0]).is_absolute() or any("\0" in word for word in command):
            raise ValueError("the program is named by its absolute path")
        return command

    @field_validator("shows")
    @classmethod
    def _shows_no_home(cls, shows: tuple[Path, ...]) -> tuple[Path, ...]:
        home = Path("~").expanduser() if os.environ.get("HOME") else Path("/root")
        for path in shows:
            if not path.is_absolute() or ".." in path.parts or "\0" in str(path):
                raise ValueError(f"{path} is no absolute path")
            if home.is_relative_to(path):
                raise ValueError(f"{path} holds your home, and with it your secrets")
        return shows

    @model_validator(mode="after")
    def _is_used(self) -> "ToolServer":
        if not self.writer and not self.reviewer:
            raise ValueError("it names no tool that anybody may use: writer = [...]")
        return self


def read_servers(value: object) -> object:
    """From sections `[tool_servers.NAME]`."""
    return read_named(value, "name", "[tool_servers.NAME]")
