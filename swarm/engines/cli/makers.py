"""The agents that are known by name: what they are called, where their logins lie, whom they talk to.

Hosts are those that answer; those where a login is made or renewed are not among them. An agent can use
what it was given until that ends, and get nothing new. Gemini CLI works with no login that it could not have
checked, at the host that also renews: what that would take is not shown to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from swarm.engines.cli import claude_code, codex, gemini, opencode
from swarm.engines.cli.sightings import Sighting
from swarm.models.public_api import Speech

HTTPS = 443


@dataclass(frozen=True, slots=True)
class Dialect:
    arguments: Callable[[str, str], tuple[str, ...]]
    """What stands behind the program, for a model and a session to go on with; empty: its own choice,
    and a new one."""

    read: Callable[[Mapping[str, object], dict[str, str]], Iterator[Sighting]]
    """One document that it printed; the dictionary is what is remembered between two."""

    environment: Mapping[str, str]
    record: str = ""
    """Files below its home in which it writes down what it does not print, as a pattern."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """How an agent is pointed to a provider of ours on a port of its own machine."""

    environment: Callable[[int], Mapping[str, str]]
    protocol: Speech
    key: str
    """The environment variable that a key for it is in."""

    path: str
    """The end of the path that it asks."""

    model: str = ""
    """As the agent has to be told; which one really answers is not its business."""

    files: Callable[[int], Mapping[str, str]] = lambda _: {}
    """Below its home."""

    only_data: bool = False
    """It reads a stream's lines of data, and stumbles over any other."""


@dataclass(frozen=True, slots=True)
class Maker:
    name: str
    title: str
    program: str
    folder: str
    """Of its login, below the user's home."""

    file: str
    """The login itself, in that folder."""

    log_in: str
    """The command that makes a new one."""

    hosts: tuple[str, ...]
    dialect: Dialect
    relayed: Relayed


_ANTHROPIC: tuple[Speech, str, str] = ("anthropic", "ANTHROPIC_API_KEY", "/messages")

CLAUDE_CODE = Maker(
    name="claude-code",
    title="Claude Code",
    program="claude",
    folder=".claude",
    file=".credentials.json",
    log_in="claude /login",
    hosts=("api.anthropic.com",),
    dialect=Dialect(claude_code.arguments, claude_code.read, claude_code.ENVIRONMENT),
    relayed=Relayed(claude_code.pointed_to, *_ANTHROPIC),
)
CODEX = Maker(
    name="codex",
    title="Codex",
    program="codex",
    folder=".codex",
    file="auth.json",
    log_in="codex login",
    hosts=("chatgpt.com", "api.openai.com"),
    dialect=Dialect(codex.arguments, codex.read, codex.ENVIRONMENT, codex.RECORD),
    relayed=Relayed(
        codex.pointed_to, "responses", "OPENAI_API_KEY", "/responses", files=codex.settings
    ),
)
OPENCODE = Maker(
    name="opencode",
    title="opencode",
    program="opencode",
    folder=".local/share/opencode",
    file="auth.json",
    log_in="opencode auth login",
    hosts=(),
    dialect=Dialect(opencode.arguments, opencode.read, opencode.ENVIRONMENT),
    relayed=Relayed(opencode.pointed_to, *_ANTHROPIC, opencode.RELAYED_MODEL),
)
GEMINI = Maker(
    name="gemini",
    title="Gemini CLI",
    program="gemini",
    folder=".gemini",
    file="oauth_creds.json",
    log_in="gemini",
    hosts=("cloudcode-pa.googleapis.com", "oauth2.googleapis.com"),
    dialect=Dialect(gemini.arguments, gemini.read, gemini.ENVIRONMENT),
    relayed=Relayed(
        gemini.pointed_to,
        "gemini",
        "GEMINI_API_KEY",
        ":streamGenerateContent",
        gemini.RELAYED_MODEL,
        gemini.settings,
        only_data=True,
    ),
)

ANY_BY_PROTOCOL = Relayed(
    lambda port: {**claude_code.ENVIRONMENT, **claude_code.pointed_to(port)}, *_ANTHROPIC
)
"""How an agent that is not known by name is pointed to the gateway: as Anthropic's own client is, which most
of them understand.
"""

MAKERS: Mapping[str, Maker] = {each.name: each for each in (CLAUDE_CODE, CODEX, OPENCODE, GEMINI)}

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("api.anthropic.com",),
    "openai": ("api.openai.com", "chatgpt.com"),
    "google": ("generativelanguage.googleapis.com",),
    "openrouter": ("openrouter.ai",),
    "opencode": ("opencode.ai",),
    "github-copilot": ("api.githubcopilot.com",),
    "deepseek": ("api.deepseek.com",),
    "groq": ("api.groq.com",),
    "mistral": ("api.mistral.ai",),
    "xai": ("api.x.ai",),
}
"""Whom an agent that serves many providers talks to, by the provider's name."""
