"""The same bytes, read by us and by the provider's own client: both must come to the same.

What we decode ourselves is thereby checked against a reader that we did not write: streams with text, tools
and thinking in any order and in any pieces, usage with caches, every reason to stop, and every error that
the client has a class for.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.models.conversation import Answer, Block, Call, Result, Text, Thinking, Tool, Turn
from swarm.models.events import EventReader
from swarm.models.messages import Assembly, encode
from swarm.models.patience import Patience
from swarm.testing.models import a_gateway, a_route, an_ask, asked
from swarm.testing.wire import (
    PING,
    Bytes,
    Fail,
    Heard,
    Reply,
    Say,
    Use,
    a_model,
    event,
    events_of,
    script,
)

ONCE = Patience(first=20, idle=20, total=60, tries=1)


def client_of(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key="k", max_retries=0)


def ours(folder: Path, reply: Reply) -> Answer:
    with a_model(script(reply)) as server:
        (answer,) = asked(a_gateway(folder, a_route(server), patience=ONCE), an_ask())
    return answer


def theirs(reply: Reply) -> Message:
    with (
        a_model(script(reply)) as server,
        client_of(server.url) as client,
        client.messages.stream(**_request()) as stream,
    ):
        return stream.get_final_message()


def _request() -> dict[str, Any]:
    """The bytes that we send, as the client's arguments."""
    told: dict[str, Any] = json.loads(encode(an_ask(), "fake-model"))
    del told["stream"]
    return told


def told_by(message: Message) -> list[object]:
    return [_plain(block.model_dump(exclude_none=True)) for block in message.content]


def _plain(block: Mapping[str, Any]) -> object:
    match block:
        case {"type": "text"}:
            return ("text", block["text"])
        case {"type": "tool_use"}:
            return ("call", block["id"], block["name"], block["input"])
        case _:
            return dict(block)


def told_by_us(blocks: Sequence[Block]) -> list[object]:
    told: list[object] = []
    for block in blocks:
        match block:
            case Text():
                told.append(("text", block.text))
            case Call():
                told.append(("call", block.id, block.name, block.arguments))
            case Thinking():
                told.append(block.raw)
    return told


SAYINGS = {
    "text": Say("Good morning."),
    "unicode": Say("\U0001f40d ÄÖÜ \u2028 line"),
    "tools": Say("", (Use("read", {"path": "a.py"}), Use("run", {"command": "ls", "n": [1, 2.5, None]}))),
    "all three": Say("I look.", (Use("read", {"a": {"b": "c"}}),), thinking="hm, hm"),
    "no arguments": Say("", (Use("list"),)),
    "cut off": Say("and then", stop="max_tokens"),
    "refused": Say("No.", stop="refusal"),
    "paused": Say("So far.", stop="pause_turn"),
    "full": Say("Too much.", stop="model_context_window_exceeded"),
    "caches": Say("x", usage={"input_tokens": 11, "cache_read_input_tokens": 22,
                              "cache_creation_input_tokens": 33, "output_tokens": 44}),
}  # fmt: skip


@pytest.mark.parametrize("say", SAYINGS.values(), ids=SAYINGS)
def test_an_answer_is_read_alike(tmp_path: Path, say: Say) -> None:
    us, them = ours(tmp_path, say), theirs(say)
    assert told_by_us(us.blocks) == told_by(them)
    assert us.model == them.model
    usage = them.usage
    assert (us.usage.fresh, us.usage.cache_read, us.usage.cache_written, us.usage.output) == (
        usage.input_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.output_tokens,
    )


def test_thinking_that_was_withheld_is_read_alike_and_sent_back_as_it_came(tmp_path: Path) -> None:
    hidden = {"type": "redacted_thinking", "data": "c2VjcmV0"}
    usage = {"input_tokens": 1, "output_tokens": 2}
    message: dict[str, object] = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
               "stop_reason": None, "stop_sequence": None, "usage": usage}  # fmt: skip
    raw = b"".join(
        (
            event("message_start", {"message": message}),
            event("content_block_start", {"index": 0, "content_block": hidden}),
            event("content_block_stop", {"index": 0}),
            event("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": usage}),
            event("message_stop", {}),
        )
    )
    stream = Fail(200, body=raw, content_type="text/event-stream")
    us, them = ours(tmp_path, stream), theirs(stream)
    assert told_by_us(us.blocks) == told_by(them) == [hidden]
    turn = Turn(speaker="model", blocks=us.blocks)
    assert json.loads(encode(an_ask(turns=(turn,)), "m"))["messages"][0]["content"] == [hidden]


