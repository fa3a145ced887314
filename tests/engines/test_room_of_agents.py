"""What the user's own agent leaves of a window, and what it therefore does not bid for."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from swarm.actors.own_agents import engine_of
from swarm.domain.bids import Curve, declined, offered
from swarm.domain.tasks import Contract
from swarm.engines.cli.finding import Found
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.room import Room, demands, room_of
from swarm.models.conversation import Ask
from swarm.models.prices import FREE
from swarm.models.public_api import Answer, Passed, Passing, RouteView
from swarm.testing.agents import Stage, a_login
from swarm.testing.coordination import a_contract

TODAY = date(2026, 11, 22)
SECONDS = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())


class Nobody:
    async def ask(self, ask: Ask) -> Answer:
        raise NotImplementedError

    async def pass_on(self, passing: Passing) -> Passed:
        raise NotImplementedError


def a_task(tokens: int) -> Contract:
    return a_contract().model_copy(update={"features": {"open": 1, "context_tokens": tokens}})


def found(name: str, **given: object) -> Found:
    return Found.model_validate({"name": name, "argv": ("x",), "home": "/h"} | given)


def curves(one: Found, *views: RouteView) -> tuple[Curve, ...]:
    return engine_of(one, views, Nobody(), lambda: SECONDS).curves()


def test_every_agent_that_is_known_by_name_has_a_row() -> None:
    assert demands().keys() == MAKERS.keys()


@pytest.mark.parametrize("name", [*MAKERS, "acp"])
def test_an_agent_bids_for_exactly_what_fits(name: str) -> None:
    room = room_of(name, "It", "", 0, TODAY)
    offers = curves(found(name))
    for tokens in (0, room.for_tasks, room.for_tasks + 1):
        fits = tokens <= room.for_tasks
        assert (offered(offers, a_task(tokens)) is not None) == fits
        assert (declined(offers, a_task(tokens)) is None) == fits


def test_what_does_not_fit_is_said_in_figures_and_by_name() -> None:
    said = declined(curves(found("claude-code", window=120_000)), a_task(90_000))
    assert said is not None
    assert said.reason == "context does not fit"
    assert "Claude Code leaves of the 120,000" in said.told


def test_in_a_small_window_of_a_model_of_ones_own_nothing_fits() -> None:
    view = RouteView(
        name="opencode", protocol="anthropic", model="tiny", base_url="", price=FREE, window=32_768
    )
    offers = curves(found("opencode", relayed=True, model="tiny"), view)
    said = declined(offers, a_task(0))
    assert said is not None
    assert said.reason == "tools do not fit"
    assert "tiny has 32,768" in said.told


def test_what_the_user_says_counts_before_the_table_and_the_model_before_the_agent() -> None:
    assert _window("claude-code", "", 0) == 200_000
    assert _window("claude-code", "claude-sonnet-5-5", 0) == 1_000_000
    assert _window("opencode", "anthropic/claude-sonnet-5-5", 0) == 1_000_000
    assert _window("claude-code", "claude-sonnet-5-5", 64_000) == 64_000
    assert _window("acp", "", 0) == 200_000


def _window(name: str, model: str, said: int) -> int:
    return room_of(name, "It", model, said, TODAY).window


def test_no_room_at_all_declines_everything() -> None:
    (decline,) = Room("It", "", 10_000, 40_000).declines()
    assert decline.when == ()


@pytest.mark.thorough
@pytest.mark.usefixtures("whole_walls")
def test_the_model_that_an_agent_reports_is_the_one_whose_window_counts(tmp_path: Path) -> None:
    stage = Stage(tmp_path, {"app.py": "x = 1\n"}, now=SECONDS)
    a_login(stage.home, "claude-code")
    write = {"write": str(stage.tree / "app.py"), "text": "x = 2\n"}
    engine = stage.engine([write, {"end": "Set x\n\nIt was one."}])
    before = declined(engine.curves(), a_task(300_000))
    asyncio.run(stage.played(engine))
    after = declined(engine.curves(), a_task(300_000))
    assert before is not None
    assert after is not None
    assert before.told.endswith("of Claude Code")
    assert after.told.endswith("of m-1")
