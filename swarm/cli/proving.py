"""Let others check: a goal's record, or a change of the user's own."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import Places
from swarm.actors.working_api import CheckVerdict, check_change, verify_goal
from swarm.cli.documents import Json
from swarm.cli.failing import DONE, FAILED, WAITS
from swarm.cli.page import plain_table
from swarm.cli.session import open_session
from swarm.cli.watching import Watch, find_goal
from swarm.cli.words import cell, lines
from swarm.domain.errors import Rejected
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding


def verify(name: str, *, rerun: bool, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    goal_id, problems = _problems(session.places, name, rerun=rerun)
    document: Json = {"goal": goal_id, "rerun": rerun, "holds": not problems, "problems": problems}
    session.show(_verified(goal_id, problems, rerun=rerun), document)
    return FAILED if problems else DONE


def _problems(places: Places, name: str, *, rerun: bool) -> tuple[str, tuple[str, ...]]:
    """Of a goal, and its full name where the journal can be read at all."""
    watch = Watch(places)
    try:
        watch.catch_up()
    except Rejected as error:
        return name, (f"the journal: {error}",)
    goal_id = find_goal(watch.goals, name).goal.goal_id
    return goal_id, verify_goal(places, goal_id, rerun)


def _verified(goal_id: str, problems: tuple[str, ...], *, rerun: bool) -> RenderableType:
    if problems:
        return Group(Text(f"{goal_id}: the record does not hold", style="red"), lines(problems))
    again = "; the evidence came out the same again" if rerun else ""
    told = f"{goal_id}: journal, signatures, votes and evidence hold{again}"
    return Text(told, style="green")


def check(
    change: str,
    repository: Path,
    base: str | None,
    test: str | None,
    targets: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    session = open_session(as_json=as_json)
    verdict = check_change(
        session.settings,
        repository=repository.absolute(),
        change=change,
        base=base,
        test=test,
        targets=tuple(TestId(target) for target in targets),
    )
    session.show(_checked(verdict), _document(verdict))
    if verdict.accepted:
        return DONE
    return WAITS if verdict.unsure else FAILED


def _checked(verdict: CheckVerdict) -> RenderableType:
    table = plain_table("check", "verdict", "")
    for aspect, report in verdict.reports.items():
        table.add_row(cell(aspect), report.verdict, cell(report.summary))
    parts: list[RenderableType] = [_head(verdict), table]
    for title, style, told in _sorted(verdict.findings):
        if told:
            parts += [Text(f"\n{title}", style=style), lines([_told(each) for each in told])]
    return Group(*parts)


def _head(verdict: CheckVerdict) -> Text:
    if verdict.accepted:
        return Text("accepted", style="bold green")
    if verdict.unsure:
        return Text(
            "a person must look: nothing is against it, and not all is known", "bold yellow"
        )
    return Text("refused", style="bold red")


def _sorted(findings: tuple[Finding, ...]) -> tuple[tuple[str, str, list[Finding]], ...]:
    notes = [each for each in findings if not each.blocks and not each.asks]
    return (
        ("against it:", "red", [each for each in findings if each.blocks]),
        ("to look at:", "yellow", [each for each in findings if each.asks]),
        ("notes:", "", notes),
    )


def _told(finding: Finding) -> str:
    """With its place, as far as that is known."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path or finding.test or ""
    return f"  {finding.rule}: {finding.message}" + (f" ({place})" if place else "")


def _document(verdict: CheckVerdict) -> Json:
    return {
        "accepted": verdict.accepted,
        "unsure": verdict.unsure,
        "reports": {name: r.model_dump(mode="json") for name, r in verdict.reports.items()},
        "findings": [finding.model_dump(mode="json") for finding in verdict.findings],
    }
