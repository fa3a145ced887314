"""What to make of facts: nothing is ever removed, so a reader must know which still hold."""

from collections.abc import Iterable

from swarm.domain.facts import Fact, FactKind, SignedFact
from swarm.domain.names import Digest

ONE_TRUTH: frozenset[FactKind] = frozenset({"structure", "test-command", "convention"})
"""Kinds of which one claim about a subject excludes another; the rest are lists by nature."""


def stale(fact: Fact, current_file_hash: str) -> bool:
    """Whether the file that the fact speaks of has changed, or gone (an empty hash), since.

    Reading a fact does not make it fresh.
    """
    return bool(fact.file_hash) and fact.file_hash != current_file_hash


def standing(facts: Iterable[SignedFact]) -> tuple[SignedFact, ...]:
    """Without those that their own author has superseded. Nobody else can take a fact away."""
    given = tuple(facts)
    gone: set[tuple[Digest, str]] = {
        (old, each.public_key) for each in given for old in each.fact.supersedes
    }
    return tuple(each for each in given if (each.fact.hash, each.public_key) not in gone)


def disputed(facts: Iterable[SignedFact]) -> tuple[tuple[SignedFact, ...], ...]:
    """Groups of standing facts of one kind about one subject that claim different things."""
    groups: dict[tuple[str, str], list[SignedFact]] = {}
    for each in standing(facts):
        if each.fact.kind in ONE_TRUTH:
            groups.setdefault((each.fact.kind, each.fact.subject), []).append(each)
    return tuple(
        tuple(group)
        for _, group in sorted(groups.items())
        if len({each.fact.claim for each in group}) > 1
    )
