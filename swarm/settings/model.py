"""Every setting: its meaning, its unit, its range, its default."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from swarm.domain.frozen import Frozen
from swarm.domain.goals import PushTo
from swarm.domain.money import MicroUsd, micro_usd
from swarm.settings.purposes import ModelChoice, read_choices
from swarm.settings.servers import ToolServer, read_servers


def _default_home() -> Path:
    return Path(platformdirs.user_state_dir("swarm"))


def _absolute(value: object) -> object:
    """A relative home would lie in the repository that one happens to stand in."""
    if not isinstance(value, str | Path):
        return value
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    if not path.is_absolute() or "\0" in str(path):
        raise ValueError("an absolute path is expected")
    return path


def _split(value: object) -> object:
    """Globs on the command line and in the environment are separated by commas."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _refuse_yes_and_no(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not true or false")
    return value


ENGINES = ("claude", "openai", "claude-code", "codex", "opencode", "gemini")


def _known_engine(value: str) -> str:
    if value in ("", *ENGINES) or (value.startswith("acp:") and value.removeprefix("acp:").strip()):
        return value
    raise ValueError(f"one of {', '.join(ENGINES)} or acp:COMMAND is expected")


Dollars = Annotated[
    Decimal, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=1_000_000, decimal_places=6)
]
Count = Annotated[int, BeforeValidator(_refuse_yes_and_no), Field(ge=1, le=1_000_000_000)]
Share = Annotated[int, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=1_000_000)]
Building = Literal["ask", "auto", "never"]
Globs = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(Frozen, use_attribute_docstrings=True):
    home: Annotated[Path, BeforeValidator(_absolute)] = Field(default_factory=_default_home)
    """The state folder (journal, blobs, keys, mirrors), as an absolute path."""

    value_usd: Dollars = Decimal(5)
    """What a merged pull request is worth, in dollars."""

    review_minute_usd: Dollars = Decimal(1)
    """What a minute of a human's review costs, in dollars."""

    wrong_minutes: Count = 3
    """What accepting a wrong patch costs, in minutes of review."""

    cpu_hour_usd: Dollars = Decimal("0.04")
    """What an hour of one processor costs, in dollars."""

    budget_usd: Dollars = Decimal(1)
    """What may be spent on one goal, in dollars."""

    goal_minutes: Count = 30
    """How long one goal may take, in minutes of wall time."""

    writers: Count = 2
    """So many writers work on one goal at the same time, at most."""

    lease_seconds: Count = 30
    """An agent that is silent for so many seconds loses its task."""

    heartbeat_seconds: Count = 5
    """How often a working agent says so, in seconds; a lease lasts three of them at least."""

    engine: Annotated[str, AfterValidator(_known_engine)] = ""
    """Who takes part besides: a model (`claude`, `openai`), or your own agent (`codex`, `acp:COMMAND`)."""

    engine_model: str = ""
    """The model's name; empty: the engine's own choice."""

    engine_url: str = ""
    """Where the model is asked; empty: at its maker's."""

    engine_price: str = ""
    """Dollars for a million tokens read, written and cached, `3/15/0.3`; empty: as the price table says."""

    engine_window: Annotated[
        int, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=100_000_000)
    ] = 0
    """Tokens that the model reads and writes in one call, at most; 0: as the table of windows says."""

    engine_hosts: Globs = ()
    """Hosts your own agent may reach, `host` or `host:port`; empty: those known for it."""

    engine_login: Globs = ()
    """Files below your home that an `acp:COMMAND` is shown as its login, as they are."""

    models: Annotated[tuple[ModelChoice, ...], BeforeValidator(read_choices)] = ()
    """Other models for a purpose: sections `[models.plan]` and `[models.review]`."""

    tool_servers: Annotated[tuple[ToolServer, ...], BeforeValidator(read_servers)] = ()
    """Others' tools for models, by MCP: one section `[tool_servers.NAME]` for each server."""

    notify: str = ""
    """Command that is run when a human is needed or a goal ends; gets JSON on its standard input."""

    protected: Globs = (
        ".github/**",
        ".gitlab-ci.yml",
        ".circleci/**",
        ".pre-commit-config.yaml",
        ".gitattributes",
        "*/.gitattributes",
        ".gitmodules",
        "CODEOWNERS",
        "*/CODEOWNERS",
        "LICEN[CS]E*",
        "*/LICEN[CS]E*",
        "COPYING*",
        "SECURITY*",
        ".swarm*",
        "swarm.toml",
        ".mcp.json",
        ".claude/**",
        ".codex/**",
        ".vscode/**",
        ".envrc",
        "*.lock",
        "*.lockb",
        "*package-lock.json",
        "*npm-shrinkwrap.json",
        "*pnpm-lock.yaml",
        "*packages.lock.json",
        "*go.sum",
    )
    """Paths that no patch may touch without your grant (`--grant`, `/grant PATH`), as globs."""

    max_file_bytes: Count = 50_000_000
    """Largest file in a submitted patch, in bytes."""

    alpha_ppm: Share = 50_000
    """Assumed share of wrong patches that pass the checks, in parts per million, until measured."""

    beta_ppm: Share = 50_000
    """Assumed share of right patches that fail the checks, in parts per million, until measured."""

    canary_every: Annotated[int, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=1_000_000)] = (
        50
    )
    """`swarm serve`: after so many checks one of a change known to be right or wrong; 0: none."""

    rounds: Count = 2
    """So often a refused patch goes back to its writer, at most."""

    attempts: Count = 6
    """So many attempts at one task, at most."""

    follow_ups: Annotated[int, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=10)] = 2
    """So often red checks and reviews of a pull request at a forge are worked on, at most."""

    forge_seconds: Count = 20
    """How often a pull request at a forge is looked at, in seconds."""

    review_minutes: Count = 60
    """So many minutes of your review may wait in a forge's repository; then no more issues are begun."""

    push_to: PushTo = "repository"
    """Where a forge gets branches: `repository`, not if CI gave them secrets; `click`: ask; `fork`; `anyway`."""

    fork: str = Field(default="", pattern=r"([A-Za-z0-9][A-Za-z0-9-]{0,38})?")
    """Whose fork it is, with `push_to = "fork"`; empty: that of the account swarm comes as."""

    answer_hours: Count = 72
    """An agent's question waits so long for your answer, in hours; then its task is dropped."""

    sandbox: Literal["auto", "isolated", "idmapped", "namespaces", "shared-proc", "landlock"] = (
        "auto"
    )
    """Walls: `auto`, the strongest there are; `isolated`, whole ones; or one kind: you agree to it."""

    untrusted: bool = False
    """Whether goals and repositories are others' work, as with `swarm run --untrusted`."""

    memory_mb: Count = 2_048
    """Memory of one sandbox, in megabytes."""

    processes: Count = 256
    """Processes in one sandbox, at most."""

    cpus: Annotated[int, BeforeValidator(_refuse_yes_and_no), Field(ge=0, le=10_000)] = 0
    """Processors' worth of time that one sandbox gets, where control groups are; 0: all there is."""

    tmp_mb: Count = 512
    """Temporary files of one sandbox, in megabytes."""

    command_minutes: Count = 10
    """How long one command in a sandbox may take, in minutes."""

    build: Building = "ask"
    """What tests need and nothing here has: `ask` on a terminal, else refuse; `auto` builds; `never`."""

    @model_validator(mode="after")
    def _leases_outlast_heartbeats(self) -> Self:
        if self.lease_seconds < 3 * self.heartbeat_seconds:
            raise ValueError(
                f"lease_seconds ({self.lease_seconds}) must be at least three times"
                f" heartbeat_seconds ({self.heartbeat_seconds}), or working agents lose their tasks"
            )
        return self

    @property
    def value(self) -> MicroUsd:
        return _micro(self.value_usd)

    @property
    def budget(self) -> MicroUsd:
        return _micro(self.budget_usd)

    @property
    def wrong_cost(self) -> MicroUsd:
        """What accepting a wrong patch costs."""
        return self.wrong_minutes * _micro(self.review_minute_usd)

    @property
    def cpu_hour(self) -> MicroUsd:
        return _micro(self.cpu_hour_usd)


def _micro(amount: Decimal) -> MicroUsd:
    return micro_usd(str(amount))
