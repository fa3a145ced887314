"""Gemini CLI: `gemini --output-format stream-json`.

Read as its documentation describes it: `init`, `message`, `tool_use`, `tool_result`, `error`, `result`
with its figures. What is not understood is passed over, as everywhere here.
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
    text_of,
    whole,
)

ENVIRONMENT: Mapping[str, str] = {"GEMINI_CLI_TRUST_WORKSPACE": "true", "GEMINI_SANDBOX": "false"}
RELAYED_MODEL = "gemini-2.5-pro"
"""One that it knows of, whatever really answers."""

_READERS = frozenset(
    {"read_file", "read_many_files", "list_directory", "glob", "search_file_content"}
)


def pointed_to(port: int) -> Mapping[str, str]:
    """The key is none: whoever answers there has one."""
    return {"GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{port}", "GEMINI_API_KEY": "none"}


def settings(port: int) -> Mapping[str, str]:
    """That it has a key, and tells nobody of its use, is said in its settings."""
    told = {
        "security": {"auth": {"selectedType": "gemini-api-key"}},
        "general": {"disableAutoUpdate": True, "enableAutoUpdate": False},
        "privacy": {"usageStatisticsEnabled": False},
    }
    return {".gemini/settings.json": json.dumps(told)}


def arguments(model: str, session: str) -> tuple[str, ...]:
    return (
        *("--output-format", "stream-json", "--approval-mode", "yolo"),
        *(("--model", model) if model else ()),
        *(("--resume", session) if session else ()),
    )


def read(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    match document.get("type"):
        case "init":
            yield Began(text_of(document, "session_id"), "", text_of(document, "model"))
        case "message" if document.get("role") == "assistant":
            said = text_of(document, "content")
            seen["said"] = seen.get("said", "") + said if document.get("delta") is True else said
            yield Said(said)
        case "tool_use":
            tool = text_of(document, "tool_name")
            call = text_of(document, "tool_id")
            yield Used(call, tool, brief(document.get("parameters")), tool not in _READERS)
        case "tool_result":
            failed = document.get("status") == "error"
            yield Came(text_of(document, "tool_id"), text_of(document, "output"), failed)
        case "error":
            seen["error"] = text_of(document, "message")
        case "result":
            yield from _end(document, seen)


def _end(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    yield Spent(
        Tokens(
            whole(at(document, "stats", "input_tokens")),
            whole(at(document, "stats", "cached")),
            whole(at(document, "stats", "output_tokens")),
        )
    )
    if document.get("status") == "success":
        yield Ended(seen.get("said", ""))
        return
    text = text_of(document, "error", "message") or seen.get("error", "")
    yield Failed(kind_of(text), text)
