"""The part of a login that is shown to an agent: enough to be answered, nothing that renews it.

A login has a short part that is sent with each request, and a long one that gets new short parts. Only the
short one is copied into the sandbox: stolen, it ends by itself within hours; and an agent that cannot renew
a login cannot spoil the user's own, which would end when another copy of it was renewed. A login that is
over has to be renewed by its owner: running the agent once does it.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from swarm.domain.errors import NeedsHuman
from swarm.engines.cli.makers import HTTPS, MAKERS, PROVIDERS, Maker
from swarm.engines.cli.sightings import at, text_of, whole

MOST_BYTES = 1 << 20
LEAST_SECONDS = 300
"""A login that ends sooner is over."""


@dataclass(frozen=True, slots=True)
class Login:
    """What an agent is shown of it. Not to be kept, told or sent on."""

    files: Mapping[str, bytes]
    """By their paths below the agent's home."""

    hosts: tuple[tuple[str, int], ...]
    kind: str
    """For people: `subscription`, `key`."""

    until: int = 0
    """Seconds since 1970; 0: not told."""

    def __repr__(self) -> str:
        return f"Login({self.kind}, until={self.until})"


def login_of(maker: Maker, home: Path, now: int, model: str = "") -> Login:
    """Raises NeedsHuman where there is none that can be used. `now`: seconds since 1970."""
    path = home / maker.folder / maker.file
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(MOST_BYTES))
    except FileNotFoundError as error:
        raise logged_out(maker, "there is no login of it") from error
    except (OSError, ValueError) as error:
        raise logged_out(maker, f"{path} cannot be read: {error}") from error
    login = _READERS[maker.name](maker, told, now, model)
    if login.until and login.until < now + LEAST_SECONDS:
        raise logged_out(maker, "its login is over")
    return login


def logged_out(maker: Maker, why: str) -> NeedsHuman:
    return NeedsHuman(
        f"{maker.title} cannot be used: {why}",
        advice=f"run {maker.program} once, which renews its login, or {maker.log_in}",
    )


def _hosts(names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((name, HTTPS) for name in names)


def _file(maker: Maker, document: object, name: str = "") -> dict[str, bytes]:
    return {f"{maker.folder}/{name or maker.file}": json.dumps(document).encode()}


def _claude_code(maker: Maker, told: object, now: int, model: str) -> Login:
    inner = at(told, "claudeAiOauth")
    if not isinstance(inner, Mapping) or not text_of(inner, "accessToken"):
        raise logged_out(maker, "it is logged out")
    kept = ("accessToken", "expiresAt", "scopes", "subscriptionType", "rateLimitTier")
    shown = {name: inner[name] for name in kept if name in inner} | {"refreshToken": ""}
    return Login(
        _file(maker, {"claudeAiOauth": shown}),
        _hosts(maker.hosts),
        text_of(inner, "subscriptionType") or "subscription",
        whole(inner.get("expiresAt")) // 1000,
    )


def _codex(maker: Maker, told: object, now: int, model: str) -> Login:
    token = text_of(told, "tokens", "access_token")
    if token:
        names = ("id_token", "access_token", "account_id")
        tokens = {name: at(told, "tokens", name) for name in names} | {"refresh_token": ""}
        renewed = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = {"OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": renewed}
        return Login(_file(maker, shown), _hosts(maker.hosts), "subscription", _expiry(token))
    if key := text_of(told, "OPENAI_API_KEY"):
        return Login(_file(maker, {"OPENAI_API_KEY": key}), _hosts(("api.openai.com",)), "key")
    raise logged_out(maker, "it is logged out")


def _expiry(token: str) -> int:
    """When a JSON web token says that it ends; 0 for one that does not."""
    try:
        body = token.split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return 0
    return whole(at(told, "exp"))


def _opencode(maker: Maker, told: object, now: int, model: str) -> Login:
    """Of one provider alone: the model's, or the first."""
    known = told if isinstance(told, Mapping) else {}
    wanted = model.partition("/")[0]
    name = wanted or next((each for each in known if each in PROVIDERS), "")
    entry = known.get(name)
    if not isinstance(entry, Mapping):
        raise logged_out(maker, f"there is no login of the provider {name}" if name else "no login")
    if name not in PROVIDERS:
        raise logged_out(maker, f"the hosts of the provider {name} are not known here")
    shown = {key: value for key, value in entry.items() if key != "refresh"}
    if "refresh" in entry:
        shown["refresh"] = ""
    kind = "key" if entry.get("type") == "api" else "subscription"
    until = whole(entry.get("expires")) // 1000
    return Login(_file(maker, {name: shown}), _hosts(PROVIDERS[name]), kind, until)


def _gemini(maker: Maker, told: object, now: int, model: str) -> Login:
    if not isinstance(told, Mapping) or not text_of(told, "access_token"):
        raise logged_out(maker, "it is logged out")
    shown = {name: value for name, value in told.items() if name != "refresh_token"}
    settings = {"security": {"auth": {"selectedType": "oauth-personal"}}}
    files = _file(maker, shown) | _file(maker, settings, "settings.json")
    until = whole(told.get("expiry_date")) // 1000
    return Login(files, _hosts(maker.hosts), "subscription", until)


_READERS: Mapping[str, Callable[[Maker, object, int, str], Login]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "opencode": _opencode,
    "gemini": _gemini,
}
assert _READERS.keys() == MAKERS.keys()
