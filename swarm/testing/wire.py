"""Servers of models for tests: the wire of the Messages and of the completions protocol, on a port.

A brain decides what is answered: a function of what the client sent. It sees the conversation whole, as
a provider does, so a client that lost its place shows at once. Faults are answers too: a status, a
stream that stalls, breaks off, or says what nobody should.

It speaks bytes over a real socket, in a thread, because what is to be tested is what bytes do.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self

Wire = Literal["anthropic", "openai", "responses", "gemini"]


@dataclass(frozen=True, slots=True)
class Use:
    """A call of a tool. `raw` replaces the arguments as they are written on the wire."""

    tool: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """An answer."""

    text: str = ""
    uses: tuple[Use, ...] = ()
    stop: str | None = None
    """As the protocol names it; by default what fits."""

    usage: Mapping[str, int] = field(default_factory=dict)
    thinking: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """A refusal before any answer."""

    status: int
    type: str = "api_error"
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Bytes:
    """A stream that is exactly these pieces, each sent by itself."""

    pieces: tuple[bytes, ...]
    seconds: float = 0.0
    """Between two pieces."""

    stays: bool = False
    """The connection stays open behind the last piece; otherwise it is cut."""


Reply = Say | Fail | Bytes


@dataclass(frozen=True, slots=True)
class Heard:
    """A request, in one form for both protocols."""

    wire: Wire
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at: float
    """Monotonic seconds."""

    @property
    def system(self) -> str:
        if self.wire == "responses":
            return str(self.body.get("instructions", ""))
        if self.wire == "gemini":
            return str(self.body.get("systemInstruction", ""))
        if self.wire == "anthropic":
            return "\n".join(block["text"] for block in self.body["system"])
        return str(self.body["messages"][0]["content"])

    @property
    def turns(self) -> Sequence[Mapping[str, Any]]:
        if self.wire == "responses":
            return [_as_turn(item) for item in self.body["input"]]
        if self.wire == "gemini":
            roles = {"model": "assistant"}
            return [
                {"role": roles.get(each.get("role", ""), "user"), "content": str(each["parts"])}
                for each in self.body["contents"]
            ]
        return [each for each in self.body["messages"] if each["role"] != "system"]

    @property
    def tools(self) -> frozenset[str]:
        """The names of the tools that may be used."""
        offered = self.body.get("tools") or ()
        if self.wire == "gemini":
            offered = [f for each in offered for f in each.get("functionDeclarations", ())]
        return frozenset(each.get("name") or each["function"]["name"] for each in offered)

    @property
    def answered(self) -> int:
        """How many answers of the model the conversation holds already."""
        return sum(turn["role"] == "assistant" for turn in self.turns)

    @property
    def told(self) -> str:
        """Everything in the conversation's last turns since the model spoke."""
        return "\n".join(_texts(self.turns, from_last=True))

    @property
    def everything(self) -> str:
        return "\n".join((self.system, *_texts(self.turns, from_last=False)))


