"""A table of what agents did at tasks: right or wrong, and the bill. What rules are compared on.

The text is comma-separated: a row of agents' names, then a row for each task with a cell for each agent,
`resolved:dollars`. An empty cell, or a bill of nothing, was not recorded. Agents of whom more than a
twentieth is not recorded are left out, then tasks that somebody has not tried; a missing bill is the
agent's mean.
"""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from swarm.domain.errors import Rejected
from swarm.domain.money import USD

_MOST_MISSING = 20
"""One cell in so many may be missing."""


@dataclass(frozen=True, slots=True)
class Matrix:
    agents: tuple[str, ...]
    families: tuple[str, ...]
    tasks: tuple[str, ...]
    right: tuple[tuple[bool, ...], ...]
    """By agent, then task."""

    bills: tuple[tuple[int, ...], ...]
    """Micro-USD, by agent, then task."""

    left_out: tuple[str, ...] = ()

    @property
    def mean_bills(self) -> tuple[int, ...]:
        return tuple(sum(bills) // len(bills) for bills in self.bills)

    def of_tasks(self, chosen: Sequence[int]) -> "Matrix":
        return Matrix(
            self.agents,
            self.families,
            tuple(self.tasks[n] for n in chosen),
            tuple(tuple(row[n] for n in chosen) for row in self.right),
            tuple(tuple(row[n] for n in chosen) for row in self.bills),
            self.left_out,
        )

    def of_agents(self, chosen: Sequence[int]) -> "Matrix":
        return Matrix(
            tuple(self.agents[n] for n in chosen),
            tuple(self.families[n] for n in chosen),
            self.tasks,
            tuple(self.right[n] for n in chosen),
            tuple(self.bills[n] for n in chosen),
            self.left_out,
        )


_Cell = tuple[bool, int] | None


def read_matrix(text: str, without: Collection[str] = ()) -> Matrix:
    """Raises Rejected when the text is no such table."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise Rejected("a table of outcomes has a row of agents and at least one task")
    names = rows[0][1:]
    unknown = sorted(set(without) - set(names))
    if unknown:
        raise Rejected(
            f"no agent is called {', '.join(unknown)}", advice=f"these are: {', '.join(names)}"
        )
    columns = [[_cell(row, n, names) for row in rows[1:]] for n in range(1, len(names) + 1)]
    kept = [n for n, c in enumerate(columns) if names[n] not in without and _is_recorded(c)]
    tried = [t for t in range(len(rows) - 1) if all(columns[n][t] is not None for n in kept)]
    if not kept or not tried:
        raise Rejected("no task was tried by all of the agents", advice="leave some out: --without")
    return Matrix(
        agents=tuple(names[n] for n in kept),
        families=tuple(family_of(names[n]) for n in kept),
        tasks=tuple(rows[1 + t][0] for t in tried),
        right=tuple(tuple(_right(columns[n][t]) for t in tried) for n in kept),
        bills=tuple(_bills([columns[n][t] for t in tried]) for n in kept),
        left_out=tuple(name for n, name in enumerate(names) if n not in kept),
    )


def family_of(name: str) -> str:
    """Who made the model: `acp-claude/claude-opus-4-7` is one of `claude`."""
    return name.rpartition("/")[2].partition("-")[0].lower()


def _cell(row: Sequence[str], number: int, names: Sequence[str]) -> _Cell:
    text = row[number].strip() if number < len(row) else ""
    if not text:
        return None
    resolved, _, bill = text.partition(":")
    try:
        return float(resolved) > 0, int(Decimal(bill or "0") * USD)
    except (ValueError, InvalidOperation):
        raise Rejected(
            f"{text!r} of {names[number - 1]} at {row[0]} is no outcome",
            advice="write resolved:dollars, like 1:0.25",
        ) from None


def _is_recorded(column: Sequence[_Cell]) -> bool:
    missing = sum(cell is None or cell[1] <= 0 for cell in column)
    return missing * _MOST_MISSING < len(column)


def _right(cell: _Cell) -> bool:
    assert cell is not None
    return cell[0]


def _bills(cells: Sequence[_Cell]) -> tuple[int, ...]:
    bills = [cell[1] for cell in cells if cell is not None]
    known = [bill for bill in bills if bill > 0]
    usual = sum(known) // max(len(known), 1)
    return tuple(bill if bill > 0 else usual for bill in bills)
