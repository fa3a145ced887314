"""The pure parts of the model's loop: what is kept, shortened, replaced, and when it is stuck."""

import os
from collections.abc import Iterable
from itertools import chain, pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swarm.domain.bids import offered
from swarm.domain.names import Digest
from swarm.engines.model import offers
from swarm.engines.model.editing import replaced
from swarm.engines.model.habits import habits
from swarm.engines.model.places import Refused, place, writable
from swarm.engines.model.record import Record
from swarm.engines.model.stuck import (
    BARREN_STOP,
    HINT,
    Footprint,
    Health,
    Watch,
    footprint,
    health,
    lesson,
    watched,
)
from swarm.engines.model.toolbox import SPECS
from swarm.engines.model.toolbox import offered as tools_of
from swarm.engines.model.transcript import KEPT_TURNS, shortened_before, turns
from swarm.engines.model.trimming import legible, trimmed
from swarm.models.conversation import Call, Result, Text, Turn
from swarm.models.prices import FREE, read_price
from swarm.testing import traces
from swarm.testing.engine import an_assignment

OPENING = "# Task\nMend it.\n# Done when\n- the tests pass"


def a_record(at: int, text: str = "out", *, tool: str = "run", **given: object) -> Record:
    call = Call(id=f"c{at}", name=tool, arguments={"command": f"echo {at}", "text": f"note {at}"})
    fields: dict[str, object] = {
        "prompt": "writer.1",
        "model": "m",
        "blocks": (Text(text=f"step {at}"), call),
        "results": (Result(call=f"c{at}", text=text),),
    }
    return Record.model_validate(fields | given)


def said(turn: Turn) -> str:
    return turn.model_dump_json()


# The conversation -------------------------------------------------------------------------------


@pytest.mark.thorough
def test_the_opening_is_the_same_bytes_over_twenty_shortenings() -> None:
    records, openings, floors = [], set(), set()
    for at in range(400):
        records.append(a_record(at, "x" * 1_000))
        told = turns(OPENING, records, (), most=20_000)
        openings.add(said(told[0]))
        floors.add(shortened_before(OPENING, records, most=20_000))
    assert len(openings) == 1
    assert len(floors) > 20


def test_notes_are_never_shortened() -> None:
    records = [a_record(0, "noted", tool="note")]
    records += [a_record(at, "x" * 1_000) for at in range(1, 200)]
    told = turns(OPENING, records, (), most=20_000)
    assert "note 0" in said(told[1])


def test_what_is_shortened_is_old_and_the_last_turns_are_whole() -> None:
    records = [a_record(at, "x" * 3_000) for at in range(40)]
    told = turns(OPENING, records, (), most=40_000)
    assert "left out" in said(told[2])
    for turn in told[-2 * KEPT_TURNS :: 2]:
        assert "left out" not in said(turn)


@given(st.lists(st.integers(0, 3_000), max_size=30), st.integers(1, 30))
def test_a_conversation_grows_at_its_end_or_is_shortened(sizes: list[int], at: int) -> None:
    records = [a_record(number, "x" * size) for number, size in enumerate(sizes)]
    before = turns(OPENING, records[:at], (), most=20_000)
    after = turns(OPENING, records, (), most=20_000)
    floors = {shortened_before(OPENING, each, most=20_000) for each in (records[:at], records)}
    if len(floors) == 1:
        assert after[: len(before)] == before


@given(st.lists(st.sampled_from(["", "one", "two"]), max_size=6))
def test_speakers_take_turns_and_nobody_says_nothing(lines: list[str]) -> None:
    records = [
        a_record(at, blocks=(Text(text=line),) if line else (), results=())
        for at, line in enumerate(lines)
    ]
    told = turns(OPENING, records, ("hear", "this"))
    assert [turn.speaker for turn in told] == ["user", *["model", "user"] * len(records)]
    assert all(turn.blocks for turn in told)
    assert "hear" in said(told[-1])


def test_every_call_is_answered_in_the_next_turn() -> None:
    told = turns(OPENING, [a_record(at) for at in range(5)], ())
    for speaks, hears in zip(told[1::2], told[2::2], strict=True):
        calls = [block.id for block in speaks.blocks if isinstance(block, Call)]
        assert [block.call for block in hears.blocks if isinstance(block, Result)] == calls


# Stuck ------------------------------------------------------------------------------------------


def a_print(did: str, saw: str, tree: str = "") -> Footprint:
    return Footprint(did, Digest(saw), Digest(tree) if tree else None)


def worst(trace: list[Footprint]) -> Health:
    found = {health(trace[:end]) for end in range(1, len(trace) + 1)}
    return "stop" if "stop" in found else "hint" if "hint" in found else "fine"


