"""The books of all goals, as a projection: what was deposited, is held, was paid, and who earned what.

Attempts that are over are posted one after the other, then those at work. What a result is worth is what
its task was worth to the user when it was awarded; a pull request that was closed makes it nothing.
"""

from collections.abc import Iterable

from swarm.coordination.state import Attempt, GoalState
from swarm.coordination.worth import banked, grown
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import (
    Ledger,
    begin,
    deposit,
    finish,
    goal_account,
    meter,
    settle,
)


def books(goals: Iterable[GoalState]) -> Ledger:
    ledger = Ledger()
    for state in goals:
        ledger = _goal(deposit(ledger, state.goal.goal_id, state.goal.budget), state)
    return ledger


def _goal(ledger: Ledger, state: GoalState) -> Ledger:
    for attempt in sorted(state.attempts.values(), key=lambda each: (each.is_live, each.epoch)):
        ledger = _attempt(ledger, state, attempt)
    return ledger


def _attempt(ledger: Ledger, state: GoalState, attempt: Attempt) -> Ledger:
    goal_id, name = state.goal.goal_id, attempt.attempt_id
    held = min(attempt.reserved, max(ledger.balance(goal_account(goal_id)), 0))
    ledger = begin(ledger, goal_id, name, attempt.agent_id, held)
    ledger = meter(ledger, name, attempt.spent)
    if attempt.is_live:
        return ledger
    task = state.tasks[attempt.task_id]
    is_work = attempt.outcome == "accepted" and task.contract.kind is TaskKind.WRITE
    waited = attempt.granted_at - state.submitted_at
    worth = grown(banked(state, task), waited) if is_work else 0
    ledger = settle(ledger, name, worth)
    if state.landed:
        ledger = finish(ledger, name, worth if state.landed == "merged" else 0)
    return ledger
