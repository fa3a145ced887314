"""Claude Code: `claude -p --output-format stream-json`.

Read as version 2.1 prints it: `system/init`, `assistant` and `user` messages as on the wire,
`rate_limit_event`, `system/api_retry`, and one `result`. Settings, hooks and servers of the repository
are not read: they are anybody's text, and could start programs before the agent has said a word.
"""

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
    micro,
    text_of,
    whole,
)

ENVIRONMENT: Mapping[str, str] = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "IS_SANDBOX": "1",
}
"""The last: it refuses to skip its own questions where it takes itself for root outside of a sandbox."""

_KINDS: Mapping[str, Trouble] = {
    "authentication_failed": "logged-out",
    "oauth_org_not_allowed": "logged-out",
    "billing_error": "quota",
    "rate_limit": "quota",
    "overloaded": "overloaded",
    "server_error": "overloaded",
    "invalid_request": "refused",
    "model_not_found": "refused",
}
_STATUSES: Mapping[int, Trouble] = {
    401: "logged-out",
    402: "quota",
    403: "logged-out",
    429: "quota",
}
_READERS = frozenset(
    {"Read", "Glob", "Grep", "LS", "TodoWrite", "WebFetch", "WebSearch", "ToolSearch"}
)
_WARNING = 900_000
"""Parts per million of a window from which on it warns."""


def arguments(model: str, session: str) -> tuple[str, ...]:
    """Behind the program's name; the prompt comes on standard input."""
    return (
        "-p",
        *("--output-format", "stream-json", "--verbose"),
        "--dangerously-skip-permissions",
        *("--setting-sources", ""),
        "--strict-mcp-config",
        *("--disallowedTools", "WebFetch,WebSearch"),
        *(("--model", model) if model else ()),
        *(("--resume", session) if session else ()),
    )


def pointed_to(port: int) -> Mapping[str, str]:
    """The key is none: whoever answers there has one."""
    return {
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ANTHROPIC_API_KEY": "none",
        "CLAUDE_CODE_MAX_RETRIES": "2",
    }


def read(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    match document.get("type"):
        case "system" if document.get("subtype") == "init":
            yield Began(
                text_of(document, "session_id"),
                text_of(document, "claude_code_version"),
                text_of(document, "model"),
            )
        case "assistant":
            yield from _assistant(document, seen)
        case "user":
            yield from _results(document)
        case "rate_limit_event":
            yield _window(document)
        case "result":
            yield from _end(document, seen)


def _assistant(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    if isinstance(error := document.get("error"), str):
        seen["error"] = error
    for block in _blocks(document):
        if block.get("type") == "text":
            yield Said(text_of(block, "text"))
        elif block.get("type") == "tool_use":
            tool = text_of(block, "name")
            yield Used(text_of(block, "id"), tool, brief(block.get("input")), tool not in _READERS)


def _results(document: Mapping[str, object]) -> Iterator[Sighting]:
    for block in _blocks(document):
        if block.get("type") == "tool_result":
            content = block.get("content")
            text = content if isinstance(content, str) else _texts(content)
            yield Came(text_of(block, "tool_use_id"), cut(text), block.get("is_error") is True)


def _texts(content: object) -> str:
    parts = content if isinstance(content, list) else []
    return "\n".join(text_of(part, "text") for part in parts)


def _blocks(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    content = at(document, "message", "content")
    for block in content if isinstance(content, list) else []:
        if isinstance(block, Mapping):
            yield block


def _window(document: Mapping[str, object]) -> Window:
    told = document.get("rate_limit_info")
    status, share = at(told, "status"), at(told, "utilization")
    used: int | None = None
    if isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1_000:
        used = int(min(share, 1.0) * 1_000_000)
    elif status == "allowed_warning":
        used = _WARNING
    return Window(
        name=text_of(told, "rateLimitType"),
        used=used,
        resets_at=whole(at(told, "resetsAt")),
        closed=status == "rejected" and at(told, "isUsingOverage") is not True,
    )


def _end(document: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    read = sum(
        whole(at(document, "usage", name))
        for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    yield Spent(
        Tokens(
            read,
            whole(at(document, "usage", "cache_read_input_tokens")),
            whole(at(document, "usage", "output_tokens")),
        ),
        micro(document.get("total_cost_usd")),
    )
    text = text_of(document, "result")
    if document.get("is_error") is not True and document.get("subtype") == "success":
        yield Ended(text)
        return
    yield Failed(_kind(document, seen), text or text_of(document, "subtype"))


def _kind(document: Mapping[str, object], seen: dict[str, str]) -> Trouble:
    status = whole(document.get("api_error_status"))
    if document.get("subtype") == "error_max_budget_usd":
        return "over-budget"
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return "overloaded"
    return _KINDS.get(seen.get("error", ""), "failed")
