"""Agents that ask their model through the gateway: no key, no network, and money that ends."""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected, Transient
from swarm.engines.cli.record import Record
from swarm.engines.cli.relay import Purse, Relay, Unread, read_request
from swarm.engines.port import Item, StepTaken, Submission
from swarm.models.passing import MOST_TOKENS, Passed, Passing, bounded, kept_headers
from swarm.testing.agents import Stage, last_words
from swarm.testing.models import KEY, Rests, a_gateway, a_route
from swarm.testing.wire import Brain, Fail, ModelServer, Say, a_model, script

ASKED = {
    "model": "the-dearest",
    "max_tokens": 100_000,
    "stream": False,
    "messages": [{"role": "user", "content": "Hello"}],
}
DONE = {"end": "Done\n\nIt was not."}
Asking = Callable[..., tuple[list[Item], ModelServer]]


@pytest.fixture
def ask(tmp_path: Path, whole_walls: None) -> Asking:
    def asked(
        brain: Brain, *acts: dict[str, object], budget: int = 10**9
    ) -> tuple[list[Item], ModelServer]:
        with a_model(brain) as server:

            async def play() -> list[Item]:
                route = a_route(server, name="claude-code")
                gateway = a_gateway(tmp_path / "models", route, rests=Rests())
                stage = Stage(tmp_path, {"app.py": "x = 1\n"}, models=gateway)
                write = {"write": str(stage.tree / "app.py"), "text": "x = 2\n"}
                try:
                    fails = any("fail" in act for act in acts)
                    engine = stage.engine([*acts, *(() if fails else (write, DONE))])
                    return await stage.played(engine, budget=budget)
                finally:
                    await gateway.close()

            items = asyncio.run(play())
        return items, server

    return asked


def outputs(items: list[Item]) -> list[str]:
    steps = [Record.model_validate_json(i.result) for i in items if isinstance(i, StepTaken)]
    return [each.output for each in steps]


def test_the_gateway_asks_with_the_key_and_the_agent_never_sees_it(ask: Asking) -> None:
    items, server = ask(
        script(Say("Hi there")), {"post": ASKED}, {"run": "env; cat /proc/self/environ"}
    )
    (heard,) = server.heard
    answer, seen, *_ = outputs(items)
    assert heard.headers["x-api-key"] == KEY
    assert heard.headers["anthropic-beta"] == "a-beta"
    assert answer.startswith("200 ")
    assert "message_stop" in answer
    assert KEY not in answer + seen
    assert isinstance(end := items[-1], Submission)
    assert "weaker" not in end.why


def test_what_would_get_around_the_bounds_is_replaced(ask: Asking) -> None:
    _, server = ask(script(Say("Hi")), {"post": ASKED})
    body = server.heard[0].body
    assert (body["model"], body["max_tokens"], body["stream"]) == ("fake-model", MOST_TOKENS, True)


def test_what_the_gateway_counted_is_what_it_costs(ask: Asking) -> None:
    items, _ = ask(
        script(Say("Hi", usage={"input_tokens": 7, "output_tokens": 3})), {"post": ASKED}
    )
    spent = sum(step.cost for step in items if isinstance(step, StepTaken))
    assert 0 < spent < 20_000


def test_money_ends_it(ask: Asking) -> None:
    items, server = ask(
        script(Say("Hi")), {"post": ASKED}, {"fail": "no money", "status": 402}, budget=1_000
    )
    assert outputs(items)[0].startswith("402 ")
    assert "would have cost more than the budget" in last_words(items)
    assert server.heard == []


@pytest.mark.parametrize(
    ("reply", "status", "why"),
    [
        (Fail(401, "authentication_error", "bad key"), "401", "logged out"),
        (Fail(529, "overloaded_error", "busy"), "529", "overloaded"),
        (Fail(400, "invalid_request_error", "no"), "400", "refused by its provider"),
    ],
)
def test_what_goes_wrong_outside_is_told_inside_and_named(
    ask: Asking, reply: Fail, status: str, why: str
) -> None:
    items, _ = ask(script(reply), {"post": ASKED}, {"fail": "no answer"})
    assert outputs(items)[0].startswith(status)
    assert why in last_words(items)


def test_there_is_nothing_else_behind_the_relay(ask: Asking) -> None:
    counted = {"post": ASKED, "path": "/v1/messages/count_tokens"}
    items, server = ask(script(Say("Hi")), {"post": ASKED, "path": "/v1/files"}, counted)
    first, second, *_ = outputs(items)
    assert first.startswith("404")
    assert second.startswith('200 {"input_tokens"')
    assert server.heard == []


