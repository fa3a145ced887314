"""What a goal would cost: planned and offered for real, in a state folder that is thrown away.

The plan is made (the suite is run once) and the market clears; nobody begins to write. Chances are
multiplied as if attempts failed independently of each other, which flatters them: agents tend to fail
at the same things.
"""

import tempfile
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import leave
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.keeping import Keeper
from swarm.cli.orders import nap, new_command_id
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.standing import bids_on
from swarm.cli.watching import Watch
from swarm.cli.words import cell, lasted, percent, short
from swarm.coordination.public_api import GoalState, SubmitGoal, Task
from swarm.domain.clearings import ScoredBid
from swarm.domain.goals import Goal
from swarm.domain.money import CERTAIN, dollars
from swarm.domain.tasks import TaskKind


@dataclass(frozen=True, slots=True)
class Forecast:
    """Who would try a task in which order, and what comes of it on average."""

    task: Task
    tries: tuple[ScoredBid, ...]
    cost: int
    seconds: int
    chance: int


def show_estimate(session: Session, goal: Goal) -> int:
    """Exit code 0 when there is something to try; else as the goal would end."""
    with tempfile.TemporaryDirectory(prefix="swarm-estimate-", ignore_cleanup_errors=True) as name:
        trial = open_session(overrides={"home": name}, as_json=session.as_json, make=True)
        session.err.print("Running the suite once to plan; nothing is changed.")
        state = planned(trial, goal)
    forecasts = tuple(forecast(task) for task in state.of_kind(TaskKind.WRITE))
    session.show(_view(state, forecasts), _document(state, forecasts))
    if forecasts:
        return DONE
    from swarm.cli.running import code_of

    return code_of(state)


def planned(trial: Session, goal: Goal) -> GoalState:
    """The goal as soon as the market has spoken of every task of its plan, or has ended before."""
    keeper = Keeper(trial.places, "inline", None)
    watch = Watch(trial.places)
    leave(trial.places.inbox, SubmitGoal(command_id=new_command_id(), goal=goal))
    try:
        while not _is_known(watch.catch_up().goals.get(goal.goal_id)):
            keeper.keep()
            nap()
        return watch.goals[goal.goal_id]
    finally:
        watch.close()
        keeper.end()


def _is_known(state: GoalState | None) -> bool:
    if state is None:
        return False
    writes = tuple(state.of_kind(TaskKind.WRITE))
    spoken_of = all(task.clearing is not None or task.is_final for task in writes)
    return state.status.is_final or (bool(writes) and spoken_of)


def forecast(task: Task) -> Forecast:
    """Bids that are worth trying, one after the other, until one succeeds."""
    tries = tuple(bid for bid in bids_on(task) if bid.index > 0)
    cost = seconds = 0
    open_still = CERTAIN
    for bid in tries:
        cost += bid.price * open_still // CERTAIN
        seconds += bid.seconds * open_still // CERTAIN
        open_still = open_still * (CERTAIN - bid.probability_used) // CERTAIN
    return Forecast(task, tries, cost, seconds, CERTAIN - open_still)


def _view(state: GoalState, forecasts: tuple[Forecast, ...]) -> RenderableType:
    if not forecasts:
        return cell(f"Nothing would be tried: {state.reason}", "yellow", 600)
    table = plain_table("task", "what", "would be tried, in this order", "cost", "time", "chance")
    for each in forecasts:
        table.add_row(
            short(each.task.contract.task_id),
            cell(each.task.contract.title, most=60),
            cell(", ".join(bid.strategy for bid in each.tries) or "nobody: not worth it"),
            dollars(each.cost),
            lasted(1000 * each.seconds),
            percent(each.chance),
        )
    return Group(table, _sum(state, forecasts))


def _sum(state: GoalState, forecasts: tuple[Forecast, ...]) -> Text:
    cost = sum(each.cost for each in forecasts)
    return cell(
        f"Together about {dollars(cost)} of {dollars(state.goal.budget)} for writing."
        f" Planning took {dollars(state.spent)}; each result is checked three times at about as"
        " much. Chances are as the market counts them, as if failures had nothing in common.",
        "dim",
        600,
    )


def _document(state: GoalState, forecasts: tuple[Forecast, ...]) -> Json:
    return {
        "goal": {"text": state.goal.text, "status": state.status, "reason": state.reason},
        "base": state.goal.base,
        "estimate": True,
        "plan_micro_usd": state.spent,
        "budget_micro_usd": state.goal.budget,
        "tasks": [
            {
                "title": each.task.contract.title,
                "targets": list(each.task.contract.targets),
                "tries": [bid.strategy for bid in each.tries],
                "cost_micro_usd": each.cost,
                "seconds": each.seconds,
                "chance_ppm": each.chance,
            }
            for each in forecasts
        ],
    }
