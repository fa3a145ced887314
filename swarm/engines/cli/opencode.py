"""opencode: `opencode run --format json`.

Read as version 1.18 prints it: `step_start`, `text`, `tool_use` when a tool has ended, `step_finish` with
tokens and cost, `error`. It says nothing at its end: a run that ended well with a last step that calls no
tool is done. It answers its own questions of permission, as nobody is there.
"""

import json
from collections.abc import Iterator, Mapping

from swarm.engines.cli.codex import kind_of
from swarm.engines.cli.sightings import (
    Began,
    Came,
    Ended,
    Failed,
    Said,
    Sighting,
    Spent,
    Tokens,
    Used,
    at,
    brief,
    micro,
    text_of,
    whole,
)

ENVIRONMENT: Mapping[str, str] = {
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
}
RELAYED_MODEL = "anthropic/claude-sonnet-4-5"
"""One that it knows of, whatever really answers."""

_READERS = frozenset({"read", "glob", "grep", "list", "todowrite", "todoread", "skill"})


def arguments(model: str, session: str) -> tuple[str, ...]:
    return (
        "run",
        *("--format", "json", "--auto", "--pure"),
        *(("--model", model) if model else ()),
        *(("--session", session) if session else ()),
    )


def pointed_to(port: int) -> Mapping[str, str]:
    """The key is none: whoever answers there has one."""
    options = {"baseURL": f"http://127.0.0.1:{port}/v1", "apiKey": "none"}
    told = {
        "provider": {"anthropic": {"options": options}},
        "model": RELAYED_MODEL,
        "small_model": RELAYED_MODEL,
        "share": "disabled",
        "autoupdate": False,
    }
    return {"OPENCODE_CONFIG_CONTENT": json.dumps(told)}


def read(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    part = document.get("part")
    match document.get("type"):
        case "step_start" if "session" not in seen:
            seen["session"] = text_of(document, "sessionID")
            yield Began(session=seen["session"])
        case "text":
            seen["said"] = text_of(part, "text")
            yield Said(seen["said"])
        case "tool_use":
            tool, call = text_of(part, "tool"), text_of(part, "callID")
            yield Used(call, tool, brief(at(part, "state", "input")), tool not in _READERS)
            told = text_of(part, "state", "output") or text_of(part, "state", "error")
            yield Came(call, told, at(part, "state", "status") == "error")
        case "step_finish":
            yield _spent(part)
            if at(part, "reason") == "stop":
                yield Ended(seen.get("said", ""))
        case "error":
            text = text_of(document, "error", "data", "message") or text_of(
                document, "error", "name"
            )
            yield Failed(
                kind_of(f"{text} {whole(at(document, 'error', 'data', 'statusCode')) or ''}"), text
            )


def _spent(part: object) -> Spent:
    cached = whole(at(part, "tokens", "cache", "read"))
    written = whole(at(part, "tokens", "cache", "write"))
    read = whole(at(part, "tokens", "input")) + cached + written
    return Spent(Tokens(read, cached, whole(at(part, "tokens", "output"))), micro(at(part, "cost")))
