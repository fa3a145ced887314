"""Everything that is open, and why each thing waits. Pure."""

from collections.abc import Container, Iterable, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.cli.page import section
from swarm.cli.standing import Wait, needs_human, outcome, waits
from swarm.cli.words import STYLES, lasted, legible, money
from swarm.coordination.public_api import GoalState
from swarm.domain.names import GoalId

LATELY = 5
"""So many goals that need nothing any more are still named."""

SHORT = 160
"""Characters of a reason; `swarm show GOAL` has all of it."""


def overview(
    goals: Iterable[GoalState], now: int, alive: bool, gone: Container[GoalId] = ()
) -> Group:
    """What goes on, what waits for a person, what ended lately: newest first in each."""
    newest = sorted(goals, key=lambda state: (-state.submitted_at, state.goal.goal_id))
    if not newest:
        return Group(Text("Nothing has been run here yet."), Text('Try: swarm run "..."', "cyan"))
    asking = [state for state in newest if needs_human(state, state.goal.goal_id in gone)]
    others = [state for state in newest if state not in asking]
    going = [state for state in others if not state.status.is_final]
    ended = [state for state in others if state.status.is_final]
    parts = [
        _section("Going on", going, now, alive, gone),
        _section("Waits for you", asking, now, alive, gone),
        _section("Ended lately", ended[:LATELY], now, alive, gone),
    ]
    return Group(_summary(len(going), len(asking)), *(part for part in parts if part))


def _summary(going: int, asking: int) -> Text:
    return Text(f"{going} going on, {asking} waiting for you", style="bold")


def _section(
    title: str, goals: Sequence[GoalState], now: int, alive: bool, gone: Container[GoalId]
) -> RenderableType:
    if not goals:
        return ""
    return section(title, *(_goal(s, now, alive, s.goal.goal_id in gone) for s in goals))


def _goal(state: GoalState, now: int, alive: bool, gone: bool) -> Text:
    """What it is on one line, then why it waits and what to do about it."""
    text = Text(f"{state.goal.goal_id} ", style="bold")
    text.append(f"{state.status} ", style=STYLES[state.status])
    text.append(legible(state.goal.text, 60))
    text.append(f"  {money(state.spent)}, {lasted(now - state.submitted_at)} ago", style="dim")
    for wait in waits(state, now, alive, gone):
        text.append(f"\n    {legible(_reason(wait), SHORT)}")
        if wait.todo:
            text.append(f"  → {wait.todo}", style="cyan")
    if not state.status.is_final or needs_human(state, gone):
        return text
    return text.append(f"\n    {legible(outcome(state, gone), SHORT)}", style="dim")


def _reason(wait: Wait) -> str:
    return wait.why if wait.what == "goal" else f"{wait.what}: {wait.why}"
