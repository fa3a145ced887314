"""Builders for the market's words, with defaults: a test names only what it is about."""

from swarm.domain.bids import Bid
from swarm.domain.money import USD
from swarm.domain.names import AgentId, GoalId, TaskId, goal_of
from swarm.domain.tasks import Contract, TaskKind
from swarm.market.public_api import Failure, OpenTask

GOAL = GoalId("g-000000")


def a_bid(
    agent: str,
    task: str = "g-000000.t1",
    *,
    price: int = 1,
    chance: int = 500_000,
    seconds: int = 0,
    strategy: str = "",
    family: str = "",
) -> Bid:
    """Without a strategy or family given, each agent is one of its own."""
    return Bid(
        task_id=TaskId(task),
        agent_id=AgentId(agent),
        strategy=strategy or f"{agent}'s way",
        family=family or f"{agent}'s kin",
        price=price,
        seconds=seconds,
        probability=chance,
    )


def an_open_task(
    task: str = "g-000000.t1",
    *,
    value: int = USD,
    wrong_cost: int = 0,
    remaining: int = USD,
    kind: TaskKind = TaskKind.WRITE,
    touch: tuple[str, ...] | None = None,
    failures: tuple[Failure, ...] = (),
    tried: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
    waits_for: tuple[str, ...] = (),
) -> OpenTask:
    """Without a touch set given, the task touches a file of its own."""
    contract = Contract(
        task_id=TaskId(task),
        goal_id=goal_of(TaskId(task)),
        kind=kind,
        title=task,
        touch=(f"{task}.py",) if touch is None else touch,
        value=value,
        budget=remaining,
        seconds=600,
    )
    return OpenTask(
        contract=contract,
        wrong_cost=wrong_cost,
        remaining=remaining,
        failures=failures,
        tried_strategies=tried,
        excluded_agents=tuple(AgentId(agent) for agent in excluded),
        waits_for=tuple(TaskId(each) for each in waits_for),
    )


def a_failure(
    agent: str, *, chance: int = 500_000, strategy: str = "", family: str = ""
) -> Failure:
    return Failure(
        agent_id=AgentId(agent),
        strategy=strategy or f"{agent}'s way",
        family=family or f"{agent}'s kin",
        probability_used=chance,
    )