texts = st.text('ab \n"\\é\U0001f40d', min_size=1, max_size=12).filter(
    lambda each: bool(each.strip())
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
uses = st.builds(Use, st.sampled_from(["read", "run"]), st.dictionaries(texts, values, max_size=3))
sayings = st.builds(
    Say, texts, st.lists(uses, max_size=3).map(tuple), thinking=st.just("") | texts,
    usage=st.dictionaries(st.sampled_from(["input_tokens", "cache_read_input_tokens", "output_tokens"]),
                          st.integers(0, 10**6), max_size=3),
)  # fmt: skip


def stream_of(say: Say) -> bytes:
    """The bytes that the fake would send."""
    heard = Heard("anthropic", "/v1/messages", {}, _request() | {"stream": True}, 0.0)
    return b"".join(events_of(say, heard, 50))


def theirs_without_a_wire(raw: bytes) -> Message:
    answer = httpx2.Response(200, content=raw, headers={"content-type": "text/event-stream"})
    transport = httpx2.MockTransport(lambda _: answer)
    with (
        httpx2.Client(transport=transport) as http,
        anthropic.Anthropic(api_key="k", http_client=http).messages.stream(**_request()) as stream,
    ):
        return stream.get_final_message()


@settings(max_examples=30, deadline=None)
@given(sayings, st.integers(1, 40))
def test_whatever_is_said_in_whatever_pieces_is_read_alike(say: Say, size: int) -> None:
    raw = stream_of(say)
    reader, assembly = EventReader(), Assembly()
    for at in range(0, len(raw), size):
        for each in reader.feed(raw[at : at + size]):
            assembly.feed(each)
    us, them = assembly.answer(), theirs_without_a_wire(raw)
    assert told_by_us(us.blocks) == told_by(them)
    assert us.usage.input + us.usage.output == sum(
        getattr(them.usage, name) or 0
        for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
                     "output_tokens")
    )  # fmt: skip


def test_a_conversation_that_we_encode_is_one_that_the_client_would_send() -> None:
    turns = (
        Turn(speaker="user", blocks=(Text(text="mend it"),)),
        Turn(speaker="model", blocks=(Text(text="I look"), Call(id="c1", name="read", arguments={"p": 1}))),
        Turn(speaker="user", blocks=(Result(call="c1", text="x = 1", failed=True),)),
    )  # fmt: skip
    tool = Tool(name="read", description="Read a file.", parameters={"type": "object"})
    sent = json.loads(encode(an_ask(turns=turns, tools=(tool,)), "fake-model"))
    with a_model(script(Say("ok"))) as server, client_of(server.url) as client:
        arguments = {name: value for name, value in sent.items() if name != "stream"}
        with client.messages.stream(**arguments) as stream:
            stream.get_final_message()
        assert dict(server.heard[0].body) == sent


def test_tokens_are_counted_for_the_bytes_that_we_would_send() -> None:
    asked_for = {name: each for name, each in _request().items() if name != "max_tokens"}
    with a_model(script(Say("ok"))) as server, client_of(server.url) as client:
        counted = client.messages.count_tokens(**asked_for)
        assert server.counted == [asked_for]
    assert counted.input_tokens == len(json.dumps(asked_for, separators=(",", ":"))) // 4 + 1


# Errors -----------------------------------------------------------------------------------------

