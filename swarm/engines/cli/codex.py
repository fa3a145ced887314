"""Codex: `codex exec --json`.

Read as version 0.169 prints it: `thread.started`, `turn.started`, `item.started` and `item.completed` of
several kinds, `turn.completed` with its usage, `turn.failed`, `error`; and of its own record `token_count`, which has the
windows of the subscription. Its own walls are switched off:
they need what a sandbox does not have, and ours stand around it.
"""

import re
from collections.abc import Iterator, Mapping

from swarm.engines.cli.sightings import (
    Began,
    Came,
    Ended,
    Failed,
    Said,
    Sighting,
    Spent,
    Tokens,
    Trouble,
    Used,
    Window,
    at,
    brief,
    cut,
    text_of,
    whole,
)

ENVIRONMENT: Mapping[str, str] = {}
RECORD = ".codex/sessions/*/*/*/rollout-*.jsonl"
"""Its own record of a session, below its home: windows stand there, and are not printed."""

_WORK = frozenset({"command_execution", "file_change", "mcp_tool_call", "web_search"})
_WORDS: tuple[tuple[Trouble, tuple[str, ...]], ...] = (
    (
        "logged-out",
        (
            "401",
            "unauthorized",
            "not logged in",
            "login",
            "log in",
            "api key",
            "sign in",
            "error authenticating",
        ),
    ),
    ("quota", ("usage limit", "rate limit", "quota", "429", "credits", "plan limit")),
    (
        "overloaded",
        (
            "overloaded",
            "high demand",
            "500",
            "502",
            "503",
            "529",
            "stream disconnected",
            "cannot connect",
            "unable to connect",
            "timed out",
        ),
    ),
    ("refused", ("400", "not supported", "does not exist", "invalid")),
)


def arguments(model: str, session: str) -> tuple[str, ...]:
    return (
        "exec",
        *(("resume", session) if session else ()),
        "--json",
        "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox",
        "--ignore-rules",
        *("-c", "check_for_update_on_startup=false", "-c", "analytics.enabled=false"),
        *(("--model", model) if model else ()),
        "-",
    )


def pointed_to(port: int) -> Mapping[str, str]:
    """The key is none: whoever answers there has one."""
    return {"SWARM_RELAY_KEY": "none"}


def settings(port: int) -> Mapping[str, str]:
    """Where it asks is said in its settings."""
    told = (
        'model_provider = "relay"\n\n[model_providers.relay]\nname = "relay"\n'
        f'base_url = "http://127.0.0.1:{port}/v1"\nenv_key = "SWARM_RELAY_KEY"\n'
        'wire_api = "responses"\nrequest_max_retries = 1\nstream_max_retries = 1\n'
    )
    return {".codex/config.toml": told}


def read(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    match document.get("type"):
        case "thread.started":
            yield Began(session=text_of(document, "thread_id"))
        case "item.started":
            yield from _begun(document.get("item"))
        case "item.completed":
            yield from _completed(document.get("item"), seen)
        case "turn.completed":
            yield Spent(
                Tokens(
                    whole(at(document, "usage", "input_tokens")),
                    whole(at(document, "usage", "cached_input_tokens")),
                    whole(at(document, "usage", "output_tokens")),
                )
            )
            yield Ended(seen.get("said", ""))
        case "turn.failed":
            text = text_of(document, "error", "message") or text_of(document, "error")
            yield Failed(kind_of(text), text)
        case "error":
            seen["error"] = text_of(document, "message")
        case "event_msg" if at(document, "payload", "type") == "token_count":
            yield from _windows(at(document, "payload", "rate_limits"))


def _windows(told: object) -> Iterator[Window]:
    """What its record of a session says of the subscription; where nothing is known, it says nothing."""
    for name in ("primary", "secondary"):
        share = at(told, name, "used_percent")
        if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1_000:
            used = int(min(share, 100.0) * 10_000)
            resets_at = whole(at(told, name, "resets_at"))
            yield Window(name, used, resets_at, closed=used >= 1_000_000 and resets_at > 0)


def _begun(item: object) -> Iterator[Sighting]:
    if at(item, "type") in _WORK:
        yield Used(text_of(item, "id"), text_of(item, "type"), _about(item))


def _completed(item: object, seen: dict[str, str]) -> Iterator[Sighting]:
    kind = at(item, "type")
    if kind == "agent_message":
        seen["said"] = text_of(item, "text")
        yield Said(seen["said"])
    elif kind in _WORK:
        if kind != "command_execution":
            yield Used(text_of(item, "id"), str(kind), _about(item))
        failed = at(item, "status") == "failed" or whole(at(item, "exit_code")) != 0
        yield Came(text_of(item, "id"), text_of(item, "aggregated_output"), failed)


def _about(item: object) -> str:
    changes = at(item, "changes")
    if isinstance(changes, list):
        return cut(", ".join(text_of(each, "path") for each in changes), 160)
    return brief(item)


def kind_of(text: str) -> Trouble:
    """Codex says in words what went wrong."""
    told = text.lower()
    for kind, words in _WORDS:
        if any(re.search(rf"\b{re.escape(word)}\b", told) for word in words):
            return kind
    return "failed"
