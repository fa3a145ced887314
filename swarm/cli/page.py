"""One goal on one page: its tasks, who tried them, what was offered, what was found. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from swarm.cli.standing import (
    Wait,
    attempt_ms,
    attempts_of,
    bids_on,
    checks_of,
    is_own,
    outcome,
    stages,
    task_status,
    total_ms,
    unfit,
    verdict_on,
    waits,
)
from swarm.cli.steps import steps_of
from swarm.cli.words import STYLES, cell, count, lasted, legible, money, percent, short
from swarm.coordination.public_api import Attempt, Dropped, GoalState, Round, Task
from swarm.domain.ballots import Ballot
from swarm.domain.goals import Environment
from swarm.domain.tasks import TaskKind

MARKS = {
    "open": ("○", ""),
    "working": ("●", "cyan"),
    "sent back": ("↺", "yellow"),
    "asks you": ("?", "bold yellow"),
    "in check": ("◐", "cyan"),
    "accepted": ("✓", "green"),
    "answered": ("✓", "green"),
    "yes": ("✓", "green"),
    "no": ("✗", "red"),
    "unknown": ("?", "yellow"),
    "dropped": ("✗", "red"),
}


def page(state: GoalState, now: int, alive: bool, gone: bool = False) -> Group:
    """Everything about a goal that a person may ask for."""
    parts: list[RenderableType] = [head(state, now, gone), _waits(waits(state, now, alive, gone))]
    parts += [_task(state, task, now) for task in state.tasks.values() if is_own(task)]
    parts += [steps(state), votes(state), _guidance(state), times(state, now)]
    return Group(*(part for part in parts if part))


def plain_table(*heads: str, whole: bool = False) -> Table:
    """Columns without lines around them. `whole`: the first is never broken into lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(heads):
        table.add_column(name, overflow="fold", no_wrap=whole and number == 0)
    return table


def section(title: str, *parts: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), *(Padding(part, (0, 0, 0, 2)) for part in parts))


def head(state: GoalState, now: int, gone: bool = False) -> Text:
    goal = state.goal
    spent = f"{money(state.spent)} of {money(goal.budget)} spent"
    text = Text()
    text.append(f"{goal.goal_id} ", style="bold")
    text.append(state.status, style=STYLES[state.status])
    text.append(f"  {lasted(total_ms(state, now))}, {spent}", style="dim")
    text.append(f"\n{legible(goal.text, 600)}")
    text.append(f"\n{legible(goal.repository)} at {goal.base[:12]}", style="dim")
    text.append(f"\n{legible(runs_with(goal.environment), 600)}", style="dim")
    if told := outcome(state, gone):
        text.append(f"\n{legible(told, 600)}", style=STYLES[state.status])
    return text


def runs_with(environment: Environment) -> str:
    """What its tests run with, and where that comes from."""
    runner = f"{environment.runner} {environment.runner_version}".strip()
    said = f"tests run with Python {environment.python_version}"
    said += f", {runner}" if environment.runner == "pytest" else ""
    said += f": {environment.origin}" if environment.origin else ""
    carried = len(environment.carried)
    return said + (
        f"; {count(carried, 'ignored file goes', 'ignored files go')} along" if carried else ""
    )


def _waits(found: Sequence[Wait]) -> RenderableType:
    if not found:
        return ""
    table = plain_table()
    for wait in found:
        table.add_row(cell(wait.what), cell(wait.why), cell(wait.todo, "cyan"))
    return section("Waits", table)


# Steps ------------------------------------------------------------------------------------------


def steps(state: GoalState) -> RenderableType:
    """All of them by the numbers that one goes back to; undone ones too."""
    if not state.marks:
        return ""
    table = plain_table("", "", "", "", "", "", whole=True)
    for each in steps_of(state):
        style = "" if each.stands else "dim"
        stands = "" if each.stands else "undone"
        table.add_row(
            cell(f"{each.number}", style),
            cell(short(each.mark.attempt_id), style),
            cell(each.mark.step.action, style),
            lasted(each.mark.step.seconds_ms),
            money(each.mark.step.cost),
            "here" if each.number == state.now_at else stands,
        )
    goal_id = state.goal.goal_id
    how = f"to go back to one: swarm rollback {goal_id} STEP, swarm replay {goal_id} --from STEP"
    return section("Steps", table, cell(how, "dim"))


# A task -----------------------------------------------------------------------------------------


def _task(state: GoalState, task: Task, now: int) -> RenderableType:
    parts = [_description(state, task), _attempts(state, task, now), bids(task)]
    parts += [_findings(task), _checks(state, task, now)]
    shown = [part for part in parts if part]
    return Group(Text("\n") + task_title(state, task), *(Padding(p, (0, 0, 0, 4)) for p in shown))


def task_title(state: GoalState, task: Task) -> Text:
    status = task_status(state, task)
    mark, style = MARKS[status]
    text = Text(f"{mark} ", style=style)
    text.append(f"{short(task.contract.task_id)} ", style="bold")
    text.append(legible(task.contract.title))
    return text.append(f"  {status}", style=style)


