"""The benchmark as it is typed; whole measurements are made with `swarm bench`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.cli.measured import Ways
from swarm.cli.measuring import Choice, measure, seconds_of, tasks_of
from swarm.domain.errors import Rejected
from swarm.testing.outside import running

WAYS = Ways(rule="market", runtime="inline", seconds=60)
BENCH = [sys.executable, "-c", "from swarm.cli.public_api import main; main()", "bench"]


def a_choice(**more: object) -> Choice:
    told = {"suite": "own", "path": None, "only": (), "ways": WAYS}
    return Choice(**{**told, **more})  # type: ignore[arg-type]


def test_tasks_are_chosen_by_name() -> None:
    assert [task.name for task in tasks_of(a_choice(only=("roman", "cron")))] == ["cron", "roman"]
    with pytest.raises(Rejected, match="no task triple"):
        tasks_of(a_choice(only=("triple",)))


def test_an_unknown_suite_and_a_suite_without_its_folder_are_refused() -> None:
    with pytest.raises(Rejected, match="no suite 'humaneval'"):
        tasks_of(a_choice(suite="humaneval"))
    with pytest.raises(Rejected, match="where is QuixBugs"):
        tasks_of(a_choice(suite="quixbugs"))


def test_an_unknown_policy_is_refused_before_anything_is_run() -> None:
    with pytest.raises(Rejected, match="not a rule"):
        measure(a_choice(ways=Ways("cheapest", "inline", 60)), as_document=False)


def test_a_program_of_quixbugs_gets_ninety_seconds() -> None:
    assert seconds_of("quixbugs", None) == 90
    assert seconds_of("quixbugs", 30) == 30


@pytest.mark.thorough
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_shows_the_rows_so_far_and_leaves_nothing(
    how: signal.Signals, tmp_path: Path
) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    bench = subprocess.Popen(
        [*BENCH, "--only", "ledger-green,roman", "--log", str(tmp_path / "rows")],
        stdout=subprocess.PIPE, text=True, env=env, start_new_session=True,
    )  # fmt: skip
    assert bench.stdout is not None
    assert bench.stdout.readline().startswith("[1/2] ledger-green refused")
    bench.send_signal(how)
    said, _ = bench.communicate(timeout=240)
    assert bench.returncode == 130
    assert "1 refused, 0 error" in said
    assert not running(str(tmp_path))
    assert not list(tmp_path.glob("swarm-*"))
    assert len((tmp_path / "rows").read_text().splitlines()) == 1