Refusal = tuple[int, str, str, type[anthropic.APIStatusError], str, type[SwarmError]]
REFUSALS: tuple[Refusal, ...] = (
    (400, "invalid_request_error", "", anthropic.BadRequestError, "invalid", Rejected),
    (401, "authentication_error", "", anthropic.AuthenticationError, "unauthorised", NeedsHuman),
    (402, "billing_error", "", anthropic.PaymentRequiredError, "unpaid", NeedsHuman),
    (403, "permission_error", "", anthropic.PermissionDeniedError, "forbidden", NeedsHuman),
    (404, "not_found_error", "", anthropic.NotFoundError, "no-such-model", NeedsHuman),
    (408, "timeout_error", "", anthropic.RequestTimeoutError, "server-error", Transient),
    (409, "conflict_error", "", anthropic.ConflictError, "server-error", Transient),
    (413, "request_too_large", "", anthropic.RequestTooLargeError, "too-large", Rejected),
    (422, "invalid_request_error", "", anthropic.UnprocessableEntityError, "invalid", Rejected),
    (429, "rate_limit_error", "", anthropic.RateLimitError, "rate-limited", Transient),
    (429, "rate_limit_error", "ramp_limit_exceeded", anthropic.RateLimitError, "rate-limited", Transient),
    (429, "rate_limit_error", "enforced_spend_limit_reached", anthropic.RateLimitError, "unpaid", NeedsHuman),
    (429, "rate_limit_error", "contract_spend_limit_reached", anthropic.RateLimitError, "unpaid", NeedsHuman),
    (402, "billing_error", "linked_organization_spend_limit_reached", anthropic.PaymentRequiredError, "unpaid",
     NeedsHuman),
    (400, "invalid_request_error", "organization_on_hold", anthropic.BadRequestError, "forbidden", NeedsHuman),
    (413, "invalid_request_error", "request_body_too_large_after_decoding", anthropic.RequestTooLargeError,
     "too-large", Rejected),
    (500, "api_error", "", anthropic.InternalServerError, "server-error", Transient),
    (502, "", "", anthropic.InternalServerError, "server-error", Transient),
    (503, "", "", anthropic.ServiceUnavailableError, "overloaded", Transient),
    (503, "overloaded_error", "cmek_key_unreachable", anthropic.ServiceUnavailableError, "overloaded", Transient),
    (504, "timeout_error", "", anthropic.DeadlineExceededError, "server-error", Transient),
    (529, "overloaded_error", "", anthropic.OverloadedError, "overloaded", Transient),
)  # fmt: skip


def refusal(status: int, kind: str, code: str) -> Fail:
    error = {"type": kind, "message": "no"} | ({"details": {"error_code": code}} if code else {})
    return Fail(status, body=json.dumps({"type": "error", "error": error}).encode())


@pytest.mark.parametrize(("status", "kind", "code", "theirs_is", "named", "ours_is"), REFUSALS)
def test_a_refusal_that_the_client_has_a_class_for_has_a_name_here(
    tmp_path: Path, status: int, kind: str, code: str,
    theirs_is: type[anthropic.APIStatusError], named: str, ours_is: type[SwarmError],
) -> None:  # fmt: skip
    with pytest.raises(theirs_is) as caught:
        theirs(refusal(status, kind, code))
    assert (caught.value.type or "", caught.value.error_code or "") == (kind, code)
    with pytest.raises(ours_is, match=named):
        ours(tmp_path, refusal(status, kind, code))


def test_every_status_that_the_client_has_a_class_for_was_tried() -> None:
    classes = [anthropic.APIStatusError]
    for each in classes:
        classes += each.__subclasses__()
    known = {each.__dict__.get("status_code") for each in classes} - {None}
    unasked = {412, 431, 499, 501}  # of no request that we make
    assert known - unasked <= {status for status, *_ in REFUSALS}


BEGUN = event("message_start", {"message": {"id": "m", "type": "message", "role": "assistant", "model": "m",
              "content": [], "usage": {"input_tokens": 5, "output_tokens": 1}}})  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("overloaded_error", "overloaded"),
        ("api_error", "server-error"),
        ("rate_limit_error", "rate-limited"),
    ],
)
def test_an_error_in_mid_stream_is_one_for_both(tmp_path: Path, kind: str, named: str) -> None:
    error = event("error", {"error": {"type": kind, "message": "sorry"}})
    stream = Bytes((BEGUN, PING, error))
    with pytest.raises(anthropic.APIStatusError, match="sorry"):
        theirs(stream)
    with pytest.raises(Transient, match=named):
        ours(tmp_path, stream)


@pytest.mark.parametrize(
    "rest", [(), (PING,), (b'event: content_block_delta\ndata: {"type": "con',)]
)
def test_a_stream_that_breaks_off_is_no_answer_for_either(
    tmp_path: Path, rest: tuple[bytes, ...]
) -> None:
    stream = Bytes((BEGUN, *rest))
    with pytest.raises((anthropic.AnthropicError, httpx2.RemoteProtocolError)):
        theirs(stream)
    with pytest.raises(Transient):
        ours(tmp_path, stream)
