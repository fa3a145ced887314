"""What passes in Gemini's protocol is reckoned by its end, whatever stands in between."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected, Transient
from swarm.models import generating
from swarm.models.dialects import DIALECTS
from swarm.models.events import ServerEvent
from swarm.models.passing import MOST_TOKENS, Passed, Passing, bounded
from swarm.models.trouble import Trouble
from swarm.testing.models import KEY, a_gateway, a_route, an_ask
from swarm.testing.wire import Brain, Fail, ModelServer, Say, Use, a_model, script

ASKED = {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
         "generationConfig": {"maxOutputTokens": 99_999, "candidateCount": 8,
                              "thinkingConfig": {"thinkingBudget": 99_999}}}  # fmt: skip


def told(**fields: object) -> ServerEvent:
    return ServerEvent("", json.dumps(fields))


def passed(folder: Path, brain: Brain) -> tuple[Passed, ModelServer]:
    async def play(server: ModelServer) -> Passed:
        gateway = a_gateway(folder, a_route(server, protocol="gemini", model="g/1"))
        try:
            passing = Passing(engine="claude", account="g-000001.t1", cap=10**9, limit=10**9,
                              body=json.dumps(ASKED).encode())  # fmt: skip
            return await gateway.pass_on(passing)
        finally:
            await gateway.close()

    with a_model(brain) as server:
        return asyncio.run(play(server)), server


def test_a_stream_passes_as_it_came_and_is_paid_for(tmp_path: Path) -> None:
    say = Say("Good morning.", (Use("run_shell_command", {"command": "ls"}),))
    answer, server = passed(tmp_path, script(say))
    (heard,) = server.heard
    assert heard.path == "/v1beta/models/g%2F1:streamGenerateContent?alt=sse"
    assert heard.headers["x-goog-api-key"] == KEY
    assert heard.body["generationConfig"] == {
        "maxOutputTokens": MOST_TOKENS,
        "candidateCount": 1,
        "thinkingConfig": {"thinkingBudget": MOST_TOKENS // 2},
    }
    assert b"run_shell_command" in answer.stream
    assert answer.cost > 0
    assert answer.read > 0 < answer.written


def test_a_quota_that_is_used_up_passes_later(tmp_path: Path) -> None:
    body = json.dumps({"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "no"}})
    refusal = Fail(429, body=body.encode(), headers={"retry-after": "900"})
    with pytest.raises(Transient, match="rate-limited"):
        passed(tmp_path, script(refusal))


def test_the_end_tells_what_was_read_thought_and_written() -> None:
    assembly = generating.Assembly()
    assert assembly.feed(told(candidates=[{"content": {}}], modelVersion="m-1"))
    assert not assembly.done
    usage = {"promptTokenCount": 100, "cachedContentTokenCount": 70, "candidatesTokenCount": 5,
             "thoughtsTokenCount": 6}  # fmt: skip
    assembly.feed(told(candidates=[{"finishReason": "STOP"}], usageMetadata=usage))
    answer = assembly.answer()
    assert (answer.usage.fresh, answer.usage.cache_read, answer.usage.output) == (30, 70, 11)
    assert (answer.stop, answer.model) == ("end", "m-1")


@pytest.mark.parametrize(
    ("event", "stop"),
    [
        (told(candidates=[{"finishReason": "MAX_TOKENS"}]), "max-tokens"),
        (told(candidates=[{"finishReason": "SAFETY"}]), "refusal"),
        (told(candidates=[{"finishReason": "NEW"}]), "unknown"),
        (told(promptFeedback={"blockReason": "OTHER"}), "refusal"),
    ],
)
def test_every_end_has_a_name(event: ServerEvent, stop: str) -> None:
    assembly = generating.Assembly()
    assembly.feed(event)
    assert assembly.answer().stop == stop


def test_an_answer_without_its_end_is_none() -> None:
    assembly = generating.Assembly()
    assembly.feed(told(candidates=[{"content": {}}]))
    with pytest.raises(Trouble, match="broke off"):
        assembly.answer()


values = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["usageMetadata", "error", "candidates", "finishReason"]), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(["usageMetadata", "error", "candidates"]), values, max_size=3)
)
def test_whatever_comes_is_read_or_named(document: dict[str, object]) -> None:
    with suppress(Trouble):
        assert isinstance(generating.Assembly().feed(told(**document)), bool)


@given(st.dictionaries(st.sampled_from(["generationConfig", "contents"]), values, max_size=2))
def test_whatever_is_asked_is_bounded(document: dict[str, object]) -> None:
    data, most = bounded(json.dumps(document).encode(), "m", "gemini")
    assert json.loads(data)["generationConfig"]["maxOutputTokens"] == most <= MOST_TOKENS


def test_swarm_itself_asks_nothing_in_it() -> None:
    with pytest.raises(Rejected, match="an agent's own"):
        DIALECTS["gemini"].encode(an_ask(), "m")
