"""The protocol's notifications as sightings. Kinds that are not known are passed over."""

from collections.abc import Iterator, Mapping

from swarm.engines.cli.sightings import (
    Came,
    Said,
    Sighting,
    Spent,
    Tokens,
    Trouble,
    Used,
    at,
    cut,
    micro,
    text_of,
)

_READING = frozenset({"read", "search", "think", "fetch", "switch_mode"})
_OVER = frozenset({"completed", "failed"})
AUTH_REQUIRED = -32000


def read(params: Mapping[str, object], seen: dict[str, str]) -> Iterator[Sighting]:
    update = params.get("update")
    if not isinstance(update, Mapping):
        return
    match update.get("sessionUpdate"):
        case "agent_message_chunk":
            seen["said"] = cut(seen.get("said", "") + text_of(update, "content", "text"))
            yield Said(seen["said"])
        case "tool_call":
            seen["said"] = ""  # what is said behind it is another message
            yield _used(update)
            yield from _came(update)
        case "tool_call_update":
            yield from _came(update)
        case "usage_update":
            yield from _spent(update, seen)


def _used(update: Mapping[str, object]) -> Used:
    kind = text_of(update, "kind")
    about = " ".join(text_of(update, "title").split())
    return Used(
        text_of(update, "toolCallId"), kind or "tool", cut(about, 160), kind not in _READING
    )


def _came(update: Mapping[str, object]) -> Iterator[Came]:
    status = update.get("status")
    if status in _OVER:
        yield Came(text_of(update, "toolCallId"), _text(update.get("content")), status == "failed")


def _text(content: object) -> str:
    parts = content if isinstance(content, list) else []
    texts = (text_of(part, "content", "text") or text_of(part, "newText") for part in parts)
    return cut("\n".join(text for text in texts if text))


def _spent(update: Mapping[str, object], seen: dict[str, str]) -> Iterator[Spent]:
    """The protocol tells what a session has cost so far."""
    if at(update, "cost", "currency") != "USD":
        return
    total = micro(at(update, "cost", "amount"))
    if total is not None and total > (before := int(seen.get("cost", "0"))):
        seen["cost"] = str(total)
        yield Spent(Tokens(), total - before)


def trouble(code: object, text: str, kind: Trouble) -> Trouble:
    """`kind`: what the words alone would say."""
    return "logged-out" if code == AUTH_REQUIRED and kind == "failed" else kind
