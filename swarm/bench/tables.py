"""The outcome of a benchmark as text and as JSON.

Beside what was solved stands what it cost, and what was claimed and wrong; one number without the
others says little.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from swarm.bench.judging import BenchResult, Verdict, is_right
from swarm.bench.tasks import BenchTask
from swarm.domain.canonical import Json
from swarm.domain.money import dollars

VERDICTS: tuple[Verdict, ...] = ("solved", "partial", "wrong", "refused", "error")
_HEADER = ("task", "level", "verdict", "right", "wall", "cpu", "steps", "attempts", "spent")
_LEFT = 4
"""Columns of words; the others hold numbers."""


@dataclass(frozen=True, slots=True)
class Row:
    task: BenchTask
    result: BenchResult
    verdict: Verdict

    @property
    def is_right(self) -> bool:
        return is_right(self.task, self.verdict)


def table(rows: Sequence[Row]) -> str:
    """Columns, one line for each task, and the sums."""
    cells = [_HEADER, *(_cells(row) for row in rows), _sum_cells(rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(_HEADER))]
    lines = [_aligned(line, widths) for line in cells]
    rule = "  ".join("-" * width for width in widths)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in _counts(rows).items())
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], "", counts])


def as_json(rows: Sequence[Row]) -> str:
    """The same for programs: `tasks` and `totals`; times in milliseconds, money in micro-USD."""
    told: dict[str, Json] = {"tasks": [_told(row) for row in rows], "totals": _totals(rows)}
    return json.dumps(told, indent=2)


def _cells(row: Row) -> tuple[str, ...]:
    result = row.result
    right = "yes" if row.is_right else "no"
    words = (row.task.name, row.task.level, row.verdict, right)
    return (*words, *_numbers([result]))


def _sum_cells(rows: Sequence[Row]) -> tuple[str, ...]:
    right = f"{sum(row.is_right for row in rows)}/{len(rows)}"
    return ("sum", "", "", right, *_numbers([row.result for row in rows]))


def _numbers(results: Sequence[BenchResult]) -> tuple[str, ...]:
    return (
        f"{sum(each.wall_ms for each in results) / 1000:.1f} s",
        f"{sum(each.cpu_ms for each in results) / 1000:.1f} s",
        str(sum(each.steps for each in results)),
        str(sum(each.attempts for each in results)),
        dollars(sum(each.spent for each in results)),
    )


def _aligned(cells: tuple[str, ...], widths: Sequence[int]) -> str:
    words = [cell.ljust(width) for cell, width in zip(cells[:_LEFT], widths, strict=False)]
    numbers = [cell.rjust(width) for cell, width in zip(cells[_LEFT:], widths[_LEFT:], strict=True)]
    return "  ".join([*words, *numbers]).rstrip()


def _told(row: Row) -> dict[str, Json]:
    result = row.result.model_dump(mode="json", exclude={"folder"})
    return {
        "task": row.task.name,
        "suite": row.task.suite,
        "level": row.task.level,
        "expected": row.task.expected,
        "verdict": row.verdict,
        "right": row.is_right,
        **result,
    }


def _totals(rows: Sequence[Row]) -> dict[str, Json]:
    sums = {
        name: sum(getattr(row.result, name) for row in rows)
        for name in ("wall_ms", "cpu_ms", "steps", "attempts", "spent")
    }
    return {
        "tasks": len(rows),
        "right": sum(row.is_right for row in rows),
        **_counts(rows),
        **sums,
    }


def _counts(rows: Sequence[Row]) -> dict[str, int]:
    counted = Counter(row.verdict for row in rows)
    return {verdict: counted[verdict] for verdict in VERDICTS}
