"""The models' contract, run against a fake of somebody else's as well: `@copilotkit/aimock`, from npm.

Our own fake could share a misunderstanding with the gateway that it tests. This one was written by others,
for all clients. What it does not have (caches' usage, errors in mid-stream) is tried against ours alone.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest
from pydantic import SecretStr

from swarm.domain.errors import Transient
from swarm.models.conversation import Answer, Result, Text, Tool, Turn
from swarm.models.patience import Patience
from swarm.models.routes import Route, Speech
from swarm.testing.models import KEY, TEN_A_TOKEN, a_gateway, an_ask, asked
from swarm.testing.wire import Brain, Bytes, Fail, Heard, Reply, Say, Use, a_model, event

AGENTS = os.environ.get("EXTERNAL_AGENTS", "")
PROGRAM = Path(AGENTS, "node_modules/@copilotkit/aimock/dist/cli.js")

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        not AGENTS or not PROGRAM.is_file() or which("node") is None,
        reason="needs aimock: EXTERNAL_AGENTS names the folder of npm that has it",
    ),
]

ARGUMENTS: Mapping[str, object] = {"path": "a.py", "n": [1, 2.5, None], "é": "\U0001f40d"}
LONG = "This is a long answer that is cut off somewhere in the middle of it, or a little later."
FIXTURES: tuple[tuple[str, dict[str, object]], ...] = (
    ("say hello", {"content": "Good morning, ÄÖÜ \U0001f40d."}),
    ("use a tool", {"content": "I look.",
                    "toolCalls": [{"name": "read", "arguments": json.dumps(ARGUMENTS)}]}),
    ("too often", {"error": {"message": "slow", "type": "rate_limit_error"}, "status": 429,
                   "retryAfter": 700}),
    ("overloaded", {"error": {"message": "busy", "type": "overloaded_error"}, "status": 529}),
)  # fmt: skip
CUT = {
    "match": {"userMessage": "break off"},
    "response": {"content": LONG},
    "truncateAfterChunks": 2,
}
REPLIES: Mapping[str, Reply] = {
    "say hello": Say("Good morning, ÄÖÜ \U0001f40d."),
    "use a tool": Say("I look.", (Use("read", ARGUMENTS),)),
    "too often": Fail(429, "rate_limit_error", headers={"retry-after": "700"}),
    "overloaded": Fail(529, "overloaded_error"),
    "break off": Bytes((event("message_start", {"message": {"model": "m"}}),)),
}
READ = Tool(name="read", description="Read a file.", parameters={"type": "object"})


def a_brain() -> Brain:
    """Answers as the fixtures say."""

    def brain(heard: Heard) -> Reply:
        return next(reply for words, reply in REPLIES.items() if words in heard.everything)

    return brain


@contextmanager
def aimock(folder: Path) -> Iterator[str]:
    fixtures = [{"match": {"userMessage": words}, "response": told} for words, told in FIXTURES]
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": [*fixtures, CUT]}))
    argv = ("node", PROGRAM, "-p", "0", "-f", file, "--log-level", "info")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stdout)
            yield next(found.group() for found in told if found)
        finally:
            process.kill()


@pytest.fixture(scope="module", params=["ours", "aimock"])
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "ours":
        with a_model(a_brain()) as server:
            yield server.url
    else:
        with aimock(tmp_path_factory.mktemp("aimock")) as url:
            yield url


SPEECHES: tuple[Speech, ...] = ("anthropic", "openai")


@pytest.fixture(params=SPEECHES)
def route(request: pytest.FixtureRequest, address: str) -> Route:
    speech: Speech = request.param
    return Route(
        name="claude",
        protocol=speech,
        model="fake-model",
        base_url=address if speech == "anthropic" else f"{address}/v1",
        key=SecretStr(KEY),
        price=TEN_A_TOKEN,
    )


def answered(folder: Path, route: Route, *turns: Turn) -> Answer:
    gateway = a_gateway(folder, route, patience=Patience(tries=1))
    (answer,) = asked(gateway, an_ask(turns=turns, tools=(READ,)))
    return answer


def said(words: str) -> Turn:
    return Turn(speaker="user", blocks=(Text(text=words),))


def test_words_arrive_whole(tmp_path: Path, route: Route) -> None:
    answer = answered(tmp_path, route, said("say hello"))
    assert (answer.text, answer.stop, answer.model) == (
        "Good morning, ÄÖÜ \U0001f40d.",
        "end",
        "fake-model",
    )


def test_calls_of_tools_arrive_with_their_arguments_and_may_be_answered(
    tmp_path: Path, route: Route
) -> None:
    first = answered(tmp_path / "first", route, said("use a tool"))
    (call,) = first.calls
    assert (first.text, first.stop, call.name, call.arguments) == (
        "I look.",
        "tools",
        "read",
        ARGUMENTS,
    )
    back = Turn(speaker="user", blocks=(Result(call=call.id, text="x = 1"), Text(text="say hello")))
    spoken = Turn(speaker="model", blocks=first.blocks)
    again = answered(tmp_path / "again", route, said("look"), spoken, back)
    assert again.text.startswith("Good morning")


def test_a_limit_is_told_with_the_time_to_wait(tmp_path: Path, route: Route) -> None:
    with pytest.raises(Transient, match="rate-limited") as caught:
        answered(tmp_path, route, said("too often"))
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == pytest.approx(700, abs=5)


def test_an_overloaded_provider_may_be_asked_later(tmp_path: Path, route: Route) -> None:
    with pytest.raises(Transient, match="overloaded"):
        answered(tmp_path, route, said("overloaded"))


def test_an_answer_that_breaks_off_is_none(tmp_path: Path, route: Route) -> None:
    with pytest.raises(Transient):
        answered(tmp_path, route, said("break off"))