def _as_turn(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item of the responses protocol; of what the model did, calls count as its turns."""
    if item.get("type") in ("function_call", "custom_tool_call"):
        return {"role": "assistant", "content": str(item)}
    return {"role": "user", "content": str(item.get("output") or item.get("content") or "")}


def _texts(turns: Sequence[Mapping[str, Any]], *, from_last: bool) -> Iterator[str]:
    last = max((at for at, t in enumerate(turns) if t["role"] == "assistant"), default=-1)
    for turn in turns[last + 1 :] if from_last else turns:
        content = turn.get("content") or ""
        for block in [content] if isinstance(content, str) else content:
            yield block if isinstance(block, str) else str(block.get("text") or block)


Brain = Callable[[Heard], Reply]


def script(*replies: Reply) -> Brain:
    """The first for a new conversation, the next when it holds one answer, and so on; then the last."""
    return lambda heard: replies[min(heard.answered, len(replies) - 1)]


def in_turn(*replies: Reply) -> Brain:
    """One for each request, whatever it says; then the last."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


FINE = Say("", (Use("review", {"verdict": "right"}),))
NO_CASES = Say("", (Use("cases", {"cases": []}),))


def by_role(
    work: Brain,
    *,
    plan: Brain = script(Say("")),  # noqa: B008 - a function of what is heard, nothing that changes
    review: Brain = script(FINE),  # noqa: B008
    cases: Brain = script(NO_CASES),  # noqa: B008
) -> Brain:
    """One server for all who ask: known by the tool that only they have. By default the planner hears
    nothing that it could use, and reviewers find nothing.
    """

    def answer(heard: Heard) -> Reply:
        for tool, brain in (("plan", plan), ("review", review), ("cases", cases)):
            if tool in heard.tools:
                return brain(heard)
        return work(heard)

    return answer


class ModelServer:
    """Listens while it is entered. `heard` is what clients sent, in order."""

    def __init__(self, brain: Brain) -> None:
        self.heard: list[Heard] = []
        self.counted: list[Mapping[str, Any]] = []
        self.connections = 0
        self._brain = brain
        self._over = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        """The base of the Messages protocol."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply_to(self, heard: Heard) -> Reply:
        self.heard.append(heard)
        return self._brain(heard)

    def nap(self, seconds: float) -> None:
        """Until then, or until the test is over."""
        self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, models: ModelServer) -> None:
        self.models = models
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that leave in the middle are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        self.server.models.connections += 1
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def do_GET(self) -> None:
        listed = {"data": [{"id": "fake-model", "type": "model", "display_name": "Fake"}]}
        self._json(200, {**listed, "has_more": False, "first_id": None, "last_id": None})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        body = json.loads(raw)
        if self.path.endswith("/count_tokens"):
            self.server.models.counted.append(body)
            self._json(200, {"input_tokens": tokens_of(raw)})
            return
        wires: dict[str, Wire] = {"completions": "openai", "responses": "responses"}
        last = self.path.partition("?")[0].rpartition("/")[2]
        wire = wires.get(last, "gemini" if ":stream" in last else "anthropic")
        headers = {name.lower(): value for name, value in self.headers.items()}
        heard = Heard(wire, self.path, headers, body, time.monotonic())
        self._reply(self.server.models.reply_to(heard), heard, raw)

    def _reply(self, reply: Reply, heard: Heard, raw: bytes) -> None:
        match reply:
            case Fail():
                self._fail(reply)
            case Bytes():
                self._pieces(reply)
            case Say() if heard.wire != "gemini" and not heard.body.get("stream"):
                self._json(200, message_of(reply, heard, tokens_of(raw)))
            case Say():
                events = b"".join(events_of(reply, heard, tokens_of(raw)))
                self._send(200, events, "text/event-stream; charset=utf-8", {})

    def _fail(self, reply: Fail) -> None:
        error = {"type": reply.type, "message": reply.message}
        body = json.dumps({"type": "error", "error": error}).encode()
        given = body if reply.body is None else reply.body
        self._send(reply.status, given, reply.content_type, reply.headers)

    def _pieces(self, reply: Bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in reply.pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            self.server.models.nap(reply.seconds)
        if reply.stays:
            self.server.models.nap(60)
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, status: int, document: object) -> None:
        self._send(status, json.dumps(document).encode(), "application/json", {})

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def tokens_of(raw: bytes) -> int:
    """Four bytes a token, as providers' own rule of thumb has it."""
    return len(raw) // 4 + 1


# What is said on the wire -----------------------------------------------------------------------


def usage_of(reply: Say, heard: Heard, tokens: int) -> dict[str, int]:
    """What was sent before is read from the cache, what is new is written to it."""
    new = tokens_of(heard.told.encode()) if heard.answered else tokens
    told = {
        "input_tokens": 3,
        "cache_read_input_tokens": max(tokens - new, 0),
        "cache_creation_input_tokens": new,
        "output_tokens": tokens_of(reply.text.encode()) + 20 * len(reply.uses),
    }
    return told | dict(reply.usage)


def _blocks(reply: Say, heard: Heard) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if reply.thinking:
        blocks.append({"type": "thinking", "thinking": reply.thinking, "signature": "c2ln"})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    for at, use in enumerate(reply.uses):
        name = f"toolu_{heard.answered}_{at}"
        blocks.append({"type": "tool_use", "id": name, "name": use.tool, "input": use.arguments})
    return blocks


def _stop(reply: Say, heard: Heard) -> str:
    if reply.stop is not None:
        return reply.stop
    if heard.wire == "anthropic":
        return "tool_use" if reply.uses else "end_turn"
    return "tool_calls" if reply.uses else "stop"


def message_of(reply: Say, heard: Heard, tokens: int) -> dict[str, Any]:
    """The answer as one document of the Messages protocol."""
    return {
        "id": f"msg_{heard.answered}",
        "type": "message",
        "role": "assistant",
        "model": heard.body["model"],
        "content": _blocks(reply, heard),
        "stop_reason": _stop(reply, heard),
        "stop_sequence": None,
        "usage": usage_of(reply, heard, tokens),
    }


def event(name: str, document: Mapping[str, object]) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **document})}\n\n".encode()


PING = event("ping", {})


def events_of(reply: Say, heard: Heard, tokens: int) -> Iterator[bytes]:
    if heard.wire == "openai":
        yield from chunks_of(reply, heard, tokens)
        return
    if heard.wire == "responses":
        yield from items_of(reply, heard, tokens)
        return
    if heard.wire == "gemini":
        yield from candidates_of(reply, heard, tokens)
        return
    message = message_of(reply, heard, tokens)
    begun = message | {"content": [], "stop_reason": None}
    begun["usage"] = {**message["usage"], "output_tokens": 1}
    yield event("message_start", {"message": begun})
    yield PING
    for at, block in enumerate(message["content"]):
        raw = reply.uses[at - len(message["content"])].raw if block["type"] == "tool_use" else None
        yield from _block_events(at, block, raw)
    yield event(
        "message_delta",
        {
            "delta": {"stop_reason": message["stop_reason"], "stop_sequence": None},
            "usage": message["usage"],
        },
    )
    yield event("message_stop", {})


