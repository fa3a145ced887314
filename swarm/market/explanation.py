"""A clearing in sentences, with the figures that decided."""

from collections.abc import Iterator

from swarm.domain.clearings import Award, Clearing, Reason, ScoredBid
from swarm.domain.money import dollars
from swarm.domain.names import TaskId

_WHY: dict[Reason, str] = {
    "lower index": "another comes first",
    "no positive index": "trying it would cost more than it is worth",
    "over budget": "its price is above what is left of the budget",
    "too slow": "it would take longer than one attempt may",
    "capacity": "it has no free slot, or gains more elsewhere",
    "slots": "enough writers are at work already",
    "conflict": "somebody works on what the task may touch",
    "excluded author": "it wrote what is to be checked, or has already failed here",
    "tried": "its strategy has already failed here, and others are worth trying",
    "waits for dependency": "the task waits for another one",
    "not by the rule": "the fixed rule names another, or nobody",
    "not announced": "no such task is announced",
}


def explain(clearing: Clearing, task_id: TaskId) -> tuple[str, ...]:
    """Who gets the task and why, then every other bid and why not; highest index first."""
    award = next((each for each in clearing.awards if each.task_id == task_id), None)
    return (_verdict(clearing, task_id, award), *_bids(clearing, task_id, award))


def _verdict(clearing: Clearing, task_id: TaskId, award: Award | None) -> str:
    if award is not None:
        return (
            f"{award.agent_id} ({award.strategy}) tries {task_id} for {dollars(award.price)} "
            f"and {award.seconds} s, by the rule {clearing.rule}."
        )
    if task_id in clearing.hopeless:
        return f"Nobody should do {task_id}: no bid is worth its cost, or there is none."
    return f"{task_id} waits: it is given to nobody this time."


def _bids(clearing: Clearing, task_id: TaskId, award: Award | None) -> Iterator[str]:
    reasons = {each.agent_id: each.reason for each in clearing.refusals if each.task_id == task_id}
    scores = [score for score in clearing.scores if score.task_id == task_id]
    for score in sorted(scores, key=lambda score: (-score.index, score.agent_id)):
        won = award is not None and award.agent_id == score.agent_id
        reason = "tries it" if won else _WHY[reasons[score.agent_id]]
        yield f"{score.agent_id}: {_figures(score)}; {reason}."


def _figures(score: ScoredBid) -> str:
    return (
        f"index {dollars(score.index)} = {dollars(score.reward)} if accepted "
        f"- {dollars(score.cost)} / {_percent(score.accept)} chance of acceptance "
        f"({_percent(score.probability_used)} right, claimed {_percent(score.probability_claimed)})"
    )


def _percent(ppm: int) -> str:
    """One decimal, rounded down, without a float."""
    tenths = ppm // 1000
    return f"{tenths // 10}.{tenths % 10} %"
