"""Bringing two replicas together.

Each sends what the other's state vector lacks. Equal vectors do not prove equal content, so the contents are
compared as well; where they differ after that, the facts themselves are handed over, one by one, through the
front door of each replica.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from swarm.domain.errors import Rejected
from swarm.domain.facts import SignedFact
from swarm.memory.replica import Merged, Replica


@dataclass(frozen=True, slots=True)
class Exchanged:
    to_first: Merged
    to_second: Merged
    handed_over: int
    """Facts that state vectors did not show to be missing."""

    agree: bool
    """Both hold the same facts now, with the same signatures."""


def exchange(first: Replica, second: Replica) -> Exchanged:
    for_first = second.update_since(first.state_vector())
    for_second = first.update_since(second.state_vector())
    to_first, to_second = first.merge(for_first), second.merge(for_second)
    handed = 0
    if first.content_hash() != second.content_hash():
        handed = take_all(second, first.facts()) + take_all(first, second.facts())
    return Exchanged(
        to_first=to_first,
        to_second=to_second,
        handed_over=handed,
        agree=first.content_hash() == second.content_hash(),
    )


def exchange_once(replica: Replica, vector: bytes, update: bytes) -> tuple[bytes, bytes]:
    """One side of an exchange by message: take an update (which may be empty), and answer with what is
    new for a replica with this state vector, and with our own. A vector of ours that has not moved says
    that the update was refused. Raises Rejected for a bad vector.
    """
    answer = replica.update_since(vector)
    replica.merge(update)
    return answer, replica.state_vector()


def take_all(replica: Replica, facts: Iterable[SignedFact]) -> int:
    """Take what may be taken of these facts, one by one; how many were new."""
    return sum(_taken(replica, signed) for signed in facts)


def _taken(replica: Replica, signed: SignedFact) -> bool:
    try:
        return replica.add(signed)
    except Rejected:
        return False
