"""The gateway over a real socket: what it asks, what it reads, in both protocols.

The provider's own client reads the same server in `test_provider_agreement`.
"""

import json
from pathlib import Path

import pytest

from swarm.models.conversation import Call, Result, Text, Thinking, Tool, Turn
from swarm.models.routes import Speech
from swarm.testing.models import KEY, a_gateway, a_route, an_ask, asked
from swarm.testing.wire import Say, Use, a_model, script

SPEECHES: tuple[Speech, ...] = ("anthropic", "openai")
READ = Tool(name="read", description="Read a file.", parameters={"type": "object"})


@pytest.mark.parametrize("speech", SPEECHES)
def test_an_answer_arrives_with_text_calls_usage_and_the_version_that_gave_it(
    tmp_path: Path, speech: Speech
) -> None:
    say = Say("Let me look.", (Use("read", {"path": "a.py"}),), usage={"output_tokens": 7})
    with a_model(script(say)) as server:
        gateway = a_gateway(tmp_path, a_route(server, protocol=speech))
        (answer,) = asked(gateway, an_ask(tools=(READ,)))
    assert answer.text == "Let me look."
    assert [(call.name, call.arguments) for call in answer.calls] == [("read", {"path": "a.py"})]
    assert answer.stop == "tools"
    assert answer.model == "fake-model"
    assert answer.usage.output == 7
    assert answer.usage.input > 0


@pytest.mark.parametrize("speech", SPEECHES)
def test_a_conversation_arrives_whole(tmp_path: Path, speech: Speech) -> None:
    call = Call(id="c1", name="read", arguments={"path": "a.py"})
    turns = (
        Turn(speaker="user", blocks=(Text(text="mend it"),)),
        Turn(speaker="model", blocks=(Text(text="I look"), call)),
        Turn(speaker="user", blocks=(Result(call="c1", text="x = 1"), Text(text="hurry"))),
    )
    with a_model(script(Say("done"))) as server:
        asked(a_gateway(tmp_path, a_route(server, protocol=speech)), an_ask(turns=turns))
        (heard,) = server.heard
    assert heard.answered == 1
    assert "x = 1" in heard.told
    assert "hurry" in heard.told
    assert "mend it" in heard.everything


@pytest.mark.parametrize(
    ("speech", "header"), [("anthropic", "x-api-key"), ("openai", "authorization")]
)
def test_the_key_is_in_one_header_and_nowhere_else(
    tmp_path: Path, speech: Speech, header: str
) -> None:
    with a_model(script(Say("hi"))) as server:
        asked(a_gateway(tmp_path, a_route(server, protocol=speech)), an_ask())
        (heard,) = server.heard
    assert [name for name, value in heard.headers.items() if KEY in value] == [header]
    assert KEY not in json.dumps(dict(heard.body))
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and KEY in p.read_text()]


def test_thinking_goes_back_exactly_as_it_came(tmp_path: Path) -> None:
    with a_model(script(Say("hm", thinking="deep"))) as server:
        gateway = a_gateway(tmp_path, a_route(server))
        (answer,) = asked(gateway, an_ask())
        back = (*an_ask().turns, Turn(speaker="model", blocks=answer.blocks))
        turns = (*back, Turn(speaker="user", blocks=(Text(text="go on"),)))
        asked(a_gateway(tmp_path, a_route(server)), an_ask(turns=turns))
    assert isinstance(answer.blocks[0], Thinking)
    assert server.heard[1].body["messages"][1]["content"][0] == {
        "type": "thinking",
        "thinking": "deep",
        "signature": "c2ln",
    }


def test_what_stays_the_same_is_marked_for_the_cache(tmp_path: Path) -> None:
    turns = tuple(
        Turn(speaker="user" if at % 2 == 0 else "model", blocks=(Text(text=str(at)),))
        for at in range(7)
    )
    with a_model(script(Say("ok"))) as server:
        asked(a_gateway(tmp_path, a_route(server)), an_ask(turns=turns))
        body = server.heard[0].body
    marked = [at for at, turn in enumerate(body["messages"]) if "cache_control" in str(turn)]
    assert marked == [4, 6]
    assert "cache_control" in body["system"][0]


def test_one_connection_serves_call_after_call(tmp_path: Path) -> None:
    with a_model(script(Say("ok"))) as server:
        asked(a_gateway(tmp_path, a_route(server)), *(an_ask(str(n)) for n in range(3)))
        assert server.connections == 1


def test_equal_asks_are_equal_bytes(tmp_path: Path) -> None:
    with a_model(script(Say("ok"))) as server:
        for folder in ("one", "two"):
            asked(a_gateway(tmp_path / folder, a_route(server)), an_ask(tools=(READ,)))
    assert server.heard[0].body == server.heard[1].body


@pytest.mark.parametrize(
    ("word", "stop"),
    [
        ("end_turn", "end"),
        ("tool_use", "tools"),
        ("max_tokens", "max-tokens"),
        ("stop_sequence", "stop-sequence"),
        ("refusal", "refusal"),
        ("pause_turn", "paused"),
        ("model_context_window_exceeded", "context-full"),
        ("bored", "unknown"),
    ],
)
def test_every_reason_to_stop_has_a_name(tmp_path: Path, word: str, stop: str) -> None:
    with a_model(script(Say("x", stop=word))) as server:
        (answer,) = asked(a_gateway(tmp_path, a_route(server)), an_ask())
    assert answer.stop == stop
