"""Which provider and model stands behind an engine's name, and with which key.

Routes with keys are in one file of the state folder that only its owner can read. That file is how a
key reaches the gateway: not by an environment variable, which every process below would inherit, and
not by a command line, which every process can see.
"""

import ipaddress
import json
import os
import stat
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.domain.frozen import Frozen
from swarm.models.conversation import Purpose
from swarm.models.prices import Price
from swarm.models.windows import USUAL

Speech = Literal["anthropic", "openai", "responses", "gemini"]
"""The protocol that a provider speaks; the last two only to agents that speak it by themselves."""

ADDRESSES: dict[Speech, str] = {
    "anthropic": "https://api.anthropic.com",
    "openai": "https://api.openai.com/v1",
    "responses": "https://api.openai.com/v1",
    "gemini": "https://generativelanguage.googleapis.com",
}
MODELS: dict[Speech, str] = {
    "anthropic": "claude-sonnet-5-5",
    "openai": "",
    "responses": "",
    "gemini": "",
}
SPOKEN_BY_US: frozenset[Speech] = frozenset({"anthropic", "openai"})
"""What swarm itself can ask a model in."""

ALL: tuple[Purpose, ...] = ("work", "plan", "review")


class Route(Frozen):
    name: str
    """Of the engine: `claude`, `openai`."""

    protocol: Speech
    model: str
    base_url: str
    key: SecretStr = SecretStr("")
    price: Price | None = None
    """What the user says that it costs; None: as the table says."""

    purposes: tuple[Purpose, ...] = ALL
    """What it is asked for."""

    window: int = 0
    """Tokens that a request and its answer may have together, as the user says; 0: as the table says."""

    @property
    def is_local(self) -> bool:
        """On this very machine: it costs nothing, and needs no encryption."""
        return is_loopback(self.base_url)


class RouteView(Frozen):
    """What others may know of a route."""

    name: str
    protocol: Speech
    model: str
    base_url: str
    price: Price
    """What it costs: as the user says, or as the table does."""

    purposes: tuple[Purpose, ...] = ALL
    window: int = USUAL
    """Tokens that a request and its answer may have together: as the user says, or as the table does."""


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked(route: Route) -> Route:
    """Raises Rejected and NeedsHuman for what no call should be made with."""
    parts = urlsplit(route.base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Rejected(
            f"{route.base_url!r} is no address of a model", advice="http://127.0.0.1:11434/v1"
        )
    if parts.username or parts.query or parts.fragment:
        raise Rejected(
            "the address of a model holds more than scheme, host and path",
            advice="keys belong into ANTHROPIC_API_KEY or OPENAI_API_KEY",
        )
    if not route.model:
        raise NeedsHuman("no model is named", advice="--model NAME")
    has_key = bool(route.key.get_secret_value())
    if has_key and parts.scheme == "http" and not route.is_local:
        raise Rejected(f"a key would go to {parts.hostname} without encryption", advice="use https")
    if not has_key and route.base_url == ADDRESSES[route.protocol]:
        names = {"anthropic": "ANTHROPIC_API_KEY"}
        raise NeedsHuman(
            f"the engine `{route.name}` has no key",
            advice=f"set {names.get(route.protocol, 'OPENAI_API_KEY')}, or name a model of your own: --base-url",
        )
    return route


def write_routes(path: Path, routes: tuple[Route, ...]) -> None:
    """Complete or absent, and for its owner only from the first byte on."""
    told = [
        route.model_dump(mode="json") | {"key": route.key.get_secret_value()} for route in routes
    ]
    unfinished = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def read_routes(path: Path) -> tuple[Route, ...]:
    """None where there is no file. Raises Lacking when others can read it or it is damaged."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            told = file.read()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Lacking(f"{path} cannot be read: {error}") from error
    if mode & 0o077:
        raise Lacking(f"others can read the keys in {path}", advice=f"chmod 600 {path}")
    try:
        return tuple(Route.model_validate(each) for each in json.loads(told))
    except (ValueError, TypeError, ValidationError) as error:
        raise Lacking(f"{path} is damaged", advice="start the goal anew") from error
