"""What the market is asked, and what its answer comes to: leases granted, hopeless tasks dropped.

Every task goes through the same market: plans, patches and checks. Work that was sent back goes to
the same agent again without a clearing, within the limit of rounds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from swarm.coordination.decide import Events
from swarm.coordination.purchasing import is_passed_over
from swarm.coordination.state import (
    Accepted,
    Attempt,
    Dropped,
    GoalState,
    Leased,
    Open,
    SentBack,
    Task,
)
from swarm.coordination.worth import PATIENCE_SECONDS, grown, not_begun, share
from swarm.domain.bids import AgentCard, Bid, declined, quote
from swarm.domain.clearings import Award, Clearing, Declined
from swarm.domain.events import Event, LeaseGranted, MarketCleared, TaskDropped
from swarm.domain.names import AgentId, TaskId, nth_attempt
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import AtWork, OpenTask, Table, Terms, clear

RESERVE = 3
"""So many times its price may be reserved for an attempt, within what its task may cost."""

LEAST_RESERVE = 600
"""Micro-USD. A price of nothing still needs room for a step."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Who is there to bid, and what the market reckons with."""

    cards: tuple[AgentCard, ...]
    busy: Mapping[AgentId, int]
    """Live leases by agent, over all goals."""

    ready: frozenset[TaskKind]
    """Kinds of work for which everybody who is expected has come: only then is nobody nobody."""

    alpha: int
    beta: int
    rounds: int
    lease_ms: int
    experience: Table = field(default_factory=dict)
    """What was learned of agents, over all goals."""


def award(state: GoalState, exchange: Exchange, at: int) -> Events:
    """Grant what can be granted now; empty when nothing can."""
    if state.paused or state.is_refused or state.status.is_final or state.intended:
        return ()
    if kept := _go_on(state, exchange, at):
        return kept
    if TaskKind.WRITE in exchange.ready and (never := not_begun(state, exchange.cards, at)):
        return never
    tasks = tuple(_open_tasks(state, exchange, at))
    if not tasks:
        return ()
    clearing = _cleared(state, exchange, tasks)
    granted = tuple(_grants(state, exchange, clearing, at))
    dropped = tuple(_drops(state, exchange, clearing, at))
    if not granted and not dropped:
        return ()
    recorded = MarketCleared(at=at, goal_id=state.goal.goal_id, clearing=clearing)
    return (recorded, *granted, *dropped)


# Work that was sent back ------------------------------------------------------------------------


def _go_on(state: GoalState, exchange: Exchange, at: int) -> Events:
    if sum(1 for _ in _at_work(state)) >= state.goal.writers:
        return ()
    for task in state.tasks.values():
        if not isinstance(task.phase, SentBack) or task.rounds > exchange.rounds:
            continue
        before = state.attempts[task.phase.attempt_id]
        card = _card(exchange, before.agent_id)
        reserve = _reserve(state, task, before.price)
        if card is not None and _free(exchange, card) > 0 and reserve > 0:
            return (_regranted(state, exchange, task, before, card, reserve, at),)
    return ()


def _regranted(
    state: GoalState,
    exchange: Exchange,
    task: Task,
    before: Attempt,
    card: AgentCard,
    reserve: int,
    at: int,
) -> LeaseGranted:
    return LeaseGranted(
        at=at,
        goal_id=state.goal.goal_id,
        attempt_id=nth_attempt(task.contract.task_id, len(task.attempts) + 1),
        agent_id=card.agent_id,
        host=card.host,
        strategy=card.strategy,
        family=card.family,
        principal=card.principal,
        epoch=state.epoch + 1,
        price=before.price,
        seconds=before.seconds,
        probability_used=before.probability_used,
        reserved=reserve,
        duration_ms=exchange.lease_ms,
    )


# The market's question --------------------------------------------------------------------------


