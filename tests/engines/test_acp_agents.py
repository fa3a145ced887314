"""Agents that speak the Agent Client Protocol, played by a double over real pipes in real sandboxes."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.changes import Changes, Written
from swarm.engines.acp import policy, updates
from swarm.engines.cli.record import Record
from swarm.engines.port import StepTaken, Submission
from swarm.testing.agents import Stage, last_words

DONE = {"end": "Set x to two\n\nIt was one."}


@pytest.fixture
def stage(tmp_path: Path, whole_walls: None) -> Stage:
    return Stage(tmp_path, {"app.py": "x = 1\n"}, "acp")


def write(stage: Stage, text: str = "x = 2\n") -> dict[str, str]:
    return {"write": str(stage.tree / "app.py"), "text": text}


def test_what_it_changed_becomes_the_submission(stage: Stage) -> None:
    items = stage.play([{"say": "I look."}, {"run": "cat app.py"}, write(stage), DONE])
    *steps, end = items
    assert isinstance(end, Submission)
    assert end.changes == Changes((Written(b"app.py", "100644", b"x = 2\n"),))
    seen = [Record.model_validate_json(s.result) for s in steps if isinstance(s, StepTaken)]
    assert "x = 1" in seen[0].output
    assert (seen[-1].finished, seen[-1].version) == (True, "double 9.9.9")
    assert "Written by An agent double 9.9.9" in end.why


def test_leave_is_given_for_what_the_sandbox_bounds_and_not_for_reaching_out(stage: Stage) -> None:
    asks = [
        write(stage) | {"ask": "Edit app.py", "kind": "edit"},
        {"ask": "Fetch a page", "kind": "fetch", "write": str(stage.tree / "page"), "text": "x"},
    ]
    end = stage.play([*asks, DONE])[-1]
    assert isinstance(end, Submission)
    assert end.changes.paths == (b"app.py",)
    assert end.title == "[Edit app.py: once][Fetch a page: no]Set x to two"


def test_our_own_files_and_terminals_are_not_offered(stage: Stage) -> None:
    asked = {"request": "fs/read_text_file", "params": {"path": "/etc/passwd"}}
    end = stage.play([write(stage), asked, DONE])[-1]
    assert isinstance(end, Submission)
    assert "not offered" in end.why


def test_what_people_say_begins_another_session_that_knows_what_was_done(stage: Stage) -> None:
    items = stage.play(
        [{"run": "echo looked"}, write(stage, "x = 3\n"), DONE],
        said=[(), ("two!",)],
        stop_after=20,
    )
    assert isinstance(items[-1], Submission)
    assert len([each for each in items if isinstance(each, StepTaken)]) == 6


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("acts", "why"),
    [
        ([{"fail": "Authentication required"}], "logged out"),
        ([{"fail": "usage limit reached", "code": -32603}], "used up its quota"),
        ([{"end": "No.", "stop": "refusal"}], "refused by its provider"),
        ([{"end": "Hm.", "stop": "max_tokens"}], "it stopped: max_tokens"),
        ([{"die": 9}], "was killed"),
        ([{"exit": 0}], "nothing that is understood"),
        ([{"print": "[1]\n{}\nnoise\n"}, {"complain": "Oh"}, {"exit": 4}], "failed: Oh"),
        ([{"end": "Nothing to do."}], "changed nothing"),
    ],
)
def test_every_end_without_a_result_has_a_name(
    stage: Stage, acts: list[dict[str, object]], why: str
) -> None:
    assert why in last_words(stage.play(acts))


def test_one_that_says_nothing_any_more_is_ended(stage: Stage) -> None:
    stage.idle_seconds = 0.3
    assert "said nothing for too long" in last_words(stage.play([{"hang": 1}]))


words = st.sampled_from(["allow_once", "allow_always", "reject_once", "kind", "", "edit", "fetch"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from(
    ["update", "sessionUpdate", "content", "text", "toolCall", "options", "kind", "optionId"]
)


@given(st.dictionaries(keys, values, max_size=4))
def test_nothing_that_an_agent_sends_breaks_the_reading(told: Mapping[str, object]) -> None:
    assert policy.answer(told)["outcome"]
    for kind in ("agent_message_chunk", "tool_call", "tool_call_update", "usage_update", "new"):
        list(updates.read({**told, "update": {**told, "sessionUpdate": kind}}, {}))