LOOPS = {
    "the same call": [a_print("list", "same")] * 12,
    "two calls by turns": [a_print(each, each) for each in ("a", "b")] * 12,
    "an edit that never applies": [a_print("edit", "not in the file", "t")] * 12,
    "to and fro": [a_print(each, each, each) for each in ("do", "undo")] * 12,
    "only words": [a_print("", "nothing")] * 20,
    "rereading four files": [a_print(f"read {k}", f"text {k}", "t") for k in range(4)] * 8,
}
HEALTHY = {
    "a long look around": [a_print(f"read {k}", f"text {k}") for k in range(60)],
    "many edits and the same test": [
        each
        for k in range(30)
        for each in (
            a_print(f"edit {k}", f"changed {k}", f"t{k}"),
            a_print("test", f"red {k}", f"t{k}"),
        )
    ],
    "the same red test while the tree changes": [
        each
        for k in range(20)
        for each in (a_print(f"edit {k}", "changed", f"t{k}"), a_print("test", "red", f"t{k}"))
    ],
    "waiting for a server twice": [a_print("curl", "refused")] * 2
    + [a_print(f"step {k}", f"out {k}") for k in range(20)],
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_hinted_at_and_then_stopped(name: str) -> None:
    assert worst(LOOPS[name]) == "stop"


@pytest.mark.parametrize("name", HEALTHY)
def test_what_is_slow_but_healthy_goes_on(name: str) -> None:
    assert worst(HEALTHY[name]) == "fine"


@pytest.mark.parametrize("name", traces.LOOPS)
def test_every_loop_that_was_looked_at_is_ended(name: str) -> None:
    found = traces.judged(traces.LOOPS[name], traces=5)
    assert found.stopped == found.traces
    assert found.turns <= 48


@pytest.mark.parametrize("name", [*traces.HEALTHY, *traces.UNSEEN_HEALTHY])
def test_no_healthy_trace_of_the_corpus_is_ended(name: str) -> None:
    every: dict[str, traces.Family] = traces.HEALTHY | traces.UNSEEN_HEALTHY
    assert traces.judged(every[name], traces=5).stopped == 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    "half", [traces.LOOPS, traces.HEALTHY, traces.UNSEEN_LOOPS, traces.UNSEEN_HEALTHY]
)
def test_the_page_on_models_tells_what_the_corpus_came_to(half: dict[str, traces.Family]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text()
    for name, family in half.items():
        found = traces.judged(family)
        ended = f"{found.stopped} of {found.traces}"
        at = f" {found.turns} " if found.turns else " "
        assert f"| {name} | {ended} |{at}| {found.hinted} of {found.traces} |" in page


def test_a_hint_changes_nothing_of_what_was_done() -> None:
    """It is told behind a result, and would else make each turn look new."""
    plain = a_record(1, "a")
    (result,) = plain.results
    told = result.model_copy(update={"text": f"{result.text}\n\n{HINT}"})
    assert footprint(plain.model_copy(update={"results": (told,)})) == footprint(plain)


def test_what_a_model_prints_of_its_own_words_is_nothing_new() -> None:
    texts = [f"I should look elsewhere, {'and ' * at}think" for at in range(BARREN_STOP + 1)]
    assert watch_of(traces.ran(f"echo '{text}'", text) for text in texts).health == "stop"


def test_a_place_that_was_not_changed_before_is_work_though_the_test_stays_red() -> None:
    red = [traces.checked(traces.RED, f"t{at}") for at in range(BARREN_STOP)]
    words = [f"{'much ' * at}more" for at in range(BARREN_STOP + 1)]
    elsewhere = [
        traces.edited("a.py", word, "x", f"t{at}") for at, word in enumerate(words[:BARREN_STOP])
    ]
    again = [
        traces.edited("a.py", old, new, f"t{at}") for at, (old, new) in enumerate(pairwise(words))
    ]
    assert watch_of(chain(*zip(elsewhere, red, strict=True))).health == "fine"
    assert watch_of(chain(*zip(again, red, strict=True))).health == "stop"


def test_fewer_failures_are_progress_though_nothing_new_is_said() -> None:
    trace = chain(
        *(
            (
                traces.edited("a.py", "return 0", f"return 0{at}", f"t{at}"),
                traces.ran("npm test | tail -1", f"{60 - at} failing", f"t{at}"),
            )
            for at in range(60)
        )
    )
    assert watch_of(trace).health == "fine"


def watch_of(trace: Iterable[Record]) -> Watch:
    return watched(footprint(record) for record in trace)


def test_a_footprint_sees_what_was_done_and_shown() -> None:
    assert footprint(a_record(1, "a")) != footprint(a_record(1, "b"))
    assert footprint(a_record(1, "a")) != footprint(a_record(2, "a"))
    assert footprint(a_record(1, "a")) == footprint(a_record(1, "a", model="another"))


# Texts ------------------------------------------------------------------------------------------


@given(
    st.text("ab\n", max_size=12), st.text("ab\n", min_size=1, max_size=3), st.text("ab", max_size=3)
)
def test_a_replacement_is_of_one_place_or_refused(text: str, old: str, new: str) -> None:
    if text.count(old) == 1 and old != new:
        assert replaced(text, old, new) == text.replace(old, new)
    else:
        with pytest.raises(Refused):
            replaced(text, old, new)


def test_a_refusal_shows_what_comes_nearest() -> None:
    with pytest.raises(Refused, match=r"from line 2 on it says:\n    return  a - b"):
        replaced("def f(a, b):\n    return  a - b\n", "  return a - b\n", "x")


@given(st.text(max_size=300), st.integers(30, 100))
def test_trimmed_text_keeps_its_ends(text: str, most: int) -> None:
    short = trimmed(text, most)
    assert len(short) <= max(len(text), most + 50)
    assert short[: most // 3] == text[: most // 3]
    if text:
        assert short[-1] == text[-1]


@given(st.binary(max_size=60))
def test_any_output_becomes_text_that_steers_nothing(data: bytes) -> None:
    assert all(sign in "\n\t" or sign.isprintable() for sign in legible(data))


PARTS = st.sampled_from(["..", ".", "~", "...", "", "a", "\0", "repo", "etc"])


@given(st.lists(PARTS, max_size=5).map("/".join), st.sampled_from(["", "/", "/repo/", "/repo/../"]))
@example("../etc/passwd", "")
@example("../etc/passwd", "/repo/")
@example("a/../../etc", "")
@example("~/.ssh/id", "")
def test_no_name_leads_outside(named: str, before: str) -> None:
    """Where a system would go by that name, and not how it reads."""
    try:
        found = place(Path("/repo"), before + named)
    except Refused:
        return
    assert os.path.normpath(found).startswith("/repo")
    assert ".." not in found.parts
    assert found.parts[2:3] != ("~",)


@pytest.mark.parametrize("named", [".git", ".git/config", "a/.git/x", ".GIT/x", ".", ""])
def test_version_control_is_not_written(named: str) -> None:
    with pytest.raises(Refused):
        writable(Path("/repo"), named)


# Tools and offers -------------------------------------------------------------------------------


def test_a_reader_has_no_tool_that_changes_anything() -> None:
    assert {tool.name for tool in tools_of("reader")} == {
        "read",
        "search",
        "symbols",
        "list",
        "test",
        "note",
        "give_up",
    }
    assert {tool.name for tool in tools_of("writer")} == set(SPECS)


def test_every_schema_names_what_is_needed_and_forbids_the_rest() -> None:
    for tool in tools_of("writer"):
        assert tool.parameters["type"] == "object"
        assert tool.parameters["additionalProperties"] is False


def test_a_dearer_model_asks_for_more_and_a_free_one_for_something() -> None:
    contract = an_assignment().contract
    rows = [
        offered((offers.curve(price),), contract)
        for price in (FREE, read_price("1/5"), read_price("5/25"))
    ]
    prices = [row.price for row in rows if row is not None]
    assert prices == sorted(prices)
    assert 0 < prices[0] < prices[1] < prices[2]


def test_what_is_begun_anew_forgets_the_talk_and_keeps_the_task_the_notes_and_what_failed() -> None:
    before = [a_record(at, "old words") for at in range(3)]
    anew = a_record(3, "").model_copy(
        update={"anew": "You tried in vain.", "blocks": (), "results": ()}
    )
    told = turns("The task.", [*before, anew, a_record(4, "new words")], ())
    words = str(told)
    assert "The task.\\n\\nYou tried in vain." in words
    assert "old words" not in words
    assert "new words" in words
    assert [turn.speaker for turn in told] == ["user", "model", "user"]


def test_the_lesson_of_a_vain_try_tells_each_thing_once() -> None:
    note = Call(id="n", name="note", arguments={"text": "the cache is not it"})
    record = a_record(1, "x").model_copy(update={"blocks": (note,)})
    told = lesson([record], ["test a", "test a", "run b"])
    assert told.count("- test a") == 1
    assert "- the cache is not it" in told


# Habits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "marks", "programs"),
    [
        ({"pyproject.toml": "[tool.ruff]\n"}, (), ["ruff", "ruff"]),
        ({"pyproject.toml": "[tool.ruff]\n[tool.black]\n"}, (), ["ruff", "black"]),
        (
            {"package.json": '{"devDependencies": {"eslint": "9"}}'},
            (),
            ["node_modules/.bin/eslint"],
        ),
        ({}, ("go.mod", "Cargo.toml"), ["gofmt", "rustfmt"]),
        ({"pyproject.toml": "[tool", "package.json": '{"devDependencies": 7}'}, (), []),
    ],
)
def test_which_programs_a_project_uses_is_read_from_what_configures_them(
    settings: dict[str, str], marks: tuple[str, ...], programs: list[str]
) -> None:
    assert [habit.argv[0] for habit in habits(settings, marks)] == programs


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_settings_of_a_project_are_read(pyproject: str, package: str) -> None:
    found = habits({"pyproject.toml": pyproject, "package.json": package}, ())
    assert all(habit.suffixes for habit in found)
