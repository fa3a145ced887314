"""What a model's window leaves for a task, and what is therefore not bid for."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.agents.planning.measuring import MOST_LOOKED_AT, measured, named
from swarm.domain.bids import Curve, declined, offered
from swarm.domain.tasks import Contract
from swarm.engines.model import offers
from swarm.engines.model.record import Record
from swarm.engines.model.room import AMPLE, ANSWER, CHARACTERS, Room
from swarm.engines.model.transcript import KEPT_TURNS, MOST, turns
from swarm.models.conversation import Call, Result, Text
from swarm.models.prices import FREE
from swarm.testing.coordination import a_contract

SMALL = Room("small", 32_768)


def curve_of(room: Room) -> Curve:
    return offers.curve(FREE, room.declines())


def a_task(tokens: int) -> Contract:
    return a_contract().model_copy(update={"features": {"open": 1, "context_tokens": tokens}})


@given(st.integers(2_000, 2_000_000), st.integers(0, 200_000))
def test_a_task_is_bid_for_exactly_when_it_fits(window: int, tokens: int) -> None:
    room = Room("m", window)
    curves, task = (curve_of(room),), a_task(tokens)
    fits = room.for_tasks > 0 and tokens <= room.for_tasks
    assert (offered(curves, task) is not None) == fits
    assert (declined(curves, task) is None) == fits


def test_what_does_not_fit_is_said_in_figures() -> None:
    found = declined((curve_of(SMALL),), a_task(40_000))
    assert found is not None
    assert found.reason == "context does not fit"
    assert f"{SMALL.for_tasks:,}" in found.told
    assert "32,768 of small" in found.told


def test_tools_that_leave_no_room_are_the_reason_whatever_the_task() -> None:
    crowded = Room("small", 32_768, foreign=50)
    found = declined((curve_of(crowded),), a_task(0))
    assert found is not None
    assert found.reason == "tools do not fit"


def test_a_large_window_keeps_the_conversation_as_long_as_it_was() -> None:
    assert (AMPLE.conversation, AMPLE.kept) == (MOST, KEPT_TURNS)
    assert (Room("m", 200_000).conversation, Room("m", 200_000).kept) == (MOST, KEPT_TURNS)


@given(st.integers(24_000, 200_000))
def test_a_conversation_of_long_results_stays_within_a_small_window(window: int) -> None:
    room = Room("m", window)
    if room.for_tasks <= 0:
        return
    records = [_a_turn(at) for at in range(40)]
    for at in range(1, 41):
        told = turns("o" * 9_000, records[:at], (), room.conversation, room.kept)
        size = sum(len(turn.model_dump_json()) for turn in told)
        assert size // CHARACTERS + room.fixed <= window + ANSWER


def _a_turn(at: int) -> Record:
    call = Call(id=f"c{at}", name="run", arguments={"command": "cat file"})
    return Record(
        prompt="writer.1",
        model="m",
        blocks=(Text(text="on"), call),
        results=(Result(call=call.id, text="x" * 12_000),),
    )


def test_the_files_that_a_task_names_are_counted_as_far_as_one_look_goes(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cart.py").write_text("x" * 300)
    (tmp_path / "large.md").write_text("x" * (MOST_LOOKED_AT * 4))
    plain = a_contract().model_copy(update={"description": "Nothing is named."})
    full = plain.model_copy(update={"description": "See shop/cart.py:3 and `large.md`."})
    (little,), (much,) = (asyncio.run(measured((each,), tmp_path)) for each in (plain, full))
    grown = much.features["context_tokens"] - little.features["context_tokens"]
    assert grown == pytest.approx((300 + MOST_LOOKED_AT) // CHARACTERS, abs=12)


def test_no_file_outside_of_the_tree_is_looked_at(tmp_path: Path) -> None:
    inside = tmp_path / "tree"
    inside.mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    words = f"../secret.txt link.txt {tmp_path}/secret.txt /etc/passwd a/../../secret.txt"
    contract = a_contract().model_copy(update={"description": words})
    assert list(named(contract, inside)) == []
