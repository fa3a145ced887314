"""What a clearing is about: tasks that wait for somebody, and the terms on which they are given out."""

from dataclasses import dataclass

from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import AgentId, TaskId
from swarm.domain.tasks import Contract, TaskKind
from swarm.market.belief import Failure


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An announced contract that nobody holds, and what has become of it so far."""

    contract: Contract
    wrong_cost: MicroUsd
    """What accepting a wrong result costs."""

    remaining: MicroUsd
    """What may still be spent on this task."""

    failures: tuple[Failure, ...] = ()
    """Attempts that were not accepted, oldest first."""

    tried_strategies: tuple[str, ...] = ()
    """Come again only when no other strategy is worth trying."""

    excluded_agents: tuple[AgentId, ...] = ()
    """May not have it at all: authors of what is to be checked, agents that failed at it."""

    waits_for: tuple[TaskId, ...] = ()
    """Tasks that must be accepted first and are not yet."""

    @property
    def task_id(self) -> TaskId:
        return self.contract.task_id

    @property
    def is_writing(self) -> bool:
        return self.contract.kind is TaskKind.WRITE


@dataclass(frozen=True, slots=True)
class AtWork:
    """A write task that somebody holds."""

    task_id: TaskId
    touch: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every task of one clearing: the tasks of one goal."""

    slots: int
    """At most so many writers at the same time, those at work included."""

    budget: MicroUsd
    """What the goal has neither spent nor reserved. The awards together stay within it."""

    alpha: Ppm = 0
    """Chance that the checks accept a wrong result, as measured."""

    beta: Ppm = 0
    """Chance that the checks refuse a right result, as measured."""

    delay_cost: MicroUsd = 0
    """What one second of waiting costs."""

    at_work: tuple[AtWork, ...] = ()
    rule: str = "market"
    """`market`, or a fixed order: `single:NAME`, `cascade:NAME,NAME`, `best-of-2`."""
