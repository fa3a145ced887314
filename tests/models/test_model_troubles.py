"""Everything that goes wrong on the wire has a name, an outcome, and a price that is never too low."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected, SwarmError, Transient
from swarm.models.decoding import MOST_ARGUMENTS, read_call
from swarm.models.events import MOST_EVENT, EventReader
from swarm.models.patience import Patience
from swarm.models.routes import Speech, checked
from swarm.models.trouble import MOST_WAIT, Trouble, of_response, waiting
from swarm.testing.models import Rests, a_gateway, a_route, an_ask, asked
from swarm.testing.wire import PING, Bytes, Fail, Reply, Say, Use, a_model, event, in_turn, script

SPEECHES: tuple[Speech, ...] = ("anthropic", "openai")
QUICK = Patience(first=20, idle=20, total=60, tries=1)
HASTY: dict[str, Patience] = {
    "no-first-word": Patience(first=0.3, tries=1),
    "fell-silent": Patience(first=20, idle=0.3, tries=1),
    "took-too-long": Patience(total=1.0, tries=1),
}
BEGUN = event("message_start", {"message": {"model": "m", "usage": {"input_tokens": 5}}})
OPENED = event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})


def word(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return event("content_block_delta", {"index": 0, "delta": delta})


def outcome(folder: Path, *replies: Reply, patience: Patience = QUICK) -> SwarmError:
    with a_model(in_turn(*replies)) as server:
        gateway = a_gateway(folder, a_route(server), patience=patience)
        with pytest.raises(SwarmError) as caught:
            asked(gateway, an_ask())
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", Rejected),
        (401, "authentication_error", NeedsHuman),
        (402, "billing_error", NeedsHuman),
        (403, "permission_error", NeedsHuman),
        (404, "not_found_error", NeedsHuman),
        (413, "request_too_large", Rejected),
        (429, "rate_limit_error", Transient),
        (500, "api_error", Transient),
        (529, "overloaded_error", Transient),
        (418, "teapot", Rejected),
        (599, "teapot", Transient),
    ],
)
def test_every_status_says_what_to_do(
    tmp_path: Path, status: int, kind: str, error: type[SwarmError]
) -> None:
    assert isinstance(outcome(tmp_path, Fail(status, kind)), error)


def test_a_refused_key_is_tried_once(tmp_path: Path) -> None:
    with a_model(script(Fail(401, "authentication_error"))) as server:
        with pytest.raises(NeedsHuman, match="unauthorised"):
            asked(a_gateway(tmp_path, a_route(server)), an_ask())
        assert len(server.heard) == 1


def test_what_passes_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    rests = Rests()
    replies = (Fail(529, "overloaded_error"), Fail(500), Say("here"))
    with a_model(in_turn(*replies)) as server:
        (answer,) = asked(a_gateway(tmp_path, a_route(server), rests=rests), an_ask())
    assert answer.text == "here"
    assert len(rests.rested) == 2
    assert all(0 <= seconds <= most for seconds, most in zip(rests.rested, (1, 2), strict=True))


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (Bytes((PING,) * 200, seconds=0.02), "no-first-word"),
        (Bytes((BEGUN, OPENED, word("hm"), *(PING,) * 200), seconds=0.02), "fell-silent"),
        (Bytes((BEGUN, OPENED, *(word("x"),) * 500), seconds=0.02), "took-too-long"),
        (Bytes((BEGUN, OPENED, word("so")), stays=False), "cut-off"),
        (Bytes((BEGUN, b"data: {\n\n")), "garbage"),
        (Bytes((BEGUN, b"data: \xff\xfe\n\n")), "garbage"),
        (Bytes((BEGUN, BEGUN)), "garbage"),
        (Bytes((BEGUN, word("of no block"))), "garbage"),
        (Bytes((OPENED,)), "garbage"),
        (Bytes((b"data: " + b"x" * (2 << 20),)), "garbage"),
        (Fail(200, body=b"<html>log in</html>", content_type="text/html"), "text/html"),
        (Fail(200, body=b"\x1f\x8b" * 9, content_type="text/event-stream",
              headers={"content-encoding": "gzip"}), "compressed"),
        (Bytes((BEGUN, event("error", {"error": {"type": "overloaded_error", "message": "x"}}))),
         "overloaded"),
    ],
)  # fmt: skip
def test_a_stream_that_ends_otherwise_than_it_should_may_be_asked_again(
    tmp_path: Path, reply: Reply, named: str
) -> None:
    error = outcome(tmp_path, reply, patience=HASTY.get(named, QUICK))
    assert isinstance(error, Transient), error
    assert named in str(error)


def test_a_redirection_is_followed_nowhere(tmp_path: Path) -> None:
    with a_model(script(Say("you should not be here"))) as other:
        moved = Fail(307, headers={"location": f"{other.url}/v1/messages"})
        assert isinstance(outcome(tmp_path, moved), NeedsHuman)
        assert not other.heard


def test_a_server_that_is_not_there_may_be_there_later(tmp_path: Path) -> None:
    with a_model(script(Say("hi"))) as server:
        route = a_route(server)
    with pytest.raises(Transient, match="network"):
        asked(a_gateway(tmp_path, route, patience=QUICK), an_ask())


def test_a_babbler_is_stopped(tmp_path: Path) -> None:
    babble = Bytes((BEGUN, OPENED, *(word("x" * 900),) * 40))
    error = outcome(tmp_path, babble, patience=Patience(bytes=20_000, tries=1))
    assert isinstance(error, Rejected)


def test_a_call_that_was_cut_off_is_never_handed_on(tmp_path: Path) -> None:
    use = {"type": "tool_use", "id": "t", "name": "run", "input": {}}
    begun = event("content_block_start", {"index": 0, "content_block": use})
    half = {"type": "input_json_delta", "partial_json": '{"command": "rm -rf'}
    piece = event("content_block_delta", {"index": 0, "delta": half})
    assert isinstance(outcome(tmp_path, Bytes((BEGUN, begun, piece))), Transient)


@pytest.mark.parametrize(
    "raw",
    ["{", '{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', "[1]", '{"a":1}{"b":2}', "[" * 9999],
)
def test_arguments_that_cannot_be_read_make_a_broken_call(tmp_path: Path, raw: str) -> None:
    with a_model(script(Say("", (Use("run", raw=raw),)))) as server:
        (answer,) = asked(a_gateway(tmp_path, a_route(server)), an_ask())
    (call,) = answer.calls
    assert call.broken
    assert call.arguments == {}


@pytest.mark.parametrize("speech", SPEECHES)
def test_a_thousand_calls_in_one_answer_are_not_a_thousand_calls(
    tmp_path: Path, speech: Speech
) -> None:
    with a_model(script(Say("", tuple(Use("run", {"n": n}) for n in range(1000))))) as server:
        (answer,) = asked(a_gateway(tmp_path, a_route(server, protocol=speech)), an_ask())
    assert len(answer.calls) == 32


def test_a_call_may_not_be_of_any_length() -> None:
    words = '{"text": "' + "x" * MOST_ARGUMENTS + '"}'
    assert read_call("c", "write", words).broken.startswith("the arguments have ")
    assert not read_call("c", "write", words[: MOST_ARGUMENTS - 2] + '"}').broken


# Waiting ----------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("1000000000", 3600.0),
        ("inf", 3600.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2126 11:00:00 GMT", 3600.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(told: str, seconds: float | None) -> None:
    wait = waiting({"retry-after": told}, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text(max_size=30))
def test_whatever_retry_after_says_is_bounded(told: str) -> None:
    wait = waiting({"retry-after": told}, NOW)
    assert wait is None or timedelta(0) <= wait <= MOST_WAIT


def test_a_short_wait_is_waited_for(tmp_path: Path) -> None:
    rests = Rests()
    busy = Fail(429, "rate_limit_error", headers={"retry-after": "7"})
    with a_model(in_turn(busy, Say("now"))) as server:
        (answer,) = asked(a_gateway(tmp_path, a_route(server), rests=rests), an_ask())
    assert answer.text == "now"
    assert sum(rests.rested) == pytest.approx(7, abs=0.1)


def test_a_long_wait_is_told_written_down_and_still_known_after_a_restart(tmp_path: Path) -> None:
    rests = Rests()
    busy = Fail(429, "rate_limit_error", headers={"retry-after": "900"})
    with a_model(in_turn(busy, Say("never"))) as server:
        for _ in range(2):
            gateway = a_gateway(tmp_path, a_route(server), rests=rests)
            with pytest.raises(Transient) as caught:
                asked(gateway, an_ask())
            assert caught.value.retry_after is not None
            assert caught.value.retry_after > timedelta(seconds=890)
        assert len(server.heard) == 1


def test_who_fails_again_and_again_is_left_alone_for_a_while(tmp_path: Path) -> None:
    rests = Rests()
    with a_model(script(Fail(500))) as server:
        gateway = a_gateway(tmp_path, a_route(server), rests=rests)

        async def ask_often() -> None:
            for number in range(4):
                with pytest.raises(Transient):
                    await gateway.ask(an_ask(str(number)))
            assert len(server.heard) == 5
            rests.at += 31_000
            with pytest.raises(Transient):
                await gateway.ask(an_ask("once more"))
            await gateway.close()

        asyncio.run(ask_often())
        assert len(server.heard) == 6


# Money ------------------------------------------------------------------------------------------


def test_no_call_leaves_whose_greatest_cost_is_not_there(tmp_path: Path) -> None:
    with a_model(script(Say("hi"))) as server:
        with pytest.raises(Exhausted):
            asked(a_gateway(tmp_path, a_route(server)), an_ask(cap=500))
        with pytest.raises(Exhausted):
            asked(a_gateway(tmp_path, a_route(server)), an_ask(limit=500))
        assert not server.heard


def test_a_refusal_costs_nothing_and_a_broken_answer_all_that_was_reserved(tmp_path: Path) -> None:
    for name, reply, least in (("a", Fail(529), 0), ("b", Bytes((BEGUN, OPENED, word("x"))), 1000)):
        with a_model(script(reply)) as server:
            gateway = a_gateway(tmp_path / name, a_route(server), patience=QUICK)
            with pytest.raises(Transient):
                asked(gateway, an_ask())
        spent = gateway.ledger.balance("g-000001.t1").spent
        assert spent == 0 if least == 0 else spent >= least


# Addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url", ["ftp://x", "nothing", "http://example.com", "https://u:p@example.com", "https://x/?k=1"]
)
def test_a_key_goes_nowhere_that_is_not_safe(url: str) -> None:
    with a_model(script(Say("hi"))) as server:
        route = a_route(server, base_url=url)
    with pytest.raises((Rejected, Lacking)):
        checked(route)


# Bytes ------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from([b"data: {}", b"event: ping", b": hm", b"", b"\r"]), max_size=9),
       st.integers(1, 7))  # fmt: skip
def test_events_do_not_depend_on_where_the_pieces_end(lines: list[bytes], size: int) -> None:
    stream = b"\n".join(lines) + b"\n\n"
    whole = list(EventReader().feed(stream))
    reader = EventReader()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [found for piece in pieces for found in reader.feed(piece)] == whole


@given(st.binary(max_size=60))
def test_any_bytes_are_events_or_a_trouble(data: bytes) -> None:
    with suppress(Trouble):
        list(EventReader().feed(data))


@pytest.mark.parametrize(
    "data",
    [b"data: \xff\n\n", b"data: " + b"x" * MOST_EVENT, b"data: x\n" * (MOST_EVENT // 7 + 1)],
    ids=["no text", "a line without an end", "an event without an end"],
)
def test_a_stream_that_is_none_is_not_read_on(data: bytes) -> None:
    with pytest.raises(Trouble) as caught:
        list(EventReader().feed(data))
    assert caught.value.kind == "garbage"


@given(st.integers(300, 999), st.binary(max_size=60))
def test_any_response_has_a_name(status: int, body: bytes) -> None:
    assert of_response(status, {}, body, NOW).kind