def _description(state: GoalState, task: Task) -> RenderableType:
    contract = task.contract
    said = [contract.description] if contract.kind is not TaskKind.PLAN else []
    said += [f"targets: {', '.join(contract.targets)}"] if contract.targets else []
    said += [f"may touch: {', '.join(contract.touch)}"] if contract.touch else []
    said += [f"after {', '.join(map(short, contract.after))}"] if contract.after else []
    said += [task.phase.reason] if isinstance(task.phase, Dropped) else []
    return Text("\n").join(cell(each, "dim", 600) for each in said if each)


def _attempts(state: GoalState, task: Task, now: int) -> RenderableType:
    found = attempts_of(state, task)
    if not found:
        return ""
    table = plain_table("attempt", "agent", "outcome", "cost", "time", "")
    for attempt in found:
        table.add_row(
            short(attempt.attempt_id),
            cell(_named(attempt.agent_id, attempt.strategy)),
            cell(attempt.outcome),
            money(attempt.spent),
            lasted(attempt_ms(attempt, now)),
            cell(_said(attempt)),
        )
    return table


def _said(attempt: Attempt) -> str:
    if attempt.report is not None:
        return attempt.report.summary
    return attempt.reason or attempt.title


def bids(task: Task) -> RenderableType:
    """What was offered, and why it was taken or not."""
    found, silent = bids_on(task), unfit(task)
    if not found:
        return Text("\n").join(cell(each, "dim", 400) for each in silent) if silent else ""
    table = plain_table("bid", "price", "time", "claims", "counts as", "index", "", whole=True)
    for bid in found:
        verdict = verdict_on(task, bid)
        table.add_row(
            cell(_named(bid.agent_id, bid.strategy)),
            money(bid.price),
            f"{bid.seconds} s",
            percent(bid.probability_claimed),
            percent(bid.probability_used),
            money(bid.index),
            cell(verdict, "green" if verdict == "won" else "dim"),
        )
    return Group(table, *(cell(each, "dim", 400) for each in silent)) if silent else table


def _named(agent: str, strategy: str) -> str:
    """The agent, and its way of working where the name does not say it."""
    return agent if strategy in agent else f"{agent} ({strategy})"


def _findings(task: Task) -> RenderableType:
    return Text("\n").join(
        cell(f"found: {finding.message}{_place(finding.path, finding.line)}", "yellow", 400)
        for finding in task.findings
    )


def _place(path: str, line: int) -> str:
    return f" ({path}:{line})" if path else ""


def _checks(state: GoalState, task: Task, now: int) -> RenderableType:
    found = tuple(checks_of(state, task.contract.task_id))
    return _answers(state, found, now) if found else ""


def _answers(state: GoalState, checks: Iterable[Task], now: int) -> Table:
    table = plain_table("check", "by", "verdict", "time", "")
    for check in checks:
        status = task_status(state, check)
        ended = attempts_of(state, check)
        last = ended[-1] if ended else None
        table.add_row(
            cell(check.contract.aspect),
            cell(last.agent_id if last else ""),
            cell(status, MARKS[status][1]),
            lasted(attempt_ms(last, now)) if last else "",
            cell(_said(last) if last else ""),
        )
    return table


# The whole --------------------------------------------------------------------------------------


def votes(state: GoalState) -> RenderableType:
    if not state.rounds:
        return ""
    return Group(*_rounds(state))


def _rounds(state: GoalState) -> Iterator[RenderableType]:
    for current in state.rounds:
        policy = current.policy
        rule = (
            f"{policy.threshold} yes of different principals,"
            f" {count(policy.testers, 'of them a tester', 'of them testers')}"
        )
        yield section(f"Vote {current.subject.round}", ballots(current), cell(rule, "dim"))
        if current.denied:
            yield Padding(cell(f"denied: {current.denied}", "red", 400), (0, 0, 0, 2))
        elif state.certificate and state.certificate.subject == current.subject:
            yield Padding(Text("quorum reached", style="green"), (0, 0, 0, 2))


def ballots(current: Round) -> Table:
    table = plain_table("voter", "answers for it", "role", "vote", "evidence")
    for ballot in current.ballots:
        table.add_row(
            cell(ballot.voter),
            cell(principal_of(current, ballot)),
            ballot.role,
            cell(ballot.choice, {"yes": "green", "no": "red"}.get(ballot.choice, "yellow")),
            ballot.evidence[:12],
        )
    return table


def principal_of(current: Round, ballot: Ballot) -> str:
    return next((v.principal for v in current.policy.roster if v.agent_id == ballot.voter), "")


def _guidance(state: GoalState) -> RenderableType:
    if not state.guidance:
        return ""
    return section("You said", *(cell(text, most=600) for text in state.guidance))


def times(state: GoalState, now: int) -> RenderableType:
    told = " · ".join(f"{stage} {lasted(spent)}" for stage, spent in stages(state, now))
    if not told:
        return ""
    return section(
        "Time at work", Text(f"{told} · from begin to end {lasted(total_ms(state, now))}")
    )
