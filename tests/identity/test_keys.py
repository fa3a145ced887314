"""Key files: made once, kept private, refused when they are not."""

import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from swarm.domain.errors import Lacking, Rejected
from swarm.identity.public_api import KeyRing, verify_event
from swarm.testing.identity import a_signer


def test_an_agent_keeps_its_key_through_restarts(tmp_path: Path) -> None:
    first = KeyRing(tmp_path / "keys").signer("tester-1").public_key
    assert KeyRing(tmp_path / "keys").signer("tester-1").public_key == first
    assert KeyRing(tmp_path / "keys").signer("tester-2").public_key != first


def test_keys_are_private(tmp_path: Path) -> None:
    KeyRing(tmp_path / "keys").signer("ann")
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    (file,) = (tmp_path / "keys").iterdir()
    assert file.name == "ann.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_could_reach_is_refused(tmp_path: Path, mode: int) -> None:
    KeyRing(tmp_path / "keys").signer("ann")
    (tmp_path / "keys" / "ann.key").chmod(mode)
    with pytest.raises(Rejected, match="open to others") as refusal:
        KeyRing(tmp_path / "keys").signer("ann")
    assert "chmod" in refusal.value.advice


def test_a_folder_that_others_could_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(Rejected, match="open to others"):
        KeyRing(tmp_path / "keys").signer("ann")


@pytest.mark.parametrize("name", ["", "../ann", "a/b", ".hidden", "a\n", "a" * 101])
def test_what_is_no_name_gets_no_key(tmp_path: Path, name: str) -> None:
    with pytest.raises(Rejected, match="not a name"):
        KeyRing(tmp_path).signer(name)


@pytest.mark.parametrize("text", ["", "zz", "0" * 64, "f" * 64, "é" * 64, "1" * 2_000])
def test_a_damaged_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    KeyRing(tmp_path / "keys").signer("ann")
    (tmp_path / "keys" / "ann.key").write_text(text)
    with pytest.raises(Rejected, match=r"ann\.key does not hold a key") as refusal:
        KeyRing(tmp_path / "keys").signer("ann")
    assert not text or text not in str(refusal.value)


def test_a_link_is_not_a_key(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "elsewhere").write_text("1" * 64)
    (tmp_path / "keys" / "ann.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Lacking):
        KeyRing(tmp_path / "keys").signer("ann")


def test_a_folder_that_cannot_be_is_lacking(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(Lacking) as refusal:
        KeyRing(tmp_path / "keys").signer("ann")
    assert "SWARM_HOME" in refusal.value.advice


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        signers = list(threads.map(lambda _: KeyRing(tmp_path / "keys").signer("ann"), range(16)))
    assert len({signer.public_key for signer in signers}) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["ann.key"]


def test_a_signer_shows_no_secret_and_stays_at_home(tmp_path: Path) -> None:
    signer = KeyRing(tmp_path / "keys").signer("ann")
    secret = (tmp_path / "keys" / "ann.key").read_text().strip()
    assert secret not in repr(signer)
    assert secret not in signer.sign_event(1, "hello", [], 0)
    with pytest.raises(TypeError, match="stays in its process"):
        pickle.dumps(signer)


def test_seeded_signers_are_the_same_in_every_run() -> None:
    assert a_signer("ann").public_key == a_signer("ann").public_key
    assert a_signer("ann", seed=1).public_key != a_signer("ann", seed=2).public_key
    assert verify_event(a_signer().sign_event(1, "x", [], 0)).public_key == a_signer().public_key