def _open_tasks(state: GoalState, exchange: Exchange, at: int) -> Iterator[OpenTask]:
    for task in state.tasks.values():
        if isinstance(task.phase, Open) or _is_free_again(state, task, exchange):
            yield _open_task(state, exchange, task, at)


def _is_free_again(state: GoalState, task: Task, exchange: Exchange) -> bool:
    """Sent back too often, or its writer is gone, or there is no money for it to go on."""
    if not isinstance(task.phase, SentBack):
        return False
    before = state.attempts[task.phase.attempt_id]
    return (
        task.rounds > exchange.rounds
        or (_card(exchange, before.agent_id) is None and task.contract.kind in exchange.ready)
        or _reserve(state, task, before.price) == 0
    )


def _open_task(state: GoalState, exchange: Exchange, task: Task, at: int) -> OpenTask:
    contract = task.contract
    writes = contract.kind is TaskKind.WRITE
    worth = grown(share(state, task), at - state.submitted_at) if writes else contract.value
    return OpenTask(
        contract=contract.model_copy(update={"value": worth}),
        wrong_cost=state.goal.wrong_share(contract.value) if writes else 0,
        remaining=_remaining(state, task),
        failures=task.failures if writes else (),
        tried_strategies=tuple(dict.fromkeys(f.strategy for f in task.failures)),
        excluded_agents=tuple(sorted(_excluded(state, exchange, task))),
        waits_for=tuple(n for n in contract.after if not _is_accepted(state, n)),
    )


def _excluded(state: GoalState, exchange: Exchange, task: Task) -> set[AgentId]:
    subject = task.contract.subject
    if subject is not None:
        return {
            card.agent_id
            for card in exchange.cards
            if card.principal in subject.authors
            or is_passed_over(card, task.contract, exchange.cards)
        }
    failed = [failure.agent_id for failure in task.failures]
    gave_up = {
        state.attempts[a].agent_id for a in task.attempts if state.attempts[a].outcome == "gave-up"
    }
    return {agent for agent in failed if agent in gave_up or failed.count(agent) > 1}


def _is_accepted(state: GoalState, task_id: TaskId) -> bool:
    phase = state.tasks[task_id].phase
    if isinstance(phase, Dropped) and phase.parts:
        return all(_is_accepted(state, part) for part in phase.parts)
    return isinstance(phase, Accepted)


def _cleared(state: GoalState, exchange: Exchange, tasks: tuple[OpenTask, ...]) -> Clearing:
    terms = Terms(
        slots=state.goal.writers,
        budget=max(state.free, 0),
        alpha=exchange.alpha,
        beta=exchange.beta,
        delay_cost=state.goal.value // PATIENCE_SECONDS,
        at_work=tuple(_at_work(state)),
        rule=state.goal.rule,
    )
    free = {card.agent_id: max(_free(exchange, card), 0) for card in exchange.cards}
    seed = f"{state.goal.goal_id}:{state.epoch}"
    bids = tuple(_bids(exchange, tasks))
    clearing = clear(tasks, bids, free, terms, seed, exchange.experience)
    unfit = tuple(_declined(exchange, tasks))
    return clearing.model_copy(update={"declined": unfit}) if unfit else clearing


def _bids(exchange: Exchange, tasks: Iterable[OpenTask]) -> Iterator[Bid]:
    for task in tasks:
        for card in exchange.cards:
            if (bid := quote(card, task.contract)) is not None:
                yield bid


def _declined(exchange: Exchange, tasks: Iterable[OpenTask]) -> Iterator[Declined]:
    for task in tasks:
        for card in exchange.cards:
            if (why := declined(card.curves, task.contract)) is not None:
                yield Declined(
                    task_id=task.task_id,
                    agent_id=card.agent_id,
                    reason=why.reason,
                    told=why.told,
                )


def _at_work(state: GoalState) -> Iterator[AtWork]:
    for task in state.of_kind(TaskKind.WRITE):
        if isinstance(task.phase, Leased):
            yield AtWork(task_id=task.contract.task_id, touch=task.contract.touch)


