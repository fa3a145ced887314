"""The last screen of a run: the pull request as a reviewer reads it, or why there is none. Pure."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from swarm.cli.page import MARKS, bids, plain_table, section, task_title, times, votes
from swarm.cli.standing import attempts_of, is_own
from swarm.cli.words import STYLES, cell, count, legible, money, paragraph, short
from swarm.coordination.public_api import Dropped, GoalState, Task
from swarm.domain.goals import GoalStatus
from swarm.domain.tasks import TaskKind
from swarm.forge.public_api import visible

DIFF_LINES = 60
"""A longer change is counted, not shown."""

_FOLD = re.compile(r"<details><summary>(.*?)</summary>")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a goal would change: the pull request's text, and the change itself if it is at hand."""

    title: str
    body: str
    counts: tuple[tuple[str, int, int], ...] = ()
    """Path, lines added, lines removed."""

    diff: str = ""


Steps = tuple[tuple[str, str], ...]
"""Commands worth typing, each with its purpose."""

NextSteps = Callable[[GoalState], Steps]


def ending(state: GoalState, now: int, proposal: Proposal | None, steps: Steps) -> Group:
    """What came of a goal, what it cost, and what to type next."""
    parts: list[RenderableType] = [_verdict(state)]
    if proposal is not None:
        parts.append(pull_request(proposal, DIFF_LINES))
    parts += [_tried(state), votes(state), times(state, now), _money(state), _next(steps)]
    return Group(*(part for part in parts if part))


def _verdict(state: GoalState) -> Text:
    text = Text(f"\n{state.status.upper()} ", style=f"bold {STYLES[state.status]}")
    text.append(legible(state.reason or state.goal.text, 600))
    return text


# The pull request -------------------------------------------------------------------------------


def pull_request(proposal: Proposal, most_lines: int, *, folded: bool = True) -> RenderableType:
    """`folded`: leave out what the body folds away."""
    from rich.markdown import Markdown  # long to read, and wanted last

    body = proposal.body.split("<details>", 1)[0] if folded else unfolded(proposal.body)
    parts: list[RenderableType] = [Markdown(paragraph(body), hyperlinks=False)]
    if proposal.counts:
        parts.append(_counts(proposal.counts))
    if 0 < len(proposal.diff.splitlines()) <= most_lines:
        parts.append(diff(proposal.diff))
    return section(legible(proposal.title), *parts)


def unfolded(body: str) -> str:
    return _FOLD.sub(r"\n### \1\n", body).replace("</details>", "")


def _counts(counts: Sequence[tuple[str, int, int]]) -> RenderableType:
    table = plain_table("file", "", "")
    for path, added, removed in counts:
        plus, minus = Text(f"+{added}", style="green"), Text(f"-{removed}", style="red")
        table.add_row(cell(path), plus, minus)
    return table


def diff(patch: str) -> Text:
    """A patch in colours, every line of it as it is read, not as a terminal would obey it."""
    return Text("\n").join(_diff_line(line) for line in patch.splitlines())


def copyable(patch: str) -> Segments:
    """The same, with tabs kept and no line broken: what a terminal wraps itself can be copied."""
    lines = patch.split("\n")[:-1]
    return Segments(Segment(f"{visible(line)}\n", _diff_style(line)) for line in lines)


def _diff_line(line: str) -> Text:
    return Text(paragraph(line).replace("\t", "    "), style=_diff_style(line))


def _diff_style(line: str) -> Style:
    styles = {"+++": "bold", "---": "bold", "dif": "bold", "ind": "dim", "@@ ": "cyan"}
    return Style.parse(
        styles.get(line[:3]) or {"+": "green", "-": "red"}.get(line[:1], "") or "none"
    )


# Who did what -----------------------------------------------------------------------------------


def _tried(state: GoalState) -> RenderableType:
    tasks = [t for t in state.of_kind(TaskKind.WRITE) if is_own(t)]
    if not tasks:
        return ""
    return section("Who tried what", *(part for task in tasks for part in _task(state, task)))