@given(st.binary(max_size=80), st.booleans())
def test_a_request_is_understood_or_refused(data: bytes, ended: bool) -> None:
    async def read() -> None:
        reader = asyncio.StreamReader(limit=1000)
        reader.feed_data(data + (b"\r\n\r\n" if ended else b""))
        reader.feed_eof()
        try:
            await read_request(reader)
        except (Unread, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return

    asyncio.run(read())


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/messages HTTP/1.1\r\nTransfer-Encoding: chunked",
        b"POST /v1/messages HTTP/1.1\r\nContent-Length: 99999999999",
        b"POST /v1/messages HTTP/1.1\r\nContent-Length: -1",
        b"POST /v1/messages",
    ],
)
def test_a_request_whose_length_is_not_plain_is_refused(head: bytes) -> None:
    async def read() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(head + b"\r\n\r\n")
        await read_request(reader)

    with pytest.raises(Unread):
        asyncio.run(read())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"'])
def test_what_is_no_question_is_not_passed_on(body: bytes) -> None:
    with pytest.raises(Rejected, match="no request to a model"):
        bounded(body, "m")


def test_a_smaller_limit_stays_and_thinking_fits_into_it() -> None:
    told = {"max_tokens": 1000, "thinking": {"type": "enabled", "budget_tokens": 9999}}
    data, most = bounded(json.dumps(told).encode(), "m")
    assert most == 1000
    assert json.loads(data)["thinking"]["budget_tokens"] == 500
    assert kept_headers((("anthropic-beta", "b"), ("x-api-key", "k"), ("host", "h"))) == {
        "anthropic-beta": "b"
    }


def test_an_agent_that_is_known_by_its_protocol_only_asks_the_same_way(
    tmp_path: Path, whole_walls: None
) -> None:
    with a_model(script(Say("I am asked."))) as server:

        async def play() -> list[Item]:
            gateway = a_gateway(tmp_path / "models", a_route(server, name="acp"), rests=Rests())
            stage = Stage(tmp_path, {"app.py": "x = 1\n"}, "acp", models=gateway)
            write = {"write": str(stage.tree / "app.py"), "text": "x = 2\n"}
            try:
                return await stage.played(stage.engine([{"post": ASKED}, write, DONE]))
            finally:
                await gateway.close()

        items = asyncio.run(play())
    assert isinstance(items[-1], Submission)
    assert outputs(items)[0].startswith("200 event: message_start")
    assert sum(item.cost for item in items if isinstance(item, StepTaken)) > 0
    (heard,) = server.heard
    assert (heard.headers["x-api-key"], heard.body["model"]) == (KEY, "fake-model")


@dataclass
class Thinking:
    """Implements Passages: answers, or refuses, when it is told to."""

    goes: asyncio.Event
    refuses: bool = False

    async def pass_on(self, passing: Passing) -> Passed:
        await self.goes.wait()
        if self.refuses:
            raise Transient("it is overloaded")
        return Passed(stream=b'data: {"end": 1}\n\n', cost=1, read=1, cached=0, written=1)


async def heard_of(relay: Relay, goes: asyncio.Event) -> list[bytes]:
    """What a client reads before the model has answered, and behind it."""
    listening = socket.create_server(("127.0.0.1", 0))
    address, port = listening.getsockname()
    await relay.serve(listening)
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(b"POST /v1/messages HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
    await reader.readuntil(b"\r\n\r\n")
    before = await reader.readuntil(b"\n")
    goes.set()
    rest = await reader.read()
    writer.close()
    relay.close()
    return [before, rest]


@pytest.mark.parametrize(
    ("only_data", "refuses", "before", "rest"),
    [
        (False, False, b": more is to come\n", b'\ndata: {"end": 1}\n\n'),
        (True, False, b"\n", b'data: {"end": 1}\n\n'),
        (False, True, b": more is to come\n", b"\nevent: error\ndata: {"),
        (True, True, b"\n", b"data: {"),
    ],
)
def test_who_waits_long_is_told_that_more_is_to_come_in_words_that_it_reads(
    only_data: bool, refuses: bool, before: bytes, rest: bytes
) -> None:
    async def play() -> list[bytes]:
        goes = asyncio.Event()
        models, purse = Thinking(goes, refuses), Purse("g-000001.t1", 10**6, 10**6)
        relay = Relay(models, "gemini", purse, only_data=only_data, patient_seconds=0.02)
        return await heard_of(relay, goes)

    first, last = asyncio.run(play())
    assert first == before
    assert last.startswith(rest)
