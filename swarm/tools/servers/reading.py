"""What servers say of their tools and of results: read tolerantly, bounded, and never believed. Pure."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from swarm.tools.kit import Told, ToolCard

MOST_TOOLS = 200
MOST_DESCRIPTION = 4_000
MOST_SCHEMA = 16_000
"""Characters of each."""

MOST_TEXT = 64_000
"""Characters of one result; whoever shows it to a model shortens it further."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,38}")


@dataclass(frozen=True, slots=True)
class Offered:
    """A server's tools, by their own names; and which are left out, with the reason."""

    cards: Mapping[str, ToolCard]
    strange: Mapping[str, str]


def offered(server: str, listed: Iterable[object]) -> Offered:
    """Names of cards begin with the server's."""
    cards: dict[str, ToolCard] = {}
    strange: dict[str, str] = {}
    for number, entry in enumerate(listed):
        if number >= MOST_TOOLS:
            break
        told = entry if isinstance(entry, Mapping) else {}
        name = told.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            continue  # nobody can have named it in a list
        if name in cards or name in strange:
            cards.pop(name, None)
            strange[name] = "the server has two tools of this name"
        elif why := _strange(told):
            strange[name] = why
        else:
            cards[name] = ToolCard(
                name=f"{server}__{name}",
                description=str(told.get("description") or ""),
                parameters=dict(told["inputSchema"]),
            )
    return Offered(cards, strange)


def _strange(told: Mapping[str, object]) -> str:
    """Why a tool cannot be offered; empty when it can."""
    description, schema = told.get("description") or "", told.get("inputSchema")
    if not isinstance(description, str) or len(description) > MOST_DESCRIPTION:
        return f"its description is no text of at most {MOST_DESCRIPTION} characters"
    if not isinstance(schema, Mapping) or schema.get("type") != "object":
        return "its arguments have no schema"
    try:
        size = len(json.dumps(schema, allow_nan=False))
    except (ValueError, RecursionError):
        return "its schema is no JSON"
    return f"its schema is larger than {MOST_SCHEMA} characters" if size > MOST_SCHEMA else ""


def result(answer: Mapping[str, object]) -> Told:
    """A result's text. What is no text is named, and not passed on."""
    content = answer.get("content")
    parts = [_part(each) for each in content] if isinstance(content, list) else []
    text = "\n".join(parts)
    if not text and answer.get("structuredContent") is not None:
        text = json.dumps(answer["structuredContent"])
    failed = answer.get("isError") is True
    if len(text) > MOST_TEXT:
        text = f"{text[:MOST_TEXT]}\n[... {len(text) - MOST_TEXT} characters left out]"
    return Told(text or "(nothing)", failed)


def _part(part: object) -> str:
    told = part if isinstance(part, Mapping) else {}
    text = told.get("text")
    if told.get("type") == "text" and isinstance(text, str):
        return text
    return f"[{str(told.get('type', 'something'))[:40]} left out]"
