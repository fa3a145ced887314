"""The Anthropic Messages protocol: a request as bytes, and an answer from its stream of events.

The stream is read strictly. Blocks come in order, one open at a time; what does not fit is garbage,
because a call of a tool that was put together wrongly would be executed. Events of unknown types are
passed over, as the protocol asks.

Everything that stays the same - tools, system, all turns but the last - is marked to be cached: the
marks stand at the end of the system text and on the last two turns of the user.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from swarm.models.conversation import (
    Answer,
    Ask,
    Block,
    Call,
    Result,
    Stop,
    Text,
    Thinking,
    Turn,
    Usage,
)
from swarm.models.decoding import MOST_CALLS, count, object_of, read_call, read_object, text_of
from swarm.models.events import ServerEvent
from swarm.models.trouble import Trouble, of_event

PATH = "/v1/messages"
VERSION = "2023-06-01"
MARKED = 2
"""So many of the user's last turns are marked, so that each request finds its predecessor's mark."""

_STOPS: Mapping[str, Stop] = {
    "end_turn": "end",
    "tool_use": "tools",
    "max_tokens": "max-tokens",
    "stop_sequence": "stop-sequence",
    "refusal": "refusal",
    "pause_turn": "paused",
    "model_context_window_exceeded": "context-full",
}
_MARK: Mapping[str, object] = {"cache_control": {"type": "ephemeral"}}


def headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": VERSION}


def encode(ask: Ask, model: str) -> bytes:
    """The same ask gives the same bytes."""
    body: dict[str, object] = {
        "model": model,
        "max_tokens": ask.max_tokens,
        "stream": True,
        "system": [{"type": "text", "text": ask.system, **_MARK}],
        "messages": _turns(ask.turns),
    }
    if ask.tools:
        body["tools"] = [
            {"name": t.name, "description": t.description, "input_schema": t.parameters}
            for t in ask.tools
        ]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def _turns(turns: Sequence[Turn]) -> list[dict[str, object]]:
    users = [at for at, turn in enumerate(turns) if turn.speaker == "user"]
    marked = set(users[-MARKED:])
    return [_turn(turn, marked=at in marked) for at, turn in enumerate(turns)]


def _turn(turn: Turn, *, marked: bool) -> dict[str, object]:
    content = [_block(block) for block in turn.blocks]
    if marked and content:
        content[-1] = {**content[-1], **_MARK}
    return {"role": "user" if turn.speaker == "user" else "assistant", "content": content}


def _block(block: Block) -> dict[str, object]:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case Thinking():
            return dict(block.raw)
        case Call():
            return {
                "type": "tool_use",
                "id": block.id,
                "name": block.name,
                "input": block.arguments,
            }
        case Result():
            return {
                "type": "tool_result",
                "tool_use_id": block.call,
                "content": block.text,
                "is_error": block.failed,
            }


@dataclass(slots=True)
class Assembly:
    """Puts an answer together from its events."""

    model: str = ""
    done: bool = False
    _blocks: list[Block] = field(default_factory=list)
    _open: dict[str, object] | None = None
    _pieces: list[str] = field(default_factory=list)
    _signature: list[str] = field(default_factory=list)
    _stop: str = ""
    _usage: dict[str, object] = field(default_factory=dict)
    _begun: bool = False

    def feed(self, event: ServerEvent) -> bool:
        """True when it carried content. Raises Trouble for an error, and for what does not fit."""
        told = read_object(event.data)
        kind = told.get("type")
        if self.done or (not self._begun and kind not in ("message_start", "ping", "error")):
            raise _misfit(f"{kind} outside of a message")
        match kind:
            case "error":
                raise of_event(told)
            case "message_start":
                self._start(object_of(told.get("message")))
            case "content_block_start":
                self._open_block(told)
            case "content_block_delta":
                return self._delta(told)
            case "content_block_stop":
                self._close_block(told)
            case "message_delta":
                self._stop = text_of(object_of(told.get("delta")).get("stop_reason")) or self._stop
                self._usage |= _counts(object_of(told.get("usage")))
            case "message_stop":
                self._end()
        return kind in ("message_start", "content_block_start")

    def _start(self, message: Mapping[str, object]) -> None:
        if self._begun:
            raise _misfit("a second beginning")
        self._begun = True
        self.model = text_of(message.get("model"))
        self._usage |= _counts(object_of(message.get("usage")))

    def _open_block(self, told: Mapping[str, object]) -> None:
        if self._open is not None or told.get("index") != len(self._blocks):
            raise _misfit("a block out of order")
        self._open = object_of(told.get("content_block"))
        self._pieces = [text_of(self._open.get("text")) or text_of(self._open.get("thinking"))]
        self._signature = [text_of(self._open.get("signature"))]

    def _delta(self, told: Mapping[str, object]) -> bool:
        if self._open is None or told.get("index") != len(self._blocks):
            raise _misfit("a piece of no block")
        delta = object_of(told.get("delta"))
        for name in ("text", "partial_json", "thinking"):
            self._pieces.append(text_of(delta.get(name)))
        self._signature.append(text_of(delta.get("signature")))
        return True

    def _close_block(self, told: Mapping[str, object]) -> None:
        if self._open is None or told.get("index") != len(self._blocks):
            raise _misfit("the end of no block")
        self._blocks.append(self._closed(self._open, "".join(self._pieces)))
        self._open = None

    def _closed(self, begun: Mapping[str, object], text: str) -> Block:
        match begun.get("type"):
            case "tool_use":
                return read_call(text_of(begun.get("id")), text_of(begun.get("name")), text)
            case "thinking":
                signature = "".join(self._signature)
                return Thinking(raw={"type": "thinking", "thinking": text, "signature": signature})
            case "redacted_thinking":
                return Thinking(
                    raw={"type": "redacted_thinking", "data": text_of(begun.get("data"))}
                )
            case _:
                return Text(text=text)

    def _end(self) -> None:
        if self._open is not None:
            raise _misfit("an end within a block")
        self.done = True

    def answer(self) -> Answer:
        blocks = _bounded(self._blocks)
        return Answer(
            blocks=blocks,
            stop=_STOPS.get(self._stop, "unknown"),
            usage=_usage(self._usage),
            model=self.model,
        )


def _bounded(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Without empty texts, which no provider takes back, and without calls beyond the bound."""
    return tuple(_kept(blocks))


def _kept(blocks: Sequence[Block]) -> Iterator[Block]:
    calls = 0
    for block in blocks:
        calls += isinstance(block, Call)
        empty = isinstance(block, Text) and not block.text.strip()
        if not empty and (calls <= MOST_CALLS or not isinstance(block, Call)):
            yield block


def _counts(usage: Mapping[str, object]) -> dict[str, object]:
    """What is told; a later event repeats the whole count, and may leave out what it does not."""
    return {name: told for name, told in usage.items() if told is not None}


def _usage(told: Mapping[str, object]) -> Usage:
    return Usage(
        fresh=count(told.get("input_tokens")),
        cache_read=count(told.get("cache_read_input_tokens")),
        cache_written=count(told.get("cache_creation_input_tokens")),
        output=count(told.get("output_tokens")),
    )


def _misfit(what: str) -> Trouble:
    return Trouble("garbage", f"the answer does not fit together: {what}", billed=True)
