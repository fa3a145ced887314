"""Processes that are killed, starved, or come second. All of them are real."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from swarm.domain.errors import Rejected
from swarm.journal.public_api import open_journal, read_only
from tests.journal.journal_examples import an_event

ROOT = Path(__file__).parents[2]


@contextmanager
def running(program: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start one of `journal_programs`; kill it at the end."""
    argv = [sys.executable, "-m", "tests.journal.journal_programs", program, str(folder)]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def killed_after(folder: Path, lines: int, milliseconds: float) -> int:
    """Let it write until it has said so many lines, kill it a little later: the last position heard."""
    with running("write_for_ever", folder) as process:
        assert heard(process) == "opening"
        said = [heard(process) for _ in range(lines)]
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=milliseconds / 1_000)
        process.kill()
        said += process.communicate()[0].splitlines()
    return max((int(line.removeprefix("position ")) for line in said), default=0)


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(3, 12))]
)
def test_a_killed_writer_has_lost_nothing_that_it_acknowledged(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    for _ in range(2):
        acknowledged = killed_after(tmp_path, random.randint(0, 30), random.uniform(0, 15))
        with closing(open_journal(tmp_path, wait_seconds=5)) as journal:
            assert journal.verify().position >= acknowledged
            texts = [record.event.model_dump()["text"] for record in journal.read()]
            assert [text[-1] for text in texts] == ["0", "1", "2"] * (len(texts) // 3)


def test_what_a_killed_writer_left_is_read_without_a_writer(tmp_path: Path) -> None:
    acknowledged = killed_after(tmp_path, lines=12, milliseconds=3)
    with closing(read_only(tmp_path)) as follower:
        assert follower.verify().position >= acknowledged > 0


def test_a_follower_outlives_coordinators(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal:
        journal.append([an_event(1)])
    with closing(read_only(tmp_path)) as follower:
        for number in (2, 3):
            with closing(open_journal(tmp_path)) as journal:
                journal.append([an_event(number)])
            assert [record.event for record in follower.read(number - 1)] == [an_event(number)]


def test_a_second_coordinator_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with running("hold", tmp_path) as process:
        assert heard(process) == "open"
        with pytest.raises(Rejected, match=f"process {process.pid}"):
            open_journal(tmp_path, wait_seconds=0)


def test_a_dying_coordinator_is_waited_for(tmp_path: Path) -> None:
    with running("hold", tmp_path) as process:
        assert heard(process) == "open"
        process.kill()
        with closing(open_journal(tmp_path)) as journal:
            assert journal.epoch == 2


def test_another_process_follows_while_we_write(tmp_path: Path) -> None:
    with closing(open_journal(tmp_path)) as journal, running("follow", tmp_path) as follower:
        assert follower.stdin is not None
        for number in range(1, 4):
            journal.append([an_event(number)])
            follower.stdin.write("\n")
            follower.stdin.flush()
            assert heard(follower) == str(number)


def test_a_full_disk_refuses_what_is_too_large_and_nothing_else(tmp_path: Path) -> None:
    with running("run_out_of_space", tmp_path) as process:
        refusal = heard(process)
        assert "no space left" in refusal
        assert "are missing; nothing was written" in refusal
        assert heard(process) == "1"  # nothing half written
        assert heard(process) == "2"  # a small batch still fits
        assert heard(process) == "4"  # also beside large ones
        assert heard(process) == "4"  # which are all refused
        assert heard(process) == "7"  # room was made: it goes on by itself
        assert heard(process) == "7"
