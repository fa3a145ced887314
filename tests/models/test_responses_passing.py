"""What passes in the responses protocol is reckoned by its end, whatever stands in between."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected
from swarm.models import responses
from swarm.models.dialects import DIALECTS
from swarm.models.events import ServerEvent
from swarm.models.passing import MOST_TOKENS, bounded
from swarm.models.trouble import Trouble
from swarm.testing.models import an_ask


def told(kind: str, **fields: object) -> ServerEvent:
    return ServerEvent(kind, json.dumps({"type": kind, **fields}))


def test_the_end_tells_what_was_read_and_written() -> None:
    assembly = responses.Assembly()
    usage = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 70},
        "output_tokens": 5,
    }
    assert not assembly.feed(told("response.created"))
    assert assembly.feed(told("response.output_item.done", item={}))
    assembly.feed(told("response.completed", response={"model": "m", "usage": usage}))
    answer = assembly.answer()
    assert assembly.done
    assert (answer.usage.fresh, answer.usage.cache_read, answer.usage.output) == (30, 70, 5)


def test_an_answer_without_its_end_is_none() -> None:
    assembly = responses.Assembly()
    assembly.feed(told("response.output_text.delta", delta="Hi"))
    with pytest.raises(Trouble, match="broke off"):
        assembly.answer()


@pytest.mark.parametrize(
    "event",
    [
        told(
            "response.failed", response={"error": {"code": "rate_limit_exceeded", "message": "no"}}
        ),
        told("error", code="rate_limit_exceeded", message="no"),
    ],
)
def test_a_failure_in_the_stream_has_its_name(event: ServerEvent) -> None:
    with pytest.raises(Trouble) as caught:
        responses.Assembly().feed(event)
    assert caught.value.kind == "rate-limited"


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from(["usage", "error", "model"]), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(["response.completed", "response.failed", "error", "new"]), values)
def test_whatever_comes_is_read_or_named(kind: str, response: object) -> None:
    with suppress(Trouble):
        assert isinstance(responses.Assembly().feed(told(kind, response=response)), bool)


def test_swarm_itself_asks_nothing_in_it() -> None:
    with pytest.raises(Rejected, match="an agent's own"):
        DIALECTS["responses"].encode(an_ask(), "m")


def test_an_agents_request_in_it_is_bounded_too() -> None:
    data, most = bounded(b'{"model": "dearest", "stream": false}', "m", "responses")
    body = json.loads(data)
    assert (body["model"], body["stream"], body["max_output_tokens"]) == ("m", True, MOST_TOKENS)
    assert most == MOST_TOKENS