def _task(state: GoalState, task: Task) -> Iterator[RenderableType]:
    yield task_title(state, task)
    if isinstance(task.phase, Dropped):
        yield Padding(cell(task.phase.reason, "red", 400), (0, 0, 0, 2))
    yield Padding(_attempts(state, task), (0, 0, 0, 2))
    yield Padding(bids(task) or Text("nobody made an offer", style="dim"), (0, 0, 0, 2))


def _attempts(state: GoalState, task: Task) -> Text:
    told = []
    for attempt in attempts_of(state, task):
        outcome = Text(f"{short(attempt.attempt_id)} {legible(attempt.agent_id)}: ")
        style = MARKS.get(attempt.outcome, ("", "yellow"))[1]
        outcome.append(attempt.outcome, style=style)
        said = attempt.reason or attempt.title
        outcome.append(f" after {count(len(attempt.steps), 'step')}, {money(attempt.spent)}")
        told.append(outcome.append(f"  {legible(said, 300)}" if said else "", style="dim"))
    return Text("\n").join(told)


def _money(state: GoalState) -> RenderableType:
    checks = sum(a.spent for a in state.attempts.values() if not is_own(state.tasks[a.task_id]))
    return section(
        "Cost",
        Text(
            f"{money(state.spent)} of {money(state.goal.budget)} ({money(checks)} of it for checks)"
        ),
    )


# What next --------------------------------------------------------------------------------------


def _next(steps: Steps) -> RenderableType:
    """Each command on one line, however long: what a terminal wraps itself can be copied."""
    text = Text(no_wrap=True, overflow="ignore")
    for number, (command, purpose) in enumerate(steps):
        text.append("\n" if number else "")
        text.append(f"{legible(command, 400):<46}", style="cyan")
        text.append(f"  # {purpose}", style="dim")
    return Group(Text("\nNext", style="bold"), text) if steps else ""


def next_steps(state: GoalState) -> Steps:
    """Commands worth typing now, and what for."""
    goal_id = state.goal.goal_id
    if state.published is not None:
        number, branch = state.published.number, state.published.branch
        where = shlex.quote(state.goal.repository)
        if state.goal.tracker is not None:
            return (
                (state.goal.tracker.page_of(number), "read it, then merge or close it there"),
                (f"swarm verify {goal_id} --rerun", "execute the evidence again"),
            )
        return (
            (f"swarm pr diff {number}", "see the whole change"),
            (f"git -C {where} merge {branch}", "take it"),
            (f"swarm pr apply {number}", "try it in your work tree, uncommitted"),
            (f"swarm verify {goal_id} --rerun", "execute the evidence again"),
        )
    if state.status is GoalStatus.PAUSED:
        return ((f"swarm play {goal_id}", "go on"), (f"swarm stop {goal_id}", "give it up"))
    if state.questions:
        answer = (f'swarm say {goal_id} "ANSWER"', "answer what an agent asks")
        return (answer, (f"swarm stop {goal_id}", "give it up"))
    show = (f"swarm show {goal_id}", "everything that was tried")
    if state.status.is_final:
        return (show, *_remedies(state))
    return (("swarm resume", "go on"), show)


def _remedies(state: GoalState) -> Iterator[tuple[str, str]]:
    where = shlex.quote(state.goal.repository)
    again = f"swarm run {shlex.quote(legible(state.goal.text, 100))} --repo {where}"
    if state.cause == "budget":
        yield f"{again} --budget {state.goal.budget * 3 // 1_000_000 or 1}", "with more money"
    elif state.cause == "time":
        yield f"{again} --minutes {state.goal.seconds * 3 // 60}", "with more time"
    elif "model engine" in state.reason:
        yield f"swarm run --fix-failing --repo {where}", "what swarm can do without a model"
    elif "No module named" in state.reason:
        yield f"swarm env show --repo {where}", "what the tests need, and what they run with"
        yield f"swarm env build --repo {where}", "build what they need"
    elif state.cause == "environment":
        yield "swarm doctor", "what this machine lacks"