# The market's answer ----------------------------------------------------------------------------


def _grants(state: GoalState, exchange: Exchange, clearing: Clearing, at: int) -> Iterator[Event]:
    left = max(state.free, 0)
    for number, awarded in enumerate(clearing.awards, start=1):
        card = _card(exchange, awarded.agent_id)
        task = state.tasks[awarded.task_id]
        reserve = min(_reserve(state, task, awarded.price), left)
        if card is None or reserve < awarded.price:
            continue
        left -= reserve
        yield _granted(state, exchange, awarded, card, reserve, state.epoch + number, at)


def _granted(
    state: GoalState,
    exchange: Exchange,
    awarded: Award,
    card: AgentCard,
    reserve: int,
    epoch: int,
    at: int,
) -> LeaseGranted:
    task = state.tasks[awarded.task_id]
    return LeaseGranted(
        at=at,
        goal_id=state.goal.goal_id,
        attempt_id=nth_attempt(awarded.task_id, len(task.attempts) + 1),
        agent_id=awarded.agent_id,
        host=card.host,
        strategy=awarded.strategy,
        family=card.family,
        principal=card.principal,
        epoch=epoch,
        price=awarded.price,
        seconds=awarded.seconds,
        probability_used=awarded.probability_used,
        reserved=reserve,
        duration_ms=exchange.lease_ms,
    )


def _drops(state: GoalState, exchange: Exchange, clearing: Clearing, at: int) -> Iterator[Event]:
    for task_id in clearing.hopeless:
        task = state.tasks[task_id]
        if task.contract.kind in exchange.ready and not _may_be_affordable(state, clearing, task):
            yield TaskDropped(
                at=at,
                goal_id=state.goal.goal_id,
                task_id=task_id,
                reason=_why_hopeless(state, clearing, task),
            )


def _may_be_affordable(state: GoalState, clearing: Clearing, task: Task) -> bool:
    """Live attempts have reserved more than most of them spend: what is left over comes back."""
    return state.reserved > 0 and any(
        refusal.reason == "over budget" and refusal.task_id == task.contract.task_id
        for refusal in clearing.refusals
    )


def _why_hopeless(state: GoalState, clearing: Clearing, task: Task) -> str:
    reasons = {
        refusal.reason for refusal in clearing.refusals if refusal.task_id == task.contract.task_id
    }
    ended = [state.attempts[a] for a in task.attempts]
    told = "; ".join(dict.fromkeys(f"{a.strategy}: {a.reason or a.outcome}" for a in ended))
    if reasons == {"over budget"}:
        return "over budget: no bid fits what is left of the goal's budget"
    if ended:
        return f"{len(ended)} attempts, none accepted, and nobody else is worth trying ({told})"
    unfit = [each for each in clearing.declined if each.task_id == task.contract.task_id]
    if unfit:
        told = "; ".join(f"{each.agent_id}: {each.reason}, {each.told}" for each in unfit)
        return f"nobody should try this: {', '.join([*sorted(reasons), told])}"
    if not reasons:
        return f"nobody offers to do this kind of work ({task.contract.kind})"
    return f"nobody should try this: {', '.join(sorted(reasons))}"


# Money and places -------------------------------------------------------------------------------


def _reserve(state: GoalState, task: Task, price: int) -> int:
    wanted = max(price * RESERVE, LEAST_RESERVE)
    return max(min(wanted, _remaining(state, task), state.free), 0)


def _remaining(state: GoalState, task: Task) -> int:
    """What may still be spent on the task: no more than its own budget, nor the goal's."""
    spent = sum(state.attempts[a].spent for a in task.attempts)
    return max(min(task.contract.budget - spent, state.free), 0)


def _card(exchange: Exchange, agent_id: AgentId) -> AgentCard | None:
    return next((card for card in exchange.cards if card.agent_id == agent_id), None)


def _free(exchange: Exchange, card: AgentCard) -> int:
    return card.capacity - exchange.busy.get(card.agent_id, 0)