def _block_events(at: int, block: dict[str, Any], raw: str | None) -> Iterator[bytes]:
    empty: dict[str, Any] = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}}
    begun = block | empty.get(block["type"], {"input": {}})
    yield event("content_block_start", {"index": at, "content_block": begun})
    for delta in _deltas(block, raw):
        yield event("content_block_delta", {"index": at, "delta": delta})
    yield event("content_block_stop", {"index": at})


def _deltas(block: Mapping[str, Any], raw: str | None) -> Iterator[dict[str, str]]:
    match block["type"]:
        case "text":
            for piece in _halves(block["text"]):
                yield {"type": "text_delta", "text": piece}
        case "thinking":
            yield {"type": "thinking_delta", "thinking": block["thinking"]}
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            for piece in _halves(json.dumps(block["input"]) if raw is None else raw):
                yield {"type": "input_json_delta", "partial_json": piece}


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def chunks_of(reply: Say, heard: Heard, tokens: int) -> Iterator[bytes]:
    """The same in the completions protocol."""
    usage = usage_of(reply, heard, tokens)
    for piece in _halves(reply.text) if reply.text else ():
        yield chunk(heard, {"content": piece})
    for at, use in enumerate(reply.uses):
        raw = json.dumps(use.arguments) if use.raw is None else use.raw
        first, second = _halves(raw)
        begun = {"index": at, "id": f"call_{heard.answered}_{at}", "type": "function"}
        function = {"name": use.tool, "arguments": first}
        yield chunk(heard, {"tool_calls": [{**begun, "function": function}]})
        yield chunk(heard, {"tool_calls": [{"index": at, "function": {"arguments": second}}]})
    total = usage["input_tokens"] + usage["cache_read_input_tokens"]
    total += usage["cache_creation_input_tokens"]
    told = {
        "prompt_tokens": total,
        "completion_tokens": usage["output_tokens"],
        "prompt_tokens_details": {"cached_tokens": usage["cache_read_input_tokens"]},
    }
    yield chunk(heard, {}, _stop(reply, heard))
    yield _data({"id": "c", "model": heard.body["model"], "choices": [], "usage": told})
    yield b"data: [DONE]\n\n"


def items_of(reply: Say, heard: Heard, tokens: int) -> Iterator[bytes]:
    """The same in the responses protocol."""
    usage = usage_of(reply, heard, tokens)
    cached = usage["cache_read_input_tokens"]
    whole = {"id": f"resp_{heard.answered}", "object": "response", "model": heard.body["model"]}
    yield event("response.created", {"response": {**whole, "status": "in_progress"}})
    items: list[dict[str, object]] = []
    if reply.text:
        content = [{"type": "output_text", "text": reply.text, "annotations": []}]
        items.append({"type": "message", "id": "msg_0", "role": "assistant", "content": content})
    for at, use in enumerate(reply.uses):
        raw = json.dumps(use.arguments) if use.raw is None else use.raw
        call = f"call_{heard.answered}_{at}"
        items.append(
            {"type": "function_call", "id": f"fc_{at}", "call_id": call, "name": use.tool,
             "arguments": raw}
        )  # fmt: skip
    for at, item in enumerate(items):
        yield event("response.output_item.added", {"output_index": at, "item": item})
        yield event("response.output_item.done", {"output_index": at, "item": item})
    told = {
        "input_tokens": usage["input_tokens"] + cached + usage["cache_creation_input_tokens"],
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": usage["output_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage["input_tokens"] + usage["output_tokens"],
    }
    end = {**whole, "status": "completed", "output": items, "usage": told}
    yield event("response.completed", {"response": end})


def candidates_of(reply: Say, heard: Heard, tokens: int) -> Iterator[bytes]:
    """The same in Gemini's protocol."""
    usage = usage_of(reply, heard, tokens)
    parts: list[dict[str, object]] = [{"text": piece} for piece in _halves(reply.text) if piece]
    parts += [{"functionCall": {"name": use.tool, "args": use.arguments}} for use in reply.uses]
    for part in parts:
        yield _data({"candidates": [_candidate(part)], "modelVersion": "fake-model"})
    cached = usage["cache_read_input_tokens"]
    told = {
        "promptTokenCount": usage["input_tokens"] + cached + usage["cache_creation_input_tokens"],
        "cachedContentTokenCount": cached,
        "candidatesTokenCount": usage["output_tokens"],
    }
    end = _candidate({"text": ""}) | {"finishReason": reply.stop or "STOP"}
    yield _data({"candidates": [end], "usageMetadata": told, "modelVersion": "fake-model"})


def _candidate(part: Mapping[str, object]) -> dict[str, object]:
    return {"index": 0, "content": {"role": "model", "parts": [part]}}


def chunk(heard: Heard, delta: Mapping[str, object], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    document = {"id": "c", "object": "chat.completion.chunk", "model": heard.body["model"]}
    return _data({**document, "choices": [choice]})


def _data(document: Mapping[str, object]) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


@contextmanager
def a_model(brain: Brain) -> Iterator[ModelServer]:
    with ModelServer(brain) as server:
        yield server
