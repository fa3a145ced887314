"""A goal's steps by number: what `swarm rollback` and `swarm replay` are told. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from swarm.coordination.public_api import GoalState, Mark, lineage


@dataclass(frozen=True, slots=True)
class NumberedStep:
    number: int
    mark: Mark
    stands: bool
    """False once a human went back behind it."""


def steps_of(state: GoalState) -> Iterator[NumberedStep]:
    standing = frozenset(lineage(state.marks, state.now_at))
    for number, mark in enumerate(state.marks, start=1):
        yield NumberedStep(number, mark, number in standing)
