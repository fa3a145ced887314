"""What is decided about the user's own agents without starting one: logins, programs, prices, words."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Lacking, NeedsHuman
from swarm.engines.cli import quota, telling
from swarm.engines.cli.codex import kind_of
from swarm.engines.cli.finding import find, laid_out
from swarm.engines.cli.lines import LineReader, Overflow
from swarm.engines.cli.logins import login_of
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.sightings import Failed, Window
from swarm.testing.agents import INTERPRETER, RENEWS, SECRET, a_login, an_agent

NOW = 1_790_000_000


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_login_is_shown_without_what_renews_it(tmp_path: Path, name: str) -> None:
    a_login(tmp_path, name)
    login = login_of(MAKERS[name], tmp_path, NOW)
    shown = b"".join(login.files.values()).decode()
    assert SECRET in shown
    assert RENEWS not in shown
    assert SECRET not in repr(login)
    assert login.hosts


@pytest.mark.parametrize("name", ["claude-code", "gemini", "opencode"])
def test_a_login_that_is_over_is_a_humans_business(tmp_path: Path, name: str) -> None:
    a_login(tmp_path, name, until=NOW + 60)
    with pytest.raises(NeedsHuman, match="its login is over"):
        login_of(MAKERS[name], tmp_path, NOW)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"claudeAiOauth": 3}', '{"tokens": []}'])
@pytest.mark.parametrize("name", sorted(MAKERS))
def test_a_login_that_is_none_is_told_as_that(tmp_path: Path, name: str, text: str) -> None:
    a_login(tmp_path, name).write_text(text)
    with pytest.raises(NeedsHuman, match=MAKERS[name].title):
        login_of(MAKERS[name], tmp_path, NOW)


def test_of_several_providers_the_models_login_alone_is_shown(tmp_path: Path) -> None:
    a_login(tmp_path, "opencode")
    login = login_of(MAKERS["opencode"], tmp_path, NOW, "openai/gpt")
    (data,) = login.files.values()
    assert list(json.loads(data)) == ["openai"]
    assert ("api.openai.com", 443) in login.hosts
    with pytest.raises(NeedsHuman, match="no login of the provider"):
        login_of(MAKERS["opencode"], tmp_path, NOW, "elsewhere/model")


def test_a_program_is_shown_with_its_packages_and_its_interpreter_and_nothing_around(
    tmp_path: Path,
) -> None:
    package = tmp_path / "lib/node_modules/@maker/agent/cli.js"
    package.parent.mkdir(parents=True)
    package.write_text("#!/usr/bin/env runner\n")
    runner = tmp_path / "tools/runner"
    runner.parent.mkdir()
    runner.write_text("binary")
    runner.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/agent").symlink_to(package)
    argv, shows, folders = laid_out(tmp_path / "bin/agent", str(runner.parent))
    assert argv == (str(runner), str(package))
    assert shows == (str(tmp_path / "lib/node_modules"), str(runner))
    assert folders == (str(runner.parent),)


def test_an_agent_is_found_on_the_path_or_not_at_all(tmp_path: Path) -> None:
    program = an_agent(tmp_path, "codex", [])
    found = find("codex", str(program.parent), tmp_path)
    assert found is not None
    assert found.argv == (INTERPRETER, str(program))
    assert find("codex", os.defpath + ":/nowhere", tmp_path / "none") is None
    program.write_text("#!/nowhere/interpreter\n")
    with pytest.raises(Lacking, match="needs /nowhere/interpreter"):
        find("codex", str(program.parent), tmp_path)


shares = st.integers(0, 1_000_000)


@given(shares, shares)
def test_the_more_of_a_window_is_used_the_dearer_is_the_rest(one: int, other: int) -> None:
    few, many = sorted((one, other))
    cheap = quota.share([Window(used=few)], NOW)
    assert quota.LEAST_SHARE <= cheap <= quota.share([Window(used=many)], NOW) <= quota.MILLION


@given(st.integers(NOW - 3, NOW + 3))
def test_a_window_counts_until_it_resets(resets: int) -> None:
    window = Window(used=quota.MILLION, resets_at=resets, closed=True)
    is_over = resets <= NOW
    assert (quota.closed_until([window], NOW) is None) == is_over
    assert (quota.share([window], NOW) == quota.LEAST_SHARE) == is_over


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("You've hit your usage limit. Upgrade, or try again in 2 hours 5 minutes.", 7_500),
        ("try again in 1 day, 3 hours and 5 minutes", 97_500),
        ("Your quota will reset after 8h44m7s.", 31_447),
        ("Your quota will reset after 5s.. Retrying after 6173ms", 5),
        ("try again at 7:58 PM", None),
        ("no words", None),
        ("resets in 99999 days", quota.MOST_SECONDS),
    ],
)
def test_when_a_quota_opens_is_read_from_words(words: str, seconds: int | None) -> None:
    assert quota.opens_at(words, NOW) == (None if seconds is None else NOW + seconds)


@given(st.text("again resetin0123456789dhms.,", max_size=80))
def test_whatever_is_said_of_a_quota_it_opens_within_days(words: str) -> None:
    until = quota.opens_at(words, NOW)
    assert until is None or NOW <= until <= NOW + quota.MOST_SECONDS


@given(st.binary(max_size=60), st.integers(1, 7))
def test_lines_are_the_same_however_they_are_cut(data: bytes, size: int) -> None:
    data = b'{"a": 1}\n' + data.replace(b"{", b"") + b'\n{"b": 2}\n{"c": 3}'
    whole, pieces = LineReader(), LineReader()
    once = [*whole.feed(data), *whole.end()]
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    assert [d for piece in cut for d in pieces.feed(piece)] + pieces.end() == once
    assert {"a": 1} in once
    assert {"c": 3} in once


def test_a_line_without_end_is_passed_over_and_a_flood_is_refused() -> None:
    reader = LineReader(most_line=10, most_bytes=100)
    assert reader.feed(b'{"x": "' + b"y" * 40) == []
    assert reader.feed(b'"}\n{"a": 1}\n') == [{"a": 1}]
    assert reader.skipped == 1
    with pytest.raises(Overflow):
        reader.feed(b"z" * 100)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
TYPES = ("system", "assistant", "user", "result", "rate_limit_event", "item.completed", "error",
         "turn.completed", "turn.failed", "tool_use", "step_finish", "step_start", "message")  # fmt: skip
NAMES = (
    "message",
    "content",
    "usage",
    "part",
    "item",
    "error",
    "rate_limit_info",
    "stats",
    "subtype",
)


@pytest.mark.parametrize("name", sorted(MAKERS))
@given(kind=st.sampled_from(TYPES), told=st.dictionaries(st.sampled_from(NAMES), junk, max_size=4))
def test_nothing_that_an_agent_prints_breaks_its_reading(
    name: str, kind: str, told: Mapping[str, object]
) -> None:
    list(MAKERS[name].dialect.read({**told, "type": kind}, {}))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("401 Unauthorized: bad token", "logged-out"),
        ("Not logged in", "logged-out"),
        ("unexpected status 429", "quota"),
        (
            "Error authenticating: FatalAuthenticationError: Manual authorization is required",
            "logged-out",
        ),
        ("Cannot connect to API", "overloaded"),
        ("503 Service Unavailable", "overloaded"),
        ("The model does not exist", "refused"),
        ("after 1500 lines, 4291 tokens", "failed"),
        ("", "failed"),
    ],
)
def test_words_that_agents_end_with_are_sorted(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_codex_says_in_words_what_went_wrong() -> None:
    seen: dict[str, str] = {}
    text = "You've hit your usage limit. Try again at 5pm."
    failed = {"type": "turn.failed", "error": {"message": text}}
    assert list(MAKERS["codex"].dialect.read(failed, seen)) == [Failed("quota", text)]


def test_last_words_become_a_title_and_a_reason() -> None:
    assert telling.title_and_why("**Fix it.**\n\nIt broke.", "T") == ("Fix it", "It broke.")
    assert telling.title_and_why("x" * 100, "The task") == ("The task", "x" * 100)
    assert telling.title_and_why("", "The task") == ("The task", "")
    assert telling.signed("a\nb\n\nc", "who") == "a b\nwho\n\nc"
