"""From settings and the user's environment to the one file with a key."""

import stat
from datetime import date
from pathlib import Path

import pytest

from swarm.actors.minds import Minds
from swarm.actors.own_agents import NobodyThinks
from swarm.cli.minds import purpose_routes, route_of, routes_of
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.models.public_api import Purpose, read_routes, views, write_routes
from swarm.settings.public_api import ModelChoice, Settings
from swarm.testing.models import KEY

WITH_KEY = {"ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY}


def test_an_engine_has_its_makers_address_and_key() -> None:
    route = route_of(Settings(engine="claude"), WITH_KEY)
    assert route.base_url == "https://api.anthropic.com"
    assert route.key.get_secret_value() == KEY
    assert KEY not in repr(route)


def test_a_model_of_ones_own_needs_a_name_and_no_key() -> None:
    url = "http://127.0.0.1:11434/v1"
    route = route_of(Settings(engine="openai", engine_url=url, engine_model="qwen"), {})
    assert (route.base_url, route.model, route.is_local) == (url, "qwen", True)
    with pytest.raises(NeedsHuman, match="no model is named"):
        route_of(Settings(engine="openai", engine_url=url), {})


def test_without_a_key_the_makers_address_is_not_asked() -> None:
    with pytest.raises(NeedsHuman, match="no key"):
        route_of(Settings(engine="claude"), {})


def test_a_key_does_not_travel_without_encryption() -> None:
    far = Settings(engine="claude", engine_url="http://models.example")
    with pytest.raises(Rejected, match="without encryption"):
        route_of(far, WITH_KEY)


def test_routes_are_read_back_as_they_were_written_by_their_owner_alone(tmp_path: Path) -> None:
    route = route_of(Settings(engine="claude", engine_price="3/15"), WITH_KEY)
    write_routes(tmp_path / "models.json", (route,))
    assert stat.S_IMODE((tmp_path / "models.json").stat().st_mode) == 0o600
    assert read_routes(tmp_path / "models.json") == (route,)
    assert read_routes(tmp_path / "none.json") == ()


def test_a_file_of_keys_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "models.json"
    write_routes(file, (route_of(Settings(engine="claude"), WITH_KEY),))
    file.chmod(0o644)
    with pytest.raises(Lacking, match="others can read"):
        read_routes(file)


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"name": 3}]'])
def test_a_damaged_file_of_keys_is_said_to_be_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "models.json"
    file.touch(0o600)
    file.write_text(text)
    with pytest.raises(Lacking, match="damaged"):
        read_routes(file)


def reviewed_by(model: str, **given: str) -> Settings:
    told = {"purpose": "review", "model": model, "price": "3/15", **given}
    choice = ModelChoice.model_validate(told)
    return Settings(engine="claude", models=(choice,))


def test_another_model_is_asked_for_what_it_is_named_for_and_the_first_for_all_else() -> None:
    settings = reviewed_by("gpt-9", engine="openai")
    seen = views(routes_of(settings, WITH_KEY), date(2026, 11, 21))
    minds = Minds(seen, NobodyThinks())
    asked: dict[Purpose, str] = {p: minds.asked(p)[0].name for p in ("work", "plan", "review")}
    assert asked == {"work": "claude", "plan": "claude", "review": "openai-review"}


def test_a_second_model_of_the_same_maker_is_asked_at_the_same_address() -> None:
    settings = reviewed_by("claude-opus-5-5").model_copy(
        update={"engine_url": "https://gate.example"}
    )
    (route,) = purpose_routes(settings, WITH_KEY)
    assert (route.name, route.model) == ("claude-review", "claude-opus-5-5")
    assert route.base_url == "https://gate.example"
    assert route.key.get_secret_value() == KEY


def test_a_model_for_reviewing_alone_says_how_it_is_spoken_to() -> None:
    alone = reviewed_by("gpt-9").model_copy(update={"engine": ""})
    with pytest.raises(Rejected, match="which protocol"):
        purpose_routes(alone, WITH_KEY)


def test_a_window_that_is_said_is_what_agents_and_gateway_reckon_with() -> None:
    settings = reviewed_by("claude-opus-5-5").model_copy(update={"engine_window": 32_768})
    seen = views(routes_of(settings, WITH_KEY), date(2026, 11, 21))
    assert {view.name: view.window for view in seen} == {
        "claude": 32_768,
        "claude-review": 1_000_000,
    }
