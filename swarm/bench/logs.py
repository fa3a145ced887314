"""Rows kept as they come, one line of JSON each, so that a long measurement can be gone on with.

A line names how it was measured; only lines of the same way belong together.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from swarm.bench.judging import BenchResult, Verdict
from swarm.bench.tables import Row
from swarm.bench.tasks import BenchTask
from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen


class _Line(Frozen):
    way: str
    suite: str
    task: str
    verdict: Verdict
    result: BenchResult


def append_row(log: Path, row: Row, way: str) -> None:
    line = _Line(
        way=way,
        suite=row.task.suite,
        task=row.task.name,
        verdict=row.verdict,
        result=row.result.model_copy(update={"folder": None}),
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line.model_dump(mode="json")) + "\n")


def read_rows(log: Path, tasks: Sequence[BenchTask], way: str) -> Iterator[Row]:
    """The last row of each of these tasks that was measured in this way.

    Raises Rejected when a line is none of ours, except the last one: it may have been cut short.
    """
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    rows = {}
    for number, text in enumerate(lines, start=1):
        try:
            line = _Line.model_validate_json(text)
        except ValidationError as error:
            if number == len(lines):
                break
            raise Rejected(f"{log}, line {number} is no row of a benchmark") from error
        if line.way == way:
            rows[line.suite, line.task] = line
    for task in tasks:
        known = rows.get((task.suite, task.name))
        if known is not None:
            yield Row(task, known.result, known.verdict)
