"""Other rules over the tasks of one goal, or of all: as a table, and as a document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from random import Random

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.cli.documents import Json
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.watching import find_goal
from swarm.cli.words import cell
from swarm.coordination.public_api import GoalState, rebuild
from swarm.domain.clearings import ScoredBid
from swarm.domain.errors import Rejected
from swarm.domain.events import Event, MarketCleared
from swarm.domain.money import CERTAIN, USD
from swarm.domain.names import GoalId, TaskId
from swarm.domain.tasks import TaskKind
from swarm.journal.public_api import read_only
from swarm.market.public_api import Replay, replay

USUAL = ("market", "best-of-2", "confidence-per-cost", "fifo")
NOTE = (
    "Estimates by the market's own model: from the chances, rewards and costs on record when each task"
    " was first cleared, tries counted as independent. What was not tried has no outcome on record."
    " Intervals of 95 % are over tasks."
)


def replay_rules(
    name: str | None, *, everything: bool, rules: tuple[str, ...], seed: str, as_json: bool
) -> None:
    if (name is None) != everything:
        raise Rejected("say which goal, or --all", advice="swarm market replay g-7k2m9x")
    session = open_session(as_json=as_json)
    goals, events = _read(session)
    wanted = None if name is None else find_goal(goals, name).goal.goal_id
    cleared = _first_clearings(goals, events, wanted)
    told = [replay(cleared, rule, Random(f"{seed} {rule}")) for rule in rules or USUAL]
    rows: list[Json] = [asdict(each) for each in told]
    session.show(_view(told), {"estimate": "model", "note": NOTE, "rules": rows})


def usual_rules(session: Session) -> tuple[Replay, ...]:
    """The usual rules over all tasks on record; none where there is no task."""
    goals, events = _read(session)
    cleared = _first_clearings(goals, events, None)
    return tuple(replay(cleared, rule, Random(rule)) for rule in USUAL) if cleared else ()


def _read(session: Session) -> tuple[dict[GoalId, GoalState], list[Event]]:
    if not (session.places.journal / "journal.db").is_file():
        return {}, []
    follower = read_only(session.places.journal)
    try:
        events = [record.event for record in follower.read()]
    finally:
        follower.close()
    return dict(rebuild(iter(events))), events


def _first_clearings(
    goals: Mapping[GoalId, GoalState], events: Sequence[Event], wanted: GoalId | None
) -> dict[TaskId, tuple[ScoredBid, ...]]:
    """The bids for each write task when it was first cleared."""
    found: dict[TaskId, tuple[ScoredBid, ...]] = {}
    for event in events:
        if not isinstance(event, MarketCleared) or event.goal_id not in goals:
            continue
        if wanted is not None and event.goal_id != wanted:
            continue
        tasks = goals[event.goal_id].tasks
        for task_id in {score.task_id for score in event.clearing.scores} - found.keys():
            if task_id in tasks and tasks[task_id].contract.kind is TaskKind.WRITE:
                scores = event.clearing.scores
                found[task_id] = tuple(each for each in scores if each.task_id == task_id)
    return found


def _view(told: Sequence[Replay]) -> RenderableType:
    table = plain_table(
        "rule", "utility", "from", "to", "accepted", "cost", "tries", "tasks", whole=True
    )
    for each in told:
        table.add_row(
            cell(each.rule, most=48),
            f"{each.utility / USD:.3f}",
            f"{each.low / USD:.3f}",
            f"{each.high / USD:.3f}",
            f"{each.accepted / CERTAIN:.3f}",
            f"{each.cost / USD:.4f}",
            f"{each.tries / CERTAIN:.2f}",
            str(each.tasks),
        )
    return Group(Text("Means for one task, in dollars:\n"), table, cell(NOTE, "dim", most=600))
