"""A clearing in sentences, with the figures that decided."""

from collections.abc import Iterator

from swarm.domain.clearings import Award, Clearing, Reason, ScoredBid
from swarm.domain.money import USD, MicroUsd, dollars
from swarm.domain.names import TaskId
from swarm.domain.purchases import OfferedCheck, Purchase

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
    """Who gets the task and why, then every other bid and why not; highest index first; then who
    did not bid, and why.
    """
    award = next((each for each in clearing.awards if each.task_id == task_id), None)
    unfit = (each for each in clearing.declined if each.task_id == task_id)
    told = (f"{each.agent_id} did not bid: {each.reason} ({each.told})." for each in unfit)
    return (_verdict(clearing, task_id, award), *_bids(clearing, task_id, award), *told)


def _verdict(clearing: Clearing, task_id: TaskId, award: Award | None) -> str:
    if award is not None:
        return (
            f"{award.agent_id} ({award.strategy}) tries {task_id} for {_dollars(award.price)} "
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
        f"index {_dollars(score.index)} = {_dollars(score.reward)} if accepted "
        f"- {_dollars(score.cost)} / {_percent(score.accept)} chance of acceptance "
        f"({_percent(score.probability_used)} right, claimed {_percent(score.probability_claimed)}; "
        f"asks {_dollars(score.price)} and {score.seconds} s)"
    )


def explain_checks(bought: Purchase) -> tuple[str, ...]:
    """Which checks were bought of a submission, and why so many."""
    taken = [each for each in bought.offers if each.bought]
    about = f"Round {bought.round}" if bought.of else "The joined tree"
    head = (
        f"{about}: {len(taken)} checks of {len(bought.offers)} bought, for {_dollars(sum(e.price for e in taken))}. "
        f"It is right with {_percent(bought.probability)}; a right one is worth {_dollars(bought.value)}, a wrong one "
        f"accepted costs {_dollars(bought.wrong_cost)}, a refusal leaves {_dollars(bought.again)}."
    )
    whole = (
        f"Together they accept {_percent(bought.alpha)} of wrong ones and refuse {_percent(bought.beta)} of right "
        f"ones; a point of that alpha is worth {_dollars(bought.point)} here."
    )
    return (head, *map(_offered, bought.offers), whole)


def _offered(offer: OfferedCheck) -> str:
    kin = f", shares {_percent(offer.shared)} of its opinion with {offer.kin}" if offer.kin else ""
    if offer.required:
        why = f"asked, since the vote needs it (it adds {_dollars(offer.gain)})"
    elif offer.bought:
        why = f"bought: it adds {_dollars(offer.gain)} after its price"
    else:
        why = f"not bought: it would add {_dollars(offer.gain)}"
    return (
        f"{offer.aspect} by {offer.agent_id} for {_dollars(offer.price)}: accepts {_percent(offer.alpha)} of wrong ones, "
        f"refuses {_percent(offer.beta)} of right ones{kin}; {why}."
    )


def _percent(ppm: int) -> str:
    """One decimal, rounded down, without a float."""
    tenths = ppm // 1000
    return f"{tenths // 10}.{tenths % 10} %"


def _dollars(amount: MicroUsd) -> str:
    """What is more than a cent to a hundredth of one: what decides between bids is seldom less."""
    return dollars(round(amount, -2) if abs(amount) >= USD // 100 else amount)
