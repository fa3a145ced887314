"""The chat completions protocol that OpenAI began and that Ollama, vLLM, DeepSeek and others speak.

Servers differ in what they leave out, so this reads with more patience than `messages` does: usage may
come in the last piece, in every piece, or not at all; then tokens are counted by bytes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from swarm.models.conversation import (
    Answer,
    Ask,
    Block,
    Call,
    Result,
    Stop,
    Text,
    Turn,
    Usage,
)
from swarm.models.decoding import MOST_CALLS, count, object_of, read_call, read_object, text_of
from swarm.models.events import ServerEvent
from swarm.models.trouble import Trouble, of_event

PATH = "/chat/completions"
_STOPS: Mapping[str, Stop] = {
    "stop": "end",
    "tool_calls": "tools",
    "function_call": "tools",
    "length": "max-tokens",
    "content_filter": "refusal",
}


def headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def encode(ask: Ask, model: str) -> bytes:
    body: dict[str, object] = {
        "model": model,
        "max_tokens": ask.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "system", "content": ask.system}, *_messages(ask.turns)],
    }
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": t.name,
                    "description": t.description,
                    "parameters": t.parameters,
                },
            }
            for t in ask.tools
        ]
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )


def _messages(turns: tuple[Turn, ...]) -> Iterator[dict[str, object]]:
    for turn in turns:
        if turn.speaker == "model":
            yield _spoken(turn)
        else:
            yield from _heard(turn)


def _spoken(turn: Turn) -> dict[str, object]:
    text = "\n".join(block.text for block in turn.blocks if isinstance(block, Text))
    calls = [
        {
            "id": block.id,
            "type": "function",
            "function": {"name": block.name, "arguments": json.dumps(block.arguments)},
        }
        for block in turn.blocks
        if isinstance(block, Call)
    ]
    message: dict[str, object] = {"role": "assistant", "content": text or None}
    return message | ({"tool_calls": calls} if calls else {})


def _heard(turn: Turn) -> Iterator[dict[str, object]]:
    for block in turn.blocks:
        if isinstance(block, Result):
            text = f"error: {block.text}" if block.failed else block.text
            yield {"role": "tool", "tool_call_id": block.call, "content": text}
    texts = [block.text for block in turn.blocks if isinstance(block, Text)]
    if texts:
        yield {"role": "user", "content": "\n\n".join(texts)}


@dataclass(slots=True)
class _Draft:
    """A call that is being told."""

    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Assembly:
    model: str = ""
    done: bool = False
    _text: list[str] = field(default_factory=list)
    _calls: list[_Draft] = field(default_factory=list)
    _stop: str = ""
    _usage: dict[str, object] = field(default_factory=dict)

    def feed(self, event: ServerEvent) -> bool:
        """True when it carried content."""
        if event.data.strip() == "[DONE]":
            self.done = True
            return False
        told = read_object(event.data)
        if "error" in told:
            raise of_event(told)
        self.model = text_of(told.get("model")) or self.model
        self._usage |= object_of(told.get("usage"))
        choices = told.get("choices")
        if not isinstance(choices, list) or not choices:
            return False
        choice = object_of(choices[0])
        self._stop = text_of(choice.get("finish_reason")) or self._stop
        return self._delta(object_of(choice.get("delta")))

    def _delta(self, delta: Mapping[str, object]) -> bool:
        text = text_of(delta.get("content"))
        self._text.append(text)
        calls = delta.get("tool_calls")
        for piece in calls if isinstance(calls, list) else ():
            self._call(object_of(piece))
        return bool(text or calls or text_of(delta.get("reasoning_content")))

    def _call(self, piece: Mapping[str, object]) -> None:
        at = piece.get("index", len(self._calls))
        if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= len(self._calls):
            raise Trouble("garbage", "a call out of order", billed=True)
        if at == len(self._calls):
            self._calls.append(_Draft())
        draft, function = self._calls[at], object_of(piece.get("function"))
        draft.id = text_of(piece.get("id")) or draft.id
        draft.name = text_of(function.get("name")) or draft.name
        draft.pieces.append(text_of(function.get("arguments")))

    def answer(self) -> Answer:
        text = "".join(self._text)
        spoken: tuple[Block, ...] = (Text(text=text),) if text.strip() else ()
        calls = tuple(
            read_call(draft.id or f"call_{at}", draft.name, "".join(draft.pieces))
            for at, draft in enumerate(self._calls[:MOST_CALLS])
        )
        stop = _STOPS.get(self._stop, "unknown")
        return Answer(
            blocks=(*spoken, *calls),
            stop="tools" if calls and stop == "end" else stop,
            usage=self._counted(),
            model=self.model,
        )

    def _counted(self) -> Usage:
        cached = count(object_of(self._usage.get("prompt_tokens_details")).get("cached_tokens"))
        total = count(self._usage.get("prompt_tokens"))
        told = sum(len(piece) for piece in self._text)
        told += sum(len(piece) for draft in self._calls for piece in draft.pieces)
        return Usage(
            fresh=max(total - cached, 0),
            cache_read=min(cached, total),
            output=count(self._usage.get("completion_tokens")) or told,
        )
