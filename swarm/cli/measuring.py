"""The benchmark: each task goes through the same door as everything else, is judged, and is a row.

Every task has a state folder, a coordinator and a process of its own, so none learns from another, none
stops another, and what it used is known from outside. The processes that work on tasks are told to stop
by an event: Ctrl-C, a kill of the benchmark, and the end of a task's time all end its coordinator.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from rich.text import Text

from swarm.bench.public_api import (
    BenchResult,
    BenchTask,
    Row,
    append_row,
    as_json,
    load_tasks,
    own_tasks,
    quixbugs_tasks,
    read_rows,
    table,
)
from swarm.cli.failing import DONE, FAILED, INTERRUPTED
from swarm.cli.measured import Ways, measure_task, prepare
from swarm.cli.session import Session, open_session
from swarm.cli.walls import walls_or_none
from swarm.domain.errors import Rejected
from swarm.market.public_api import read_rule
from swarm.sandbox.public_api import SandboxMode

QUIXBUGS_SECONDS, OWN_SECONDS = 90, 180


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tasks, and how they are run."""

    suite: str
    path: Path | None
    only: tuple[str, ...]
    ways: Ways
    jobs: int = 1
    log: Path | None = None
    """Rows that stand there are not measured again; new ones are added."""


def seconds_of(suite: str, asked: int | None) -> int:
    return asked or (QUIXBUGS_SECONDS if suite == "quixbugs" else OWN_SECONDS)


def measure(choice: Choice, *, as_document: bool) -> int:
    """0 when all is right, 1 when not, 130 when interrupted: then the rows so far are shown."""
    read_rule(choice.ways.rule)
    tasks = tasks_of(choice)
    with tempfile.TemporaryDirectory(prefix="swarm-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        session = open_session(
            as_json=as_document, overrides={"home": str(folder / "state")}, make=True
        )
        rows, interrupted = _rows(session, choice, tasks, folder)
    places = {task.name: place for place, task in enumerate(tasks)}
    inorder = sorted(rows, key=lambda row: places[row.task.name])
    view = Text(table(inorder), no_wrap=True, overflow="ignore")
    session.show(view, json.loads(as_json(inorder)))
    if interrupted:
        return INTERRUPTED
    return DONE if all(row.is_right for row in rows) else FAILED


def tasks_of(choice: Choice) -> tuple[BenchTask, ...]:
    if choice.suite == "quixbugs":
        if choice.path is None:
            raise Rejected(
                "where is QuixBugs?", advice="unpack github.com/jkoppel/QuixBugs; --path FOLDER"
            )
        return quixbugs_tasks(choice.path, choice.only)
    if choice.suite != "own":
        raise Rejected(f"there is no suite {choice.suite!r}", advice="own or quixbugs")
    tasks = load_tasks(choice.path or own_tasks())
    unknown = sorted(set(choice.only) - {task.name for task in tasks})
    if unknown:
        names = ", ".join(task.name for task in tasks)
        raise Rejected(f"there is no task {', '.join(unknown)}", advice=f"the tasks: {names}")
    return tuple(task for task in tasks if not choice.only or task.name in choice.only)


def _rows(
    session: Session, choice: Choice, tasks: Sequence[BenchTask], folder: Path
) -> tuple[list[Row], bool]:
    """What is known already, and what is measured now; whether it was cut short."""
    rows = list(read_rows(choice.log, tasks, choice.ways.told)) if choice.log else []
    known = {row.task.name for row in rows}
    if known:
        session.say(f"{len(known)} of {len(tasks)} stand in {choice.log}")
    open_tasks = [task for task in tasks if task.name not in known]
    try:
        for row in _measured(choice, open_tasks, folder, _mode(session)):
            rows.append(row)
            if choice.log and row.verdict != "error":
                append_row(choice.log, row, choice.ways.told)
            session.say(f"[{len(rows)}/{len(tasks)}] {_line(row)}")
    except KeyboardInterrupt:
        return rows, True
    return rows, False


def _line(row: Row) -> str:
    why = f": {row.result.reason}" if row.verdict in {"refused", "error"} else ""
    return f"{row.task.name} {row.verdict} in {row.result.wall_ms / 1000:.1f} s{why[:160]}"


def _measured(
    choice: Choice, tasks: Sequence[BenchTask], folder: Path, mode: SandboxMode
) -> Iterator[Row]:
    """Rows as they come. Leaves nothing running, however it ends."""
    context = get_context("spawn")
    stopped = context.Event()
    pool = ProcessPoolExecutor(
        choice.jobs, mp_context=context, initializer=prepare, initargs=(stopped,)
    )
    try:
        begun = {
            pool.submit(measure_task, task, choice.ways, folder / task.name, mode): task
            for task in tasks
        }
        for future in as_completed(begun):
            yield _row(begun[future], future)
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _row(task: BenchTask, future: "Future[Row]") -> Row:
    """A task whose process failed is a row like any other."""
    error = future.exception()
    if error is None:
        return future.result()
    told = f"{type(error).__name__}: {error}"
    return Row(task, BenchResult(status="error", reason=told), "error")


def _mode(session: Session) -> SandboxMode:
    """Hidden tests are run in the same kind of sandbox as the goals."""
    return walls_or_none(session)
