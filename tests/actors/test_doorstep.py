"""The coordinator's process, begun before it is known what for."""

import stat
from pathlib import Path

import pytest

from swarm.actors.doorstep import begin_house, early_house, received
from swarm.actors.house import start_house
from swarm.actors.places import Places
from swarm.actors.rayenv import own_folder, sessions_folder, token_in
from swarm.domain.events import CoordinatorStarted
from swarm.journal.public_api import open_journal, read_only


def begun(home: Path) -> int:
    events = (record.event for record in read_only(Places(home).journal).read())
    return sum(isinstance(event, CoordinatorStarted) for event in events)


@pytest.mark.thorough
def test_a_house_that_nobody_will_tell_anything_leaves() -> None:
    early = begin_house("inline")
    assert early.process.stdin is not None
    early.process.stdin.close()
    assert early.process.wait() == 0


def test_a_house_that_is_not_needed_is_ended() -> None:
    with early_house("inline", wanted=True) as early:
        assert early is not None
    assert early.process.returncode == -9


@pytest.mark.thorough
def test_an_early_house_is_the_one_that_works_once_it_is_told(tmp_path: Path) -> None:
    with early_house("inline", wanted=True) as early:
        assert early is not None
        house = start_house(Places(tmp_path), "inline", early=early)
    assert house is early.process
    assert house.wait() == 0
    assert begun(tmp_path) == 1


@pytest.mark.thorough
def test_another_house_is_started_for_an_early_one_that_has_died(tmp_path: Path) -> None:
    early = begin_house("inline")
    early.process.kill()
    early.process.wait()
    house = start_house(Places(tmp_path), "inline", early=early)
    assert house.pid != early.process.pid
    assert house.wait() == 0
    assert begun(tmp_path) == 1


@pytest.mark.thorough
def test_an_early_house_leaves_where_another_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWARM_HOME", str(tmp_path))
    journal = open_journal(Places(tmp_path).journal)
    early = begin_house("inline")
    assert early.process.wait() == 0
    journal.close()
    early.dismiss()


def test_orders_that_break_off_are_none(tmp_path: Path) -> None:
    cut = tmp_path / "orders"
    cut.write_bytes(b'{"argv": ["--home"')
    with cut.open("rb") as orders:
        assert received(orders) is None


def test_a_house_knows_no_secret_before_its_orders_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a-secret")
    early = begin_house("inline")
    environ = Path(f"/proc/{early.process.pid}/environ").read_bytes()
    early.dismiss()
    assert b"SWARM" in environ or b"PATH" in environ
    assert b"a-secret" not in environ


def test_an_early_house_does_not_stand_where_the_user_stands() -> None:
    early = begin_house("inline")
    stands = Path(f"/proc/{early.process.pid}/cwd").readlink()
    early.dismiss()
    assert stands == Path("/")


# Ray's own folder -------------------------------------------------------------------------------


def test_what_ray_shows_to_everybody_lies_where_only_its_user_can_enter() -> None:
    folder = own_folder()
    sessions = sessions_folder(folder)
    sessions.chmod(0o777)  # as Ray does
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sessions.parent == folder == own_folder()


def test_a_token_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    token = token_in(tmp_path)
    told = token.read_text()
    assert token_in(tmp_path).read_text() == told
    assert len(told) == 64
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [token]
