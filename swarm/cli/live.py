"""What moves on a terminal while a goal is worked on. Pure: drawn anew from the state each time."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from swarm.cli.lines import Line
from swarm.cli.page import MARKS
from swarm.cli.standing import attempts_of, bids_on, checks_of, is_own, task_status, total_ms
from swarm.cli.words import STYLES, cell, clock, lasted, legible, money, percent, short
from swarm.coordination.public_api import Attempt, GoalState, Task
from swarm.domain.names import AttemptId

LINES = 8
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


def live(state: GoalState, now: int, since: Mapping[AttemptId, int], last: Sequence[Line]) -> Group:
    """`since`: when the step that each attempt is at began."""
    return Group(
        _head(state, now), _tasks(state, now, since), *(_line(line) for line in last[-LINES:])
    )


def _head(state: GoalState, now: int) -> Text:
    text = Text(f"{clock(total_ms(state, now))} ", style="bold")
    text.append(f"{state.goal.goal_id} ", style="dim")
    text.append(state.status, style=STYLES[state.status])
    text.append(f"  {legible(state.goal.text, 70)}")
    spent = f"  {money(state.spent)} of {money(state.goal.budget)}"
    return text.append(spent, style="dim")


def _tasks(state: GoalState, now: int, since: Mapping[AttemptId, int]) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for row in _rows(state, now, since):
        table.add_row(*row)
    return table if table.row_count else Text("  waiting for the first task", style="dim")


def _rows(state: GoalState, now: int, since: Mapping[AttemptId, int]) -> Iterator[tuple[Text, ...]]:
    for task in state.tasks.values():
        if is_own(task):
            yield _row(state, task, now, since)
    for check in checks_of(state, None):
        if not check.is_final or check.contract.subject == _present_subject(state):
            yield _row(state, check, now, since)


def _present_subject(state: GoalState) -> object:
    """What is voted on now; votes of earlier rounds are over."""
    votes = [check.contract.subject for check in checks_of(state, None)]
    return votes[-1] if votes else None


def _row(
    state: GoalState, task: Task, now: int, since: Mapping[AttemptId, int]
) -> tuple[Text, ...]:
    status = task_status(state, task)
    mark, style = MARKS[status]
    if status in ("working", "in check"):
        mark = SPINNER[now // 100 % len(SPINNER)]
    return (
        Text(f"  {mark}", style=style),
        Text(short(task.contract.task_id), style="bold"),
        cell(task.contract.title, most=46),
        Text(status, style=style),
        _now(state, task, now, since),
    )


def _now(state: GoalState, task: Task, now: int, since: Mapping[AttemptId, int]) -> Text:
    """The step that runs, or what the task waits for."""
    running = [attempt for attempt in _at_work(state, task) if attempt.is_live]
    if running:
        return Text(", ").join(_step(state, attempt, now, since) for attempt in running)
    bids = bids_on(task)
    if bids and not task.attempts:
        best = bids[0]
        offer = f"{len(bids)} bids, best {best.agent_id} {percent(best.probability_used)}"
        return cell(offer, "dim")
    return Text("")


def _at_work(state: GoalState, task: Task) -> Iterator[Attempt]:
    yield from attempts_of(state, task)
    for check in checks_of(state, task.contract.task_id):
        yield from attempts_of(state, check)


def _step(state: GoalState, attempt: Attempt, now: int, since: Mapping[AttemptId, int]) -> Text:
    aspect = state.tasks[attempt.task_id].contract.aspect
    doing = f"checks ({aspect})" if aspect else f"step {len(attempt.steps) + 1}"
    elapsed = lasted(now - since.get(attempt.attempt_id, attempt.granted_at))
    return cell(f"{attempt.agent_id} {doing} {elapsed}", "cyan", 60)


def _line(line: Line) -> Text:
    return Text(f"  {legible(line.text, 110)}", style=line.style, overflow="ellipsis", no_wrap=True)
