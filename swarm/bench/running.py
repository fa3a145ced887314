"""One task after the other: make its repository, run, examine, judge.

What runs a goal is given as a callable, so that the same benchmark measures any way of running it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from swarm.bench.judging import BenchResult, judge
from swarm.bench.repositories import make_repository
from swarm.bench.tables import Row
from swarm.bench.tasks import BenchTask, Files, read_files
from swarm.domain.evidence import SuiteRun

Run = Callable[[BenchTask, Path], BenchResult]
"""Works on the task in its repository, to the end."""

Examine = Callable[[BenchTask, Files], SuiteRun]


def run_tasks(
    tasks: Iterable[BenchTask], run: Run, examine: Examine, scratch: Path
) -> Iterator[Row]:
    """A row for each task as soon as it is judged. Repositories are made below `scratch`."""
    for task in tasks:
        repository = scratch / task.suite / task.name
        make_repository(task, repository)
        result = run(task, repository)
        yield judged(task, result, examine)


def judged(task: BenchTask, result: BenchResult, examine: Examine) -> Row:
    before = after = None
    if result.folder is not None:
        before = examine(task, task.files)
        after = examine(task, read_files(result.folder))
    return Row(task, result, judge(task, result, before, after))
