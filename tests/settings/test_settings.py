"""Which source counts, and what is refused."""

import stat
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm.domain.errors import Lacking, Rejected, SwarmError
from swarm.settings.public_api import Origin, Settings, load_settings, make_home, origins


class World:
    """The four places that settings come from."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "state"
        self.config = folder / "config"
        self.home.mkdir()
        self.config.mkdir()
        self.environ = {"SWARM_HOME": str(self.home), "PATH": "/bin"}

    def load(self, overrides: Mapping[str, str] | None = None, **environ: str) -> Settings:
        return load_settings(overrides or {}, self.environ | environ, config_folder=self.config)

    def origin(self, name: str, overrides: Mapping[str, str] | None = None) -> Origin:
        found = origins(overrides or {}, self.environ, config_folder=self.config)
        return next(origin for origin in found if origin.name == name)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_without_any_source_the_defaults_count(world: World) -> None:
    assert world.load() == Settings(home=world.home)
    assert world.origin("writers") == Origin("writers", "2", "default")


def test_each_source_outdoes_the_next(world: World) -> None:
    (world.config / "swarm.toml").write_text("writers = 3")
    assert world.load().writers == 3
    assert world.origin("writers").source == str(world.config / "swarm.toml")
    (world.home / "swarm.toml").write_text("writers = 4")
    assert world.load().writers == 4
    assert world.origin("writers").source == str(world.home / "swarm.toml")
    world.environ["SWARM_WRITERS"] = "5"
    assert world.load().writers == 5
    assert world.origin("writers").source == "environment"
    assert world.load({"writers": "6"}).writers == 6
    assert world.origin("writers", {"writers": "6"}) == Origin("writers", "6", "command line")


def test_every_setting_has_an_origin_and_a_description(world: World) -> None:
    found = origins({}, world.environ, config_folder=world.config)
    assert [origin.name for origin in found] == list(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())


def test_the_state_folder_may_be_set_in_the_users_configuration(world: World) -> None:
    (world.config / "swarm.toml").write_text(f'home = "{world.home}"')
    (world.home / "swarm.toml").write_text("rounds = 1")
    found = load_settings({}, {}, config_folder=world.config)
    assert (found.home, found.rounds) == (world.home, 1)


def test_the_state_folder_cannot_be_moved_from_inside(world: World) -> None:
    (world.home / "swarm.toml").write_text('home = "/elsewhere"')
    with pytest.raises(Rejected, match="cannot be set inside"):
        world.load()


@pytest.mark.parametrize("home", ["", ".", "state", "~nobody-of-this-name/x", "/a\0b"])
def test_a_home_that_depends_on_where_one_stands_is_refused(world: World, home: str) -> None:
    """Else the state folder, and settings in it, could be the repository's."""
    with pytest.raises(Rejected, match="home = "):
        world.load({"home": home})
    assert world.load({"home": "~/swarm"}).home == Path.home() / "swarm"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("value_usd", "abc", "What a merged pull request is worth, in dollars"),
        ("value_usd", "-1", "in dollars"),
        ("value_usd", "nan", "in dollars"),
        ("budget_usd", "0.0000001", "in dollars"),
        ("writers", "0", "writers"),
        ("writers", "two", "writers"),
        ("writers", "1.5", "writers"),
        ("alpha_ppm", "1000001", "parts per million"),
    ],
)
def test_a_wrong_value_is_refused_with_its_source_and_meaning(
    world: World, key: str, value: str, expected: str
) -> None:
    with pytest.raises(Rejected, match=f"command line: {key} = '{value}'") as refusal:
        world.load({key: value})
    assert expected in refusal.value.advice
    with pytest.raises(Rejected, match=f"environment: SWARM_{key.upper()} = "):
        world.load({}, **{f"SWARM_{key.upper()}": value})


@pytest.mark.parametrize(
    "text",
    [
        "writers = true",
        'protected = "a" \nprotected = "b"',
        "protected = [1]",
        "writers = []",
        "=",
        "\0",
    ],
)
def test_a_wrong_file_is_refused_by_name(world: World, text: str) -> None:
    (world.config / "swarm.toml").write_text(text)
    with pytest.raises(Rejected, match=str(world.config / "swarm.toml")):
        world.load()


def test_a_file_that_is_not_text_is_refused(world: World) -> None:
    (world.home / "swarm.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Rejected, match="not valid TOML"):
        world.load()


def test_an_unknown_setting_is_refused_and_the_next_one_offered(world: World) -> None:
    with pytest.raises(Rejected, match=r"no setting SWARM_WRITER$") as refusal:
        world.load(SWARM_WRITER="3")
    assert refusal.value.advice == "did you mean SWARM_WRITERS?"
    (world.home / "swarm.toml").write_text("[market]\nrule = 1")
    with pytest.raises(Rejected, match="no setting market"):
        world.load()


def test_settings_that_contradict_each_other_are_refused(world: World) -> None:
    with pytest.raises(Rejected, match="lease_seconds"):
        world.load({"lease_seconds": "10"})
    assert world.load({"lease_seconds": "15"}).lease_seconds == 15


def test_globs_are_separated_by_commas(world: World) -> None:
    assert world.load({"protected": "a/**, *.lock,"}).protected == ("a/**", "*.lock")
    (world.home / "swarm.toml").write_text('protected = ["x,y"]')
    assert world.load().protected == ("x,y",)


def test_dollars_become_micro_dollars_exactly(world: World) -> None:
    found = world.load({"value_usd": "0.000001", "cpu_hour_usd": "0.04", "wrong_minutes": "15"})
    assert (found.value, found.cpu_hour) == (1, 40_000)
    assert found.wrong_cost == 15_000_000


@given(st.decimals(0, 1_000_000, places=6))
def test_every_amount_that_is_taken_is_a_number_of_micro_dollars(amount: Decimal) -> None:
    found = Settings(home=Path("/x"), value_usd=amount, budget_usd=amount)
    assert found.value == found.budget == amount * 1_000_000


def test_the_state_folder_is_private(tmp_path: Path) -> None:
    home = make_home(tmp_path / "a" / "state")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert make_home(home) == home


def test_a_state_folder_that_others_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Rejected, match="others may write") as refusal:
        make_home(tmp_path)
    assert "chmod" in refusal.value.advice


def test_a_state_folder_that_cannot_be_is_lacking(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Lacking):
        make_home(tmp_path / "file" / "state")


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(Settings.model_fields)),
        st.text(max_size=8) | st.integers().map(str) | st.just("9" * 5_000),
        max_size=3,
    )
)
def test_any_text_for_any_setting_is_taken_or_refused(overrides: dict[str, str]) -> None:
    with suppress(SwarmError):
        load_settings(overrides, {}, config_folder=Path("/nonexistent"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=30)
    | st.tuples(
        st.sampled_from(sorted(Settings.model_fields)),
        st.sampled_from(
            ["1", '"1"', '"\\u0000"', "[]", '["a", 1]', "{}", "nan", "-0.0", "1979-05-27"]
        ),
    ).map(" = ".join)
)
def test_any_file_is_taken_or_refused(world: World, text: str) -> None:
    (world.home / "swarm.toml").write_text(text)
    with suppress(SwarmError):
        world.load()


def test_reading_settings_creates_nothing(world: World) -> None:
    world.load({"home": str(world.home / "new")})
    assert list(world.home.iterdir()) == []
