"""What a goal would cost, shown before anything is spent on it."""

from rich.console import Group, RenderableType

from swarm.actors.working_api import Estimate, estimate_goal
from swarm.cli.documents import Json
from swarm.cli.failing import DONE, WAITS
from swarm.cli.page import plain_table
from swarm.cli.session import Session
from swarm.cli.words import cell, count, lasted, money, percent, short
from swarm.domain.goals import Goal


def show_estimate(session: Session, goal: Goal) -> int:
    """Exit code 0 when there is something to try, 3 when a person has to say more."""
    session.err.print("Running the suite twice, in sandboxes; nothing is changed.")
    estimate = estimate_goal(goal, session.settings, session.err.print)
    session.show(view(goal, estimate), document(goal, estimate))
    return DONE if estimate.tasks else WAITS


def view(goal: Goal, estimate: Estimate) -> RenderableType:
    """Who would try what, and the sums."""
    suite = cell(f"{estimate.failing} of {count(estimate.suite_tests, 'test')} red", "bold")
    if not estimate.tasks:
        why = cell(f"Nothing would be tried: {estimate.refusal}", "yellow", 600)
        return Group(suite, why) if estimate.suite_tests else why
    table = plain_table("task", "what", "would try it, in this order", "cost", "time", "chance")
    for task in estimate.tasks:
        table.add_row(
            short(task.contract.task_id),
            cell(task.contract.title, most=60),
            cell(", ".join(bid.strategy for bid in task.order) or "nobody: not worth it"),
            money(task.cost),
            lasted(1000 * task.seconds),
            percent(task.probability),
        )
    return Group(suite, table, cell(_sum(goal, estimate), most=600))


def _sum(goal: Goal, estimate: Estimate) -> str:
    return (
        f"Together about {money(estimate.cost)} of {money(goal.budget)} and"
        f" {lasted(1000 * estimate.seconds)} of writing, with a chance of"
        f" {percent(estimate.probability)} for everything; planning and checks come on top."
        " Chances are the market's, as if failures had nothing in common."
    )


def document(goal: Goal, estimate: Estimate) -> Json:
    return {
        "estimate": True,
        "goal": {"text": goal.text, "repository": goal.repository},
        "base": goal.base,
        "refusal": estimate.refusal,
        "failing_tests": estimate.failing,
        "suite_tests": estimate.suite_tests,
        "cost_micro_usd": estimate.cost,
        "budget_micro_usd": goal.budget,
        "seconds": estimate.seconds,
        "chance_ppm": estimate.probability,
        "tasks": [
            {
                "title": task.contract.title,
                "targets": list(task.contract.targets),
                "tries": [bid.strategy for bid in task.order],
                "cost_micro_usd": task.cost,
                "seconds": task.seconds,
                "chance_ppm": task.probability,
            }
            for task in estimate.tasks
        ],
    }
