"""Everything that is open, and why each thing waits. Pure."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from swarm.cli.page import plain_table, section
from swarm.cli.standing import needs_human, waits
from swarm.cli.words import STYLES, cell, lasted, money
from swarm.coordination.public_api import GoalState

LATELY = 5
"""So many goals that need nothing any more are still named."""


def overview(goals: Iterable[GoalState], now: int, alive: bool) -> Group:
    """What goes on, what waits for a person, what ended lately: newest first in each."""
    newest = sorted(goals, key=lambda state: (-state.submitted_at, state.goal.goal_id))
    if not newest:
        return Group(Text("Nothing has been run here yet."), Text('Try: swarm run "..."', "cyan"))
    going = [state for state in newest if not state.status.is_final]
    asking = [state for state in newest if state.status.is_final and needs_human(state)]
    ended = [state for state in newest if state.status.is_final and not needs_human(state)]
    parts = [
        _section("Going on", going, now, alive),
        _section("Waits for you", asking, now, alive),
        _section("Ended lately", ended[:LATELY], now, alive),
    ]
    return Group(_summary(len(going), len(asking)), *(part for part in parts if part))


def _summary(going: int, asking: int) -> Text:
    return Text(f"{going} going on, {asking} waiting for you", style="bold")


def _section(title: str, goals: Sequence[GoalState], now: int, alive: bool) -> RenderableType:
    if not goals:
        return ""
    table = plain_table("goal", "status", "what", "why it waits", "do", "spent", "age")
    for state in goals:
        _add(table, state, now, alive)
    return section(title, table)


def _add(table: Table, state: GoalState, now: int, alive: bool) -> None:
    found = waits(state, now, alive)
    reasons = [cell(_reason(wait.what, wait.why)) for wait in found] or [cell(state.reason, "dim")]
    todos = dict.fromkeys(wait.todo for wait in found if wait.todo)
    table.add_row(
        cell(state.goal.goal_id),
        Text(state.status, style=STYLES[state.status]),
        cell(state.goal.text, most=60),
        Text("\n").join(reasons),
        Text("\n").join(cell(todo, "cyan") for todo in todos),
        money(state.spent),
        lasted(now - state.submitted_at),
    )


def _reason(what: str, why: str) -> str:
    return why if what == "goal" else f"{what}: {why}"
