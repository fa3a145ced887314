"""What durability costs: `python -m benchmarks.journal`.

Both ways of writing are measured in the same run on the same disk, because disks differ more than
the two do. Reading is a rebuild: every record verified against the chain and decoded.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from swarm.domain.events import Event, LeaseGranted, StepRecorded
from swarm.domain.names import AgentId, AttemptId, Digest, GoalId, HostId, Principal, TreeHash
from swarm.domain.tasks import Step
from swarm.journal.public_api import SqliteJournal, open_journal

WRITERS = 10
APPENDS = 60
"""By each writer, in each of the two ways."""

RECORDS = 100_000
_BATCH = 1_000
_GOAL = GoalId("g-7k2m9x")
_ATTEMPT = AttemptId("g-7k2m9x.t1.a1")


def main() -> dict[str, float]:
    """Measure, print a table, return the figures: appends a second, seconds, a ratio."""
    with tempfile.TemporaryDirectory() as name:
        one_by_one = _appends_a_second(Path(name) / "one", exclusive=True)
        grouped = _appends_a_second(Path(name) / "grouped", exclusive=False)
        filled, rebuilt, size = _rebuild(Path(name) / "large")
    figures = {
        "one_by_one_per_second": round(one_by_one),
        "group_commit_per_second": round(grouped),
        "group_commit_gain": round(grouped / one_by_one, 2),
        "rebuild_records": RECORDS,
        "rebuild_seconds": round(rebuilt, 2),
        "fill_seconds": round(filled, 2),
        "bytes_per_record": round(size / RECORDS),
    }
    for key, value in figures.items():
        print(f"{key:<24} {value:>10}")
    return figures


def _appends_a_second(folder: Path, *, exclusive: bool) -> float:
    """Ten writers, each waiting for its own record; with `exclusive`, one at a time."""
    turn = threading.Lock()
    with closing(open_journal(folder)) as journal:

        def write(writer: int) -> None:
            for number in range(APPENDS):
                event = _an_event(writer * APPENDS + number)
                if exclusive:
                    with turn:
                        journal.append([event])
                else:
                    journal.append([event])

        with ThreadPoolExecutor(WRITERS) as threads:
            seconds = _seconds(lambda: list(threads.map(write, range(WRITERS))))
    return WRITERS * APPENDS / seconds


def _rebuild(folder: Path) -> tuple[float, float, int]:
    with closing(open_journal(folder)) as journal:
        filled = _seconds(lambda: _fill(journal))
        rebuilt = _seconds(lambda: _read(journal))
    return filled, rebuilt, (folder / "journal.db").stat().st_size


def _fill(journal: SqliteJournal) -> None:
    for start in range(0, RECORDS, _BATCH):
        journal.append([_an_event(number) for number in range(start, start + _BATCH)])


def _read(journal: SqliteJournal) -> None:
    count = sum(1 for _ in journal.read())
    if count != RECORDS:
        raise AssertionError(f"{count} records were read, {RECORDS} written")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _an_event(number: int) -> Event:
    """Steps, and a lease before every tenth: what most of a journal consists of."""
    if number % 10:
        return StepRecorded(at=number, goal_id=_GOAL, attempt_id=_ATTEMPT, step=_step(number))
    return LeaseGranted(
        at=number,
        goal_id=_GOAL,
        attempt_id=_ATTEMPT,
        agent_id=AgentId("writer-1"),
        host=HostId("here"),
        strategy="mutation",
        family="repair",
        principal=Principal("me/repair"),
        epoch=number,
        price=12_000,
        seconds=60,
        probability_used=220_000,
        reserved=12_000,
        duration_ms=30_000,
    )


def _step(number: int) -> Step:
    return Step(
        number=number,
        action=f"try 40 mutants of dates.py, lines {number} to {number + 20}",
        result=Digest(f"{number:064x}"),
        cost=120,
        seconds_ms=4_800,
        tree=TreeHash(f"{number:040x}"),
    )


if __name__ == "__main__":
    main()
