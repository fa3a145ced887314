"""One task after the other: make its repository, run, examine, judge.

What runs a goal is given as a callable, so that the same benchmark measures any way of running it.
"""

from collections.abc import Callable, Iterable, Iterator
from difflib import unified_diff
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
    """The row, with the patch; the folder need not stay."""
    if result.folder is None:
        return Row(task, result, judge(task, result, None, None))
    files = read_files(result.folder)
    before, after = examine(task, task.files), examine(task, files)
    verdict = judge(task, result, before, after)
    return Row(task, result.model_copy(update={"patch": patch_of(task.files, files)}), verdict)


def patch_of(before: Files, after: Files) -> str:
    """For people to read; bytes that are no text are replaced."""
    lines = (
        line
        for path in sorted(before.keys() | after.keys())
        for line in unified_diff(
            _lines(before, path), _lines(after, path), f"a/{path}", f"b/{path}", lineterm=""
        )
    )
    return "\n".join(lines)


def _lines(files: Files, path: str) -> list[str]:
    return files.get(path, b"").decode("utf-8", "replace").splitlines()
