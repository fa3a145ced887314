"""What programs read: one JSON document for each command. Pure.

Texts are as they are in the journal; whoever shows them makes them harmless.
"""

from collections.abc import Container, Iterable, Mapping, Sequence

from swarm.cli.isolation import Walls, blocked_of
from swarm.cli.standing import attempts_of, bids_on, task_status, total_ms, unfit, verdict_on, waits
from swarm.cli.steps import NumberedStep, steps_of
from swarm.coordination.public_api import Attempt, GoalState, Round, Task
from swarm.domain.clearings import ScoredBid
from swarm.domain.errors import SwarmError
from swarm.domain.names import GoalId

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Unlike what is signed, what is shown may hold fractions."""


def goal_document(
    state: GoalState, now: int, *, body: str, runtime: str, walls: Walls
) -> dict[str, Json]:
    """Everything about one goal."""
    return {
        "goal": {
            "id": state.goal.goal_id,
            "text": state.goal.text,
            "repository": state.goal.repository,
            "status": state.status,
            "reason": state.reason,
            "cause": state.cause,
        },
        "base": state.goal.base,
        "partial": state.intended is not None and state.intended.partial,
        "pull_request": _pull_request(state, body),
        "tasks": [_task(state, task, now) for task in state.tasks.values()],
        "ballots": [each for current in state.rounds for each in _ballots(current)],
        "spent_micro_usd": state.spent,
        "budget_micro_usd": state.goal.budget,
        "seconds": _seconds(total_ms(state, now)),
        "runtime": runtime,
        "sandbox_mode": walls.mode,
        "sandbox": {
            "mode": walls.mode,
            "not_held": walls.unheld,
            "limits": walls.limits,
            "blocked": [each.model_dump(mode="json") for each in blocked_of(state)],
        },
    }


def steps_document(state: GoalState, positions: Mapping[tuple[GoalId, int], int]) -> Json:
    """`positions` of the records of steps in the journal, by goal and number."""
    return [_step(state.goal.goal_id, each, positions) for each in steps_of(state)]


def _step(goal_id: GoalId, each: NumberedStep, positions: Mapping[tuple[GoalId, int], int]) -> Json:
    step = each.mark.step
    return {
        "step": each.number,
        "before": each.mark.before,
        "attempt": each.mark.attempt_id,
        "number": step.number,
        "action": step.action,
        "at_ms": each.mark.at,
        "undone": not each.stands,
        "cost_micro_usd": step.cost,
        "checkpoint": {
            "tree": step.tree,
            "sandbox": step.checkpoint.sandbox if step.checkpoint else "",
            "knowledge": step.checkpoint.knowledge if step.checkpoint else None,
            "record": positions.get((goal_id, each.number)),
        },
    }


def overview_document(
    goals: Iterable[GoalState], now: int, alive: bool, gone: Container[GoalId] = ()
) -> dict[str, Json]:
    told = [_brief(state, now, alive, state.goal.goal_id in gone) for state in goals]
    return {"running": alive, "goals": told}


def error_document(error: SwarmError, code: int) -> dict[str, Json]:
    kind = type(error).__name__
    return {
        "error": {"kind": kind, "message": str(error), "advice": error.advice, "exit_code": code}
    }


def _brief(state: GoalState, now: int, alive: bool, gone: bool) -> Json:
    return {
        "id": state.goal.goal_id,
        "text": state.goal.text,
        "repository": state.goal.repository,
        "repository_gone": gone,
        "status": state.status,
        "reason": state.reason,
        "open": not state.status.is_final,
        "waits": [
            {"what": wait.what, "why": wait.why, "do": wait.todo}
            for wait in waits(state, now, alive, gone)
        ],
        "pull_request": state.published.number if state.published else None,
        "landed": state.landed,
        "spent_micro_usd": state.spent,
        "submitted_at_ms": state.submitted_at,
    }


def _pull_request(state: GoalState, body: str) -> Json:
    if state.published is None or state.intended is None:
        return None
    certificate = state.certificate
    return {
        "number": state.published.number,
        "branch": state.published.branch,
        "head": state.published.head,
        "tree": state.intended.tree,
        "title": state.intended.title,
        "body": body,
        "landed": state.landed,
        "certificate": certificate.model_dump(mode="json") if certificate else None,
    }


def _task(state: GoalState, task: Task, now: int) -> Json:
    contract = task.contract
    return {
        "id": contract.task_id,
        "kind": contract.kind,
        "aspect": contract.aspect,
        "of": contract.subject.of if contract.subject else None,
        "title": contract.title,
        "status": task_status(state, task),
        "targets": list(contract.targets),
        "after": list(contract.after),
        "attempts": [_attempt(attempt, now) for attempt in attempts_of(state, task)],
        "bids": [_bid(task, bid) for bid in bids_on(task)],
        "did_not_bid": list(unfit(task)),
        "findings": [finding.model_dump(mode="json") for finding in task.findings],
    }


def _attempt(attempt: Attempt, now: int) -> Json:
    return {
        "id": attempt.attempt_id,
        "agent": attempt.agent_id,
        "strategy": attempt.strategy,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "cost_micro_usd": attempt.spent,
        "seconds": _seconds((attempt.ended_at or now) - attempt.granted_at),
        "steps": [
            {"number": step.number, "action": step.action, "seconds": _seconds(step.seconds_ms)}
            for step in attempt.steps
        ],
    }


def _bid(task: Task, bid: ScoredBid) -> Json:
    return {
        "agent": bid.agent_id,
        "strategy": bid.strategy,
        "price_micro_usd": bid.price,
        "seconds": bid.seconds,
        "probability_claimed_ppm": bid.probability_claimed,
        "probability_used_ppm": bid.probability_used,
        "index": bid.index,
        "verdict": verdict_on(task, bid),
    }


def _ballots(current: Round) -> list[Json]:
    principals = {voter.agent_id: voter.principal for voter in current.policy.roster}
    return [
        {
            "round": current.subject.round,
            "voter": ballot.voter,
            "principal": principals.get(ballot.voter, ""),
            "role": ballot.role,
            "choice": ballot.choice,
            "evidence": ballot.evidence,
        }
        for ballot in current.ballots
    ]


def _seconds(milliseconds: int) -> float:
    return max(milliseconds, 0) / 1000
