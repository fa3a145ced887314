"""The coordinator's process, as the command line keeps it."""

import subprocess
import sys
from pathlib import Path

import pytest

from swarm.actors.public_api import Places
from swarm.cli.keeping import MOST_STARTS, Keeper
from swarm.domain.errors import Lacking, Transient
from tests.cli.cli_examples import a_home


def a_keeper(tmp_path: Path, *, code: int, said: str = "") -> Keeper:
    """A keeper whose house has left with this exit code and these last words."""
    keeper = Keeper(Places(a_home(tmp_path)), "inline", None)
    keeper.log.write_text("words of an earlier house: Lacking: nothing\n")
    keeper.logged = keeper.log.stat().st_size
    with keeper.log.open("a") as log:
        log.write(said)
    keeper.house = subprocess.Popen([sys.executable, "-c", f"raise SystemExit({code})"])
    keeper.house.wait()
    keeper.starts = MOST_STARTS
    return keeper


def test_a_house_that_lacks_something_is_quoted_with_its_remedy(tmp_path: Path) -> None:
    keeper = a_keeper(tmp_path, code=5, said="Lacking: no sandbox here\nenable user namespaces\n")
    with pytest.raises(Lacking, match=r"^no sandbox here$") as caught:
        keeper.keep()
    assert caught.value.advice == "enable user namespaces"


def test_a_house_that_dies_leaves_the_way_to_go_on(tmp_path: Path) -> None:
    keeper = a_keeper(tmp_path, code=1, said="Traceback...\nValueError: what\n")
    with pytest.raises(Transient, match=r"exit code 1\): ValueError: what") as caught:
        keeper.keep()
    assert "swarm resume" in caught.value.advice


def test_a_house_that_leaves_again_and_again_is_not_started_for_ever(tmp_path: Path) -> None:
    with pytest.raises(Transient, match="exit code 0"):
        a_keeper(tmp_path, code=0).keep()


def test_a_house_that_overstays_is_asked_to_leave(tmp_path: Path) -> None:
    keeper = Keeper(Places(a_home(tmp_path)), "inline", None)
    keeper.house = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    keeper.see_off(0.05)
    assert keeper.house.returncode == -15
    assert keeper.house.stdin is not None
    keeper.house.stdin.close()
